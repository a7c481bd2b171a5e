package verbs

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// ListOptions are the flags of list.
type ListOptions struct {
	*cli.Factory
	Selector string
	Watch    bool
	// field selects by a field; get uses it.
	field string
}

// NewCmdList is "list". Tests pass a runF of their own.
func NewCmdList(f *cli.Factory, runF func(context.Context, *ListOptions) error) *cobra.Command {
	o := &ListOptions{Factory: f}
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List virtual clusters",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
	takesOutput(cmd, cli.ListOutputs...)
	cmd.Annotations[allAnnotation] = "yes"
	cmd.Flags().StringVarP(&o.Selector, "selector", "l", "", "label `selector`, for example team=a")
	cmd.Flags().BoolVarP(&o.Watch, "watch", "w", false, "go on and show every change")
	return cmd
}

// Run lists.
func (o *ListOptions) Run(ctx context.Context) error {
	lister, err := o.lister()
	if err != nil {
		return err
	}
	switch o.Output {
	case "", cli.OutputTable, cli.OutputWide:
		return o.printTable(ctx, lister)
	}
	if o.Watch {
		return cli.Usagef("list: -w prints tables only, -o %s does not go with it", o.Output)
	}
	list, err := lister.Objects(ctx)
	if err != nil {
		return fmt.Errorf("list virtual clusters: %w", err)
	}
	return cli.PrintObject(o.Out, list, o.Output)
}

func (o *ListOptions) lister() (*cli.Lister, error) {
	config, err := o.RESTConfig()
	if err != nil {
		return nil, err
	}
	namespace, err := o.Namespace()
	if err != nil {
		return nil, err
	}
	if o.AllNamespaces {
		namespace = ""
	}
	return cli.NewLister(config, namespace, metav1.ListOptions{LabelSelector: o.Selector, FieldSelector: o.field})
}

func (o *ListOptions) printTable(ctx context.Context, lister *cli.Lister) error {
	table, err := lister.Table(ctx)
	if err != nil {
		return fmt.Errorf("list virtual clusters: %w", err)
	}
	if len(table.Rows) == 0 {
		o.Hintf("No virtual clusters %s.", where(lister.Namespace))
	}
	show := cli.TablePrinter(o.Out, o.Output == cli.OutputWide, o.AllNamespaces)
	if len(table.Rows) > 0 {
		if err := show(table); err != nil {
			return err
		}
	}
	if !o.Watch {
		return nil
	}
	return lister.Watch(ctx, table.ResourceVersion, show)
}

func where(namespace string) string {
	if namespace == "" {
		return "in any namespace"
	}
	return fmt.Sprintf("in namespace %q", namespace)
}
