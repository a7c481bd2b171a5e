package verbs

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// ListOptions are the flags of list.
type ListOptions struct {
	*cli.Factory
	Selector string
	Field    string
	SortBy   string
	Watch    bool

	order *cli.Order
}

const listLong = `List the virtual clusters of a namespace, or with -A of all.

-o json and -o yaml print one list, also where it is empty; with -w they print
one object after another, each as it is now, until interrupted.`

const listExample = `  # those of all namespaces, the oldest first
  %[1]s list -A --sort-by .metadata.creationTimestamp

  # those that run a version
  %[1]s list --field-selector status.resolved.version=v1.36.3

  # every change, for a program
  %[1]s list -w -o json | jq --unbuffered -c .status.conditions`

// NewCmdList is "list". Tests pass a runF of their own.
func NewCmdList(f *cli.Factory, runF func(context.Context, *ListOptions) error) *cobra.Command {
	o := &ListOptions{Factory: f}
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List virtual clusters",
		Long:    listLong,
		Example: fmt.Sprintf(listExample, f.Program),
		Args:    args(cobra.NoArgs),
		RunE:    runs(o, noArgs(o.complete), runF),
	}
	takesOutput(cmd, cli.ListOutputs...)
	cmd.Annotations[allAnnotation] = "yes"
	cmd.Flags().StringVarP(&o.Selector, "selector", "l", "", "label `selector`, for example team=a")
	cmd.Flags().StringVar(&o.Field, "field-selector", "", "field `selector`, for example status.resolved.distro=k3s")
	cmd.Flags().StringVar(&o.SortBy, "sort-by", "", "`path` of the field to sort by, for example .metadata.creationTimestamp")
	cmd.Flags().BoolVarP(&o.Watch, "watch", "w", false, "go on and show every change")
	offer(cmd, "sort-by", ".metadata.creationTimestamp", ".metadata.name", ".status.nodes", ".status.resolved.version")
	offer(cmd, "field-selector", "metadata.name=", "status.resolved.distro=", "status.resolved.version=", "status.runtime.servers=")
	return cmd
}

func (o *ListOptions) complete() error {
	if o.SortBy == "" {
		return nil
	}
	var err error
	if o.order, err = cli.ParseOrder(o.SortBy); err != nil {
		return cli.Usagef("--sort-by %w", err)
	}
	return nil
}

// Run lists.
func (o *ListOptions) Run(ctx context.Context) error {
	lister, err := o.lister()
	if err != nil {
		return err
	}
	if o.Watch {
		err := o.watch(ctx, lister)
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil // that is how watching ends
		}
		return err
	}
	if o.forPeople() {
		_, err := o.showTable(ctx, lister, o.tablePrinter())
		return err
	}
	list, err := lister.Objects(ctx)
	if err != nil {
		return fmt.Errorf("list virtual clusters: %w", err)
	}
	if o.order != nil {
		if err := o.order.Sort(list.Items); err != nil {
			return err
		}
	}
	return cli.PrintObject(o.Out, list, o.Output)
}

func (o *ListOptions) forPeople() bool {
	return o.Output == "" || o.Output == cli.OutputTable || o.Output == cli.OutputWide
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
	lister, err := cli.NewLister(config, namespace, metav1.ListOptions{LabelSelector: o.Selector, FieldSelector: o.Field})
	if err != nil {
		return nil, err
	}
	lister.Whole = o.order != nil || !o.forPeople()
	lister.Lost = func(err error) { o.Hintf("The watch was interrupted and is tried again: %s", cli.OneLine(err.Error())) }
	return lister, nil
}

func (o *ListOptions) tablePrinter() func(*metav1.Table) error {
	return cli.TablePrinter(o.Out, o.Output == cli.OutputWide, o.AllNamespaces)
}

// watch shows what there is and then every change. Only what there is can be
// sorted.
func (o *ListOptions) watch(ctx context.Context, lister *cli.Lister) error {
	show := o.tablePrinter()
	if !o.forPeople() {
		var err error
		if show, err = cli.RowPrinter(o.Out, o.Output); err != nil {
			return err
		}
	}
	table, err := o.showTable(ctx, lister, show)
	if err != nil {
		return err
	}
	if err := lister.Follow(ctx, table, show); err != nil {
		return fmt.Errorf("watch virtual clusters: %w", err)
	}
	return nil
}

func (o *ListOptions) showTable(ctx context.Context, lister *cli.Lister, show func(*metav1.Table) error) (*metav1.Table, error) {
	table, err := lister.Table(ctx)
	if err != nil {
		return nil, fmt.Errorf("list virtual clusters: %w", err)
	}
	if len(table.Rows) == 0 {
		o.Hintf("No virtual clusters %s.", where(lister.Namespace))
		return table, nil
	}
	if o.order != nil {
		if err := o.order.SortRows(table); err != nil {
			return nil, err
		}
	}
	return table, show(table)
}

func where(namespace string) string {
	if namespace == "" {
		return "in any namespace"
	}
	return fmt.Sprintf("in namespace %q", namespace)
}
