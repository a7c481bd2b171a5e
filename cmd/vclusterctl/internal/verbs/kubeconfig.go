package verbs

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/access"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// KubeconfigOptions are the flags of kubeconfig.
type KubeconfigOptions struct {
	*cli.Factory
	Name   string
	Server string
	Raw    bool
}

const kubeconfigLong = `Print a kubeconfig for a virtual cluster, as its administrator.

The cluster, user and context inside are called like the context that
"connect" makes. --server puts another address into it, for example that of a
port-forward; any address verifies. --raw prints what the controller wrote,
unchanged.`

// NewCmdKubeconfig is "kubeconfig". Tests pass a runF of their own.
func NewCmdKubeconfig(f *cli.Factory, runF func(context.Context, *KubeconfigOptions) error) *cobra.Command {
	o := &KubeconfigOptions{Factory: f}
	cmd := &cobra.Command{
		Use:               "kubeconfig NAME",
		Short:             "Print a kubeconfig for a virtual cluster",
		Long:              kubeconfigLong,
		Args:              oneName,
		ValidArgsFunction: completeName(f),
		RunE: func(cmd *cobra.Command, given []string) error {
			o.Name = given[0]
			if o.Raw && o.Server != "" {
				return usage(cmd, cli.Usagef("kubeconfig: --raw changes nothing, --server does not go with it"))
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
	takesOutput(cmd, cli.OutputYAML)
	cmd.Flags().StringVar(&o.Server, "server", "", "`URL` to put in as the API server's")
	cmd.Flags().BoolVar(&o.Raw, "raw", false, "print what the controller wrote, unchanged")
	return cmd
}

// Run prints the kubeconfig.
func (o *KubeconfigOptions) Run(ctx context.Context) error {
	t, err := find(o.Factory, o.Name)
	if err != nil {
		return err
	}
	vc, err := t.get(ctx)
	if err != nil {
		return err
	}
	data, err := t.readKubeconfig(ctx, vc)
	if err != nil {
		return err
	}
	if !o.Raw {
		data, err = access.Rename(data, kubeconfig.ContextName(t.namespace, t.name), o.Server)
	}
	if err != nil {
		return err
	}
	_, err = o.Out.Write(data)
	return err
}
