package verbs

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeexec"
)

// ShellOptions are the arguments of shell.
type ShellOptions struct {
	*cli.Factory
	Ref nodeexec.Ref
	// Command to run; none is a shell.
	Command []string
}

const shellLong = `Start a root shell, or run one command, in a node of a virtual cluster: beside
systemd, the container runtime and the Kubernetes components. Without a node it
is ` + nodeexec.DefaultNode + `. Root in there is nobody on the host.

Typing goes to the node where both ends are a terminal; otherwise standard input
and both outputs are passed on as they are.

` + exitCodes

const shellExample = `  # a shell in the first server
  %[1]s shell dev

  # in a worker
  %[1]s shell dev/workers-0

  # one command
  %[1]s shell dev -- systemctl --failed`

// loginShell is the best shell that there is in a node.
var loginShell = []string{"sh", "-c", "cd; if command -v bash >/dev/null; then exec bash -l; else exec sh -l; fi"}

// NewCmdShell is "shell". Tests pass a runF of their own.
func NewCmdShell(f *cli.Factory, runF func(context.Context, *ShellOptions) error) *cobra.Command {
	o := &ShellOptions{Factory: f}
	cmd := &cobra.Command{
		Use:               "shell NAME[/NODE] [flags] [-- COMMAND [ARG...]]",
		Short:             "Start a root shell, or run a command, in a node of a virtual cluster",
		Long:              shellLong,
		Example:           fmt.Sprintf(shellExample, f.Program),
		Args:              oneNameAndCommand,
		ValidArgsFunction: completeNode(f),
		RunE: func(cmd *cobra.Command, given []string) error {
			var err error
			if o.Ref, err = nodeexec.ParseRef(given[0]); err != nil {
				return usage(cmd, err)
			}
			_, o.Command, _ = splitCommand(cmd, given) // checked as Args
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
	runsProgram(cmd)
	return cmd
}

// Run starts the shell.
func (o *ShellOptions) Run(ctx context.Context) error {
	ctx, _, stop := catchSignals(ctx)
	defer stop()
	t, err := find(o.Factory, o.Ref.Cluster)
	if err != nil {
		return err
	}
	node, err := t.node(ctx, o.Ref)
	if err != nil {
		return err
	}
	host, err := t.RESTConfig()
	if err != nil {
		return err
	}
	p := nodeexec.Params{Host: host, Node: node, Command: o.inNode(), In: o.In, Out: o.Out, ErrOut: o.ErrOut}
	return o.passOn(ctx, t, o.exec(ctx, p))
}

// inNode is what to run in the node. The program env gives the codes for
// commands that are not there, which the host does not.
func (o *ShellOptions) inNode() []string {
	if len(o.Command) == 0 {
		return loginShell
	}
	return append([]string{"env", "--"}, o.Command...)
}

// exec runs it, on a terminal if there is one at both ends.
func (o *ShellOptions) exec(ctx context.Context, p nodeexec.Params) (err error) {
	if !o.InTTY || !isTerminal(o.Out) {
		return nodeexec.Exec(ctx, p)
	}
	terminal, err := nodeexec.OpenTerminal(o.In.(*os.File))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, terminal.Close()) }()
	p.In, p.TTY, p.Sizes = terminal, true, terminal.Sizes()
	return nodeexec.Exec(ctx, p)
}

// passOn makes the code of the program ours.
func (o *ShellOptions) passOn(ctx context.Context, t *target, err error) error {
	var exit *nodeexec.ExitError
	switch {
	case errors.As(err, &exit):
		return cli.PassOn(exit.Code)
	case err != nil && ctx.Err() != nil:
		return cli.Fail("", "interrupted; what was running in node %q may go on there", o.Ref)
	case err != nil:
		return cli.Fail("See how its nodes are with: "+t.command("describe"), "%w", err)
	}
	return nil
}

// node finds a node that programs can be run in.
func (t *target) node(ctx context.Context, ref nodeexec.Ref) (nodeexec.Node, error) {
	vc, err := t.get(ctx)
	if err != nil {
		return nodeexec.Node{}, err
	}
	node, err := nodeexec.Find(ctx, t.client, t.namespace, ref)
	var missing *nodeexec.NotFoundError
	switch {
	case err != nil && vc.Spec.Lifecycle.IsPaused():
		return node, cli.Fail("Go on with: "+t.command("resume"), "virtual cluster %q in namespace %q is paused", t.name, t.namespace)
	case errors.As(err, &missing):
		return node, cli.NotFound("See its nodes with: "+t.command("describe"), "%w", err)
	case err == nil && !node.Running:
		return node, cli.Fail("See why with: "+t.command("describe"), "node %q of virtual cluster %q does not run", node.Name, t.name)
	}
	return node, err
}
