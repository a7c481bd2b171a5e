package verbs

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// GetOptions are the arguments of get.
type GetOptions struct {
	*cli.Factory
	Name  string
	Watch bool
}

// NewCmdGet is "get". Tests pass a runF of their own.
func NewCmdGet(f *cli.Factory, runF func(context.Context, *GetOptions) error) *cobra.Command {
	o := &GetOptions{Factory: f}
	cmd := &cobra.Command{
		Use:               "get NAME",
		Short:             "Show one virtual cluster",
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
	takesOutput(cmd, cli.ListOutputs...)
	cmd.Flags().BoolVarP(&o.Watch, "watch", "w", false, "go on and show every change")
	return cmd
}

// Run shows the cluster.
func (o *GetOptions) Run(ctx context.Context) error {
	t, err := find(o.Factory, o.Name)
	if err != nil {
		return err
	}
	vc, err := t.get(ctx)
	if err != nil {
		return err
	}
	list := &ListOptions{Factory: o.Factory, Field: "metadata.name=" + o.Name, Watch: o.Watch}
	if !o.Watch && !list.forPeople() {
		vc.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.VirtualClusterKind)) // typed reads leave it out
		return cli.PrintObject(o.Out, vc, o.Output)
	}
	return list.Run(ctx)
}
