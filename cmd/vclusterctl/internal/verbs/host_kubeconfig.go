package verbs

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/host"
)

// HostKubeconfigOptions are the flags of host kubeconfig.
type HostKubeconfigOptions struct {
	HostOptions
}

// NewCmdHostKubeconfig is "host kubeconfig". Tests pass a runF of their own.
func NewCmdHostKubeconfig(f *cli.Factory, runF func(context.Context, *HostKubeconfigOptions) error) *cobra.Command {
	o := &HostKubeconfigOptions{HostOptions{Factory: f}}
	cmd := &cobra.Command{
		Use:   "kubeconfig",
		Short: "Print a kubeconfig for the embedded host",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

// Run prints the kubeconfig.
func (o *HostKubeconfigOptions) Run(ctx context.Context) error {
	data, err := host.Kubeconfig(ctx, o.Host)
	if err != nil {
		return explainHost(o.Program, err)
	}
	_, err = o.Out.Write(data)
	return err
}
