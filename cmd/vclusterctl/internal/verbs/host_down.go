package verbs

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/host"
)

// HostDownOptions are the flags of host down.
type HostDownOptions struct {
	HostOptions
}

// NewCmdHostDown is "host down". Tests pass a runF of their own.
func NewCmdHostDown(f *cli.Factory, runF func(context.Context, *HostDownOptions) error) *cobra.Command {
	o := &HostDownOptions{HostOptions{Factory: f}}
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Stop the embedded host; its data stays unless purged",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
	o.addFlags(cmd.Flags())
	addHostTimeout(cmd.Flags(), &o.Host.Timeout)
	cmd.Flags().BoolVar(&o.Host.Purge, "purge", false, "remove its data, too")
	return cmd
}

// Run stops the host.
func (o *HostDownOptions) Run(ctx context.Context) error {
	o.Host.Contexts = o.store()
	return explainHost(o.Program, host.Down(ctx, o.Host, o.reporter()))
}
