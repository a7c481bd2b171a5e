package verbs

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

const runtimeLong = `A runtime is what stands between a node of a virtual cluster and its host. Nodes
of the host offer one by a handler of their container runtime, which these verbs
show, write and take out again.`

// NewCmdRuntime is "runtime" with its sub-verbs.
func NewCmdRuntime(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "runtime",
		Short: "Know the runtimes, and set up the nodes of the host for one",
		Long:  runtimeLong,
		Args:  unknownVerb,

		SuggestionsMinimumDistance: 2,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(NewCmdRuntimeList(f, nil), NewCmdRuntimeConfig(f, nil), NewCmdRuntimeInstall(f, nil), NewCmdRuntimeUninstall(f, nil))
	return cmd
}

// defaultRuntime is what needs nothing but a handler.
const defaultRuntime = string(v1alpha1.RuntimeUserns)

// allRuntimes are the runtimes that there are.
func allRuntimes() []string {
	var names []string
	for _, p := range catalog.Profiles() {
		names = append(names, string(p.Knowledge().Name))
	}
	return names
}

// findRuntime finds the runtime that was asked for.
func findRuntime(name string) (profile.Profile, error) {
	p, err := catalog.Find(v1alpha1.RuntimeProfile(name))
	if err != nil {
		return nil, cli.Usagef("runtime %q: use one of %s", name, strings.Join(allRuntimes(), ", "))
	}
	return p, nil
}
