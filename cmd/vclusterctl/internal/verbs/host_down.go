package verbs

import (
	"context"
	"strings"

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
	status, err := host.GetStatus(ctx, o.Host)
	if err != nil {
		return explainHost(o.Program, err)
	}
	if err := host.Down(ctx, o.Host, o.reporter()); err != nil {
		return explainHost(o.Program, err)
	}
	if o.Host.Purge && status.Endpoint != "" {
		return o.forgetClusters(ctx, status.Endpoint)
	}
	return nil
}

// forgetClusters takes the contexts of virtual clusters out of the user's
// kubeconfig that went with the host's data.
func (o *HostDownOptions) forgetClusters(ctx context.Context, endpoint string) error {
	owned, err := o.store().Owned()
	if err != nil {
		return err
	}
	for _, entry := range owned {
		if !strings.HasPrefix(entry.Owner, endpoint+"/") {
			continue
		}
		if _, err := o.store().Remove(ctx, entry.Context, entry.Owner); err != nil {
			return err
		}
		o.Hintf("Removed kubeconfig context %q.", entry.Context)
	}
	return nil
}
