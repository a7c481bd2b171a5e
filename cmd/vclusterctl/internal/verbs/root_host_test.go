package verbs

import (
	"context"
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
