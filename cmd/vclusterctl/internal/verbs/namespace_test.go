package verbs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/spec"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// connected makes a virtual cluster in a namespace of the host the current
// context of a kubeconfig.
func connected(t *testing.T, s *stage, namespace, name string) {
	t.Helper()
	root := newRoot(s.Factory, &cobra.Command{Use: "nothing", Run: func(*cobra.Command, []string) {}})
	root.SetArgs(append([]string{"nothing"}, s.flags...))
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	host, err := s.RESTConfig()
	if err != nil {
		t.Fatal(err)
	}
	entry := kubeconfig.Entry{
		Context: kubeconfig.ContextName(namespace, name), Owner: cli.Owner(host.Host, namespace, name),
		Use: true, Kubeconfig: s.cluster.Kubeconfig(t, "https://"+s.cluster.Address),
	}
	if _, err := kubeconfig.NewStore(s.PathOptions()).Merge(t.Context(), entry); err != nil {
		t.Fatal(err)
	}
	again := cli.NewFactory(s.Program, s.Streams) // what was read of the kubeconfig is out of date
	again.Getenv = s.Getenv
	s.Factory = again
}

// TestNamespace: where a cluster is created.
func TestNamespace(t *testing.T) {
	boom := errors.New("boom")
	type want struct {
		Code      int
		Namespace string
	}
	cases := map[string]struct {
		reason    string
		connected bool
		file      string
		args      []string
		want      want
	}{
		"Nothing":       {reason: "That of the context.", want: want{Code: cli.ExitError, Namespace: "default"}},
		"File":          {reason: "Where the file says.", file: "mine", want: want{Code: cli.ExitError, Namespace: "mine"}},
		"Typed":         {reason: "Where the flag says.", args: []string{"-n", "typed"}, want: want{Code: cli.ExitError, Namespace: "typed"}},
		"Both":          {reason: "Agreed.", file: "mine", args: []string{"-n", "mine"}, want: want{Code: cli.ExitError, Namespace: "mine"}},
		"Contradiction": {reason: "Not agreed.", file: "mine", args: []string{"-n", "typed"}, want: want{Code: cli.ExitUsage}},
		"Connected":     {reason: "Beside the virtual cluster that the context leads to.", connected: true, want: want{Code: cli.ExitError, Namespace: "team"}},
		"ConnectedFile": {reason: "Nobody has typed that, so the file says.", connected: true, file: "mine", want: want{Code: cli.ExitError, Namespace: "mine"}},
	}
	for name, tc := range cases {
		for _, verb := range []string{"create", "run"} {
			t.Run(name+"/"+verb, func(t *testing.T) {
				s := newStage(t, "")
				if tc.connected {
					connected(t, s, "team", "dev")
				}
				var got want
				withCluster(t, s.Factory, interceptor.Funcs{
					Apply: func(_ context.Context, _ client.WithWatch, o runtime.ApplyConfiguration, _ ...client.ApplyOption) error {
						got.Namespace = o.(interface{ GetNamespace() string }).GetNamespace() // it embeds what was given
						return boom
					},
					Create: func(_ context.Context, _ client.WithWatch, o client.Object, _ ...client.CreateOption) error {
						got.Namespace = o.GetNamespace()
						return forbidden("virtualclusters", o.GetName())
					},
				})
				u := spec.New()
				u.SetName("x")
				u.SetNamespace(tc.file)
				data, err := yaml.Marshal(u.Object)
				if err != nil {
					t.Fatal(err)
				}
				file := filepath.Join(t.TempDir(), "x.yaml")
				if err := os.WriteFile(file, data, 0o600); err != nil {
					t.Fatal(err)
				}
				args := slices.Concat(tc.args, []string{"-f", file})
				cmd, wanted := NewCmdCreate(s.Factory, nil), tc.want
				if verb == "run" {
					cmd, args, wanted.Code = NewCmdRun(s.Factory, nil), append(args, "--", "true"), cli.ExitOwn
				}
				var errOut string
				got.Code, _, errOut = s.call(t.Context(), cmd, args...)
				if diff := cmp.Diff(wanted, got); diff != "" {
					t.Errorf("%s\n-want, +got:\n%s\n%s", tc.reason, diff, errOut)
				}
				if tc.want.Code == cli.ExitUsage && !strings.Contains(errOut, `-n is "typed", but metadata.namespace in`) {
					t.Errorf("%s\ngot %s", tc.reason, errOut)
				}
			})
		}
	}
}
