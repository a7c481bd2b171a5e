package verbs

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// TestHostGone: the current context is a virtual cluster, and none leads to its
// host.
func TestHostGone(t *testing.T) {
	list := func(f *cli.Factory) *cobra.Command {
		return NewCmdList(f, func(context.Context, *ListOptions) error { return nil })
	}
	create := func(f *cli.Factory) *cobra.Command {
		return NewCmdCreate(f, func(context.Context, *CreateOptions) error { return nil })
	}
	disconnect := func(f *cli.Factory) *cobra.Command { return NewCmdDisconnect(f, nil) }
	cases := map[string]struct {
		reason string
		verb   func(*cli.Factory) *cobra.Command
		args   []string
		want   int
	}{
		"Needed":     {reason: "What is inside is not the host.", verb: list, want: cli.ExitRefused},
		"Explicit":   {reason: "The user says where it is.", verb: list, args: []string{"--context", "vclusterctl-team-dev"}},
		"Disconnect": {reason: "This is the way out.", verb: disconnect, args: []string{"dev", "-n", "team"}},
		"Create":     {reason: "There is nowhere to create it.", verb: create, args: []string{"new"}, want: cli.ExitRefused},
		"Embedded":   {reason: "A host is going to be there.", verb: create, args: []string{"new", "--host", "embedded"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f, file := userWith(t, "", "https://gone.example.com/team/dev")
			code, said := call(t, f, tc.verb(f), append(tc.args, "--kubeconfig", file)...)
			if code != tc.want {
				t.Errorf("%s\ngot exit code %d, want %d: %s", tc.reason, code, tc.want, said)
			}
		})
	}
}

// TestBrokenKubeconfig: it is in the way of those only who need it.
func TestBrokenKubeconfig(t *testing.T) {
	nothing := t.TempDir()
	cases := map[string]struct {
		reason string
		args   []string
		code   int
		out    string
		err    string
	}{
		"Needed":     {reason: "A list comes from a cluster.", args: []string{"list"}, code: cli.ExitError, err: "error: read kubeconfig: "},
		"Completion": {reason: "It is in every shell's start.", args: []string{"completion", "bash"}, out: "bash completion"},
		"Client":     {reason: "No cluster is asked.", args: []string{"version", "--client"}, out: "Client: "},
		"Version":    {reason: "One part of it is known.", args: []string{"version"}, out: "Client: ", err: "The controller's version is unknown: read kubeconfig: "},
		"Host":       {reason: "It is on this machine.", args: []string{"host", "kubeconfig", "--state-root", nothing, "--run-root", nothing}, code: cli.ExitNotFound},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			file := filepath.Join(t.TempDir(), "config")
			if err := os.WriteFile(file, []byte("root:x:0:0:root:/root:/bin/bash\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("KUBECONFIG", file)
			root := newRoot(f, NewCmdList(f, nil), NewCmdVersion(f, nil), NewCmdHost(f))
			root.SetArgs(tc.args)
			if code := Execute(t.Context(), f, root); code != tc.code {
				t.Errorf("%s\ngot exit code %d, want %d", tc.reason, code, tc.code)
			}
			if !strings.Contains(stdout(f), tc.out) || !strings.Contains(stderr(f), tc.err) || tc.code != cli.ExitError && strings.Contains(stderr(f), "error: read kubeconfig") {
				t.Errorf("%s\ngot %q and %q, want %q and %q", tc.reason, stdout(f), stderr(f), tc.out, tc.err)
			}
		})
	}
}
