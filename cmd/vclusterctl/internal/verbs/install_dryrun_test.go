package verbs

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// TestInstallDryRun: on a cluster that has nothing yet, as its API server answers.
func TestInstallDryRun(t *testing.T) {
	cases := map[string]struct {
		reason string
		args   []string
		kind   string
		code   int
		says   []string
	}{
		"Fresh": {
			reason: "What the server could not check is told from what it did.", kind: "namespaces",
			says: []string{
				"namespace/vclusterctl-system created (server dry run)",
				`serviceaccount/vclusterctl not checked, as namespace "vclusterctl-system" is not there yet (server dry run)`,
				`deployment.apps/vclusterctl not checked, as namespace "vclusterctl-system" is not there yet (server dry run)`,
			},
		},
		"Other":      {reason: "Anything else that is missing is an error.", kind: "secrets", code: cli.ExitNotFound},
		"Namespaced": {reason: "The user's own namespace must be there.", args: []string{"--namespaced", "-n", "team"}, kind: "namespaces", code: cli.ExitNotFound},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			withCluster(t, f, interceptor.Funcs{
				Apply: func(_ context.Context, _ client.WithWatch, o runtime.ApplyConfiguration, _ ...client.ApplyOption) error {
					if namespace := o.(interface{ GetNamespace() string }).GetNamespace(); namespace != "" && namespace != "default" {
						return apierrors.NewNotFound(schema.GroupResource{Resource: tc.kind}, namespace)
					}
					return nil
				},
			})
			code, said := call(t, f, NewCmdInstall(f, nil), append(tc.args, "--dry-run=server", "--node-image", "example.com/n:1")...)
			if code != tc.code {
				t.Fatalf("%s\ngot exit code %d, want %d: %s", tc.reason, code, tc.code, said)
			}
			for _, want := range tc.says {
				if !strings.Contains(stdout(f), want+"\n") {
					t.Errorf("%s\n%q is missing from:\n%s", tc.reason, want, stdout(f))
				}
			}
		})
	}
}

// TestInstallUnanswered: that nobody answers is no matter of --timeout.
func TestInstallUnanswered(t *testing.T) {
	dialer := net.Dialer{Timeout: time.Nanosecond}
	_, silence := dialer.DialContext(t.Context(), "tcp", "127.0.0.1:1")
	f := testFactory(t)
	withCluster(t, f, interceptor.Funcs{Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
		return silence
	}})
	code, said := call(t, f, NewCmdInstall(f, nil), "--node-image", "example.com/n:1")
	if code != cli.ExitError || !strings.Contains(said, "reachable from here") {
		t.Errorf("got exit code %d: %s", code, said)
	}
}
