package verbs

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// DisconnectOptions are the arguments of disconnect.
type DisconnectOptions struct {
	*cli.Factory
	Name string
}

// NewCmdDisconnect is "disconnect". Tests pass a runF of their own.
func NewCmdDisconnect(f *cli.Factory, runF func(context.Context, *DisconnectOptions) error) *cobra.Command {
	o := &DisconnectOptions{Factory: f}
	return &cobra.Command{
		Use:               "disconnect NAME",
		Short:             "Take a virtual cluster out of your kubeconfig",
		Args:              oneName,
		ValidArgsFunction: completeName(f),
		RunE: func(cmd *cobra.Command, given []string) error {
			o.Name = given[0]
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
}

// Run disconnects. The virtual cluster need not exist any more.
func (o *DisconnectOptions) Run(ctx context.Context) error {
	t, err := find(o.Factory, o.Name)
	if err != nil {
		return err
	}
	return disconnect(ctx, t)
}

// disconnect takes the cluster's context out of the user's kubeconfig.
func disconnect(ctx context.Context, t *target) error {
	owner, err := t.owner()
	if err != nil {
		return err
	}
	name := kubeconfig.ContextName(t.namespace, t.name)
	result, err := kubeconfig.NewStore(t.PathOptions()).Remove(ctx, name, owner)
	if err != nil {
		return err
	}
	if result.Changed() {
		t.Hintf("Removed kubeconfig context %q; the current one is %q.", name, result.CurrentContext)
	}
	return nil
}
