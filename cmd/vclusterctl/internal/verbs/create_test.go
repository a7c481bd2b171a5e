package verbs

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/spec"
)

// call runs one verb with arguments and gives the exit code and what was
// printed to standard error.
func call(t *testing.T, f *cli.Factory, verb *cobra.Command, arguments ...string) (int, string) {
	t.Helper()
	root := newRoot(f, verb)
	root.SetArgs(append([]string{verb.Name()}, arguments...))
	code := Execute(t.Context(), f, root)
	return code, f.ErrOut.(*bytes.Buffer).String()
}

// testFactory talks to nobody.
func testFactory(t *testing.T) *cli.Factory {
	t.Helper()
	streams := cli.Streams{}
	streams.In, streams.Out, streams.ErrOut = &bytes.Buffer{}, &bytes.Buffer{}, &bytes.Buffer{}
	f := cli.NewFactory("vclusterctl", streams)
	f.Getenv = func(string) string { return "" }
	t.Setenv("KUBECONFIG", t.TempDir()+"/none")
	return f
}

func TestCreateFlags(t *testing.T) {
	type want struct {
		Code    int
		Name    string
		File    string
		Spec    spec.Flags
		Wait    bool
		Timeout time.Duration
		DryRun  string
		Host    string
		NoConn  bool
	}
	defaults := want{Name: "dev", Wait: true, Timeout: 10 * time.Minute, DryRun: "none"}
	with := func(change func(*want)) want {
		w := defaults
		change(&w)
		return w
	}
	cases := map[string]struct {
		reason string
		args   []string
		want   want
	}{
		"Defaults": {reason: "A name is enough.", args: []string{"dev"}, want: defaults},
		"All": {
			reason: "Every flag arrives.",
			args: []string{
				"dev", "--distro=k8s", "--k8s-version=v1.36.3", "--runtime=userns", "--servers=1", "--pool=a=1", "--pool=b=2", "--expose=NodePort",
				"--set=a=b,c", "--image=i", "--ttl=2h", "--pod-cidr=p", "--service-cidr=s", "--wait=false", "--timeout=1s", "--no-connect", "--dry-run", "--host=embedded",
			},
			want: want{
				Name: "dev", Timeout: time.Second, DryRun: "client", Host: "embedded", NoConn: true,
				Spec: spec.Flags{
					Distro: "k8s", Version: "v1.36.3", Runtimes: []string{"userns"}, Servers: ptr.To[int32](1), Pools: []string{"a=1", "b=2"},
					Expose: "NodePort", Set: []string{"a=b,c"}, Image: "i", PodCIDR: "p", ServiceCIDR: "s", TTL: 2 * time.Hour,
				},
			},
		},
		"ZeroServers": {
			reason: "What was said is not taken for left out.", args: []string{"dev", "--servers=0"},
			want: with(func(w *want) { w.Spec.Servers = ptr.To[int32](0) }),
		},
		"FileNamesIt":   {reason: "A file may have the name.", args: []string{"-f", "x.yaml"}, want: with(func(w *want) { w.Name, w.File = "", "x.yaml" })},
		"NoName":        {reason: "Nothing names it.", want: want{Code: cli.ExitUsage}},
		"TwoNames":      {reason: "One at a time.", args: []string{"a", "b"}, want: want{Code: cli.ExitUsage}},
		"UnknownFlag":   {reason: "Mistyped flags are usage errors.", args: []string{"dev", "--serverz=1"}, want: want{Code: cli.ExitUsage}},
		"BadDryRun":     {reason: "As kubectl has it.", args: []string{"dev", "--dry-run=maybe"}, want: want{Code: cli.ExitUsage}},
		"BadHost":       {reason: "There is one kind of host to start.", args: []string{"dev", "--host=cloud"}, want: want{Code: cli.ExitUsage}},
		"BadOutput":     {reason: "A table of one made object is no output.", args: []string{"dev", "-o", "table"}, want: want{Code: cli.ExitUsage}},
		"AllNamespaces": {reason: "A cluster is made in one namespace.", args: []string{"dev", "-A"}, want: want{Code: cli.ExitUsage}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			var got want
			verb := NewCmdCreate(f, func(_ context.Context, o *CreateOptions) error {
				got = want{
					Name: o.Name, File: o.File, Spec: o.Spec, Wait: o.Wait, Timeout: o.Timeout,
					DryRun: o.DryRun, Host: o.Host, NoConn: o.NoConnect,
				}
				return nil
			})
			var stderr string
			got.Code, stderr = call(t, f, verb, tc.args...)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s\n%s", tc.reason, diff, stderr)
			}
		})
	}
}

// TestCreateDryRunNamespace: what is printed goes where it was asked for.
func TestCreateDryRunNamespace(t *testing.T) {
	const host = "https://host.example.com"
	cases := map[string]struct {
		reason    string
		connected bool
		args      []string
		want      string
	}{
		"Typed":     {reason: "As kubectl keeps it.", args: []string{"-n", "foo"}, want: "foo"},
		"Nothing":   {reason: "Where it is applied decides."},
		"Connected": {reason: "Nobody has typed the namespace of the connected cluster.", connected: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			if tc.connected {
				f, _ = userWith(t, host, host+"/team/dev")
			}
			code, said := call(t, f, NewCmdCreate(f, nil), append(tc.args, "dev", "--dry-run=client", "-o", "yaml")...)
			if code != 0 {
				t.Fatal(said)
			}
			_, got, _ := strings.Cut(stdout(f), "\n  namespace: ")
			got, _, _ = strings.Cut(got, "\n")
			if got != tc.want {
				t.Errorf("%s\nnamespace %q, want %q in:\n%s", tc.reason, got, tc.want, stdout(f))
			}
		})
	}
}

// TestCreateUnreachable: a context that leads nowhere yet is the current one, and
// the last thing said is what it takes.
func TestCreateUnreachable(t *testing.T) {
	s := newStage(t, nowhere)
	*s.Flags.KubeConfig = strings.TrimPrefix(s.flags[0], "--kubeconfig=")
	s.Out = s.ErrOut
	tg := &target{Factory: s.Factory, client: s.there(t, interceptor.Funcs{}), namespace: "default", name: "dev"}
	o := &CreateOptions{Factory: s.Factory, Wait: true, Timeout: time.Minute, DryRun: dryRunNone}
	if err := o.finish(t.Context(), tg, created); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(stderr(s.Factory)), "\n")
	last := strings.Join(lines[len(lines)-2:], "\n")
	if !strings.Contains(last, "does not answer from here") || !strings.Contains(last, "connect dev -n default --hold") {
		t.Errorf("how to get there is not said last:\n%s", stderr(s.Factory))
	}
}

func TestRunFErrorsKeepTheirCode(t *testing.T) {
	f := testFactory(t)
	boom := errors.New("boom")
	code, stderr := call(t, f, NewCmdCreate(f, func(context.Context, *CreateOptions) error { return boom }), "dev")
	if code != cli.ExitError || stderr != "error: boom\n" {
		t.Errorf("got exit code %d and %q", code, stderr)
	}
}

func TestDifferences(t *testing.T) {
	cases := map[string]struct {
		reason     string
		have, want any
		result     []string
	}{
		"Same":     {reason: "Nothing differs.", have: map[string]any{"a": int64(1)}, want: map[string]any{"a": int64(1)}},
		"Absent":   {reason: "No spec is an empty one.", have: nil, want: map[string]any{"a": map[string]any{"b": "x"}}, result: []string{"spec.a.b is unset, asked for x"}},
		"BothNil":  {reason: "Nothing asked, nothing there.", have: nil, want: nil},
		"Removed":  {reason: "What is no longer asked for differs, too.", have: map[string]any{"a": "x"}, want: map[string]any{}, result: []string{"spec.a is x, asked for unset"}},
		"Lists":    {reason: "Lists are compared as a whole.", have: map[string]any{"l": []any{"a"}}, want: map[string]any{"l": []any{"b"}}, result: []string{"spec.l is [a], asked for [b]"}},
		"Ordered":  {reason: "The order is that of the names.", have: nil, want: map[string]any{"b": "1", "a": "2"}, result: []string{"spec.a is unset, asked for 2", "spec.b is unset, asked for 1"}},
		"MapValue": {reason: "A map in place of a value.", have: map[string]any{"a": "x"}, want: map[string]any{"a": map[string]any{}}, result: []string{"spec.a is x, asked for map[]"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.result, differences(tc.have, tc.want, "spec")); diff != "" {
				t.Errorf("%s\ndifferences(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
