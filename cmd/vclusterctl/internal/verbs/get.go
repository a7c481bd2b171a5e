package verbs

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// GetOptions are the arguments of get.
type GetOptions struct {
	*cli.Factory
	Name  string
	Watch bool
}

const getLong = `Show one virtual cluster: one line of a table, or with -o json or -o yaml the
object as the API server has it. "describe" shows more of it, for people.

With -w it goes on and shows every change, until interrupted.`

const getExample = `  # one line, and one with more columns
  %[1]s get dev
  %[1]s get dev -o wide

  # the whole object, also its status
  %[1]s get dev -o yaml

  # one field, for a script
  %[1]s get dev -o json | jq -r .status.endpoint

  # every change
  %[1]s get dev -w`

// NewCmdGet is "get". Tests pass a runF of their own.
func NewCmdGet(f *cli.Factory, runF func(context.Context, *GetOptions) error) *cobra.Command {
	o := &GetOptions{Factory: f}
	cmd := &cobra.Command{
		Use:               "get NAME",
		Short:             "Show one virtual cluster",
		Long:              getLong,
		Example:           fmt.Sprintf(getExample, f.Program),
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
	u, err := t.whole(ctx)
	if err != nil {
		return err
	}
	list := &ListOptions{Factory: o.Factory, Field: "metadata.name=" + o.Name, Watch: o.Watch}
	if !o.Watch && !list.forPeople() {
		return cli.PrintObject(o.Out, u, o.Output)
	}
	return list.Run(ctx)
}
