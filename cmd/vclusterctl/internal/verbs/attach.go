package verbs

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/access"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/child"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// AttachOptions are the arguments of attach.
type AttachOptions struct {
	*cli.Factory
	Name string
	// Command to run; none is a shell.
	Command []string
}

// attachGrace is how long a program may go on after attach was asked to end.
const attachGrace = 10 * time.Second

const attachLong = `Start a shell, or run one command, with KUBECONFIG pointing at a virtual
cluster and at nothing else. Your own kubeconfig stays as it is.

Where the cluster's API cannot be reached from here, it is reached through the
API server of the host, for as long as the shell or the command runs.

The shell is that of $SHELL. In bash, zsh and fish its prompt says where you
are; $` + child.AttachedEnv + ` says it to others.

` + exitCodes

const attachExample = `  # a shell
  %[1]s attach dev

  # one command
  %[1]s attach dev -- kubectl get pods -A`

// NewCmdAttach is "attach". Tests pass a runF of their own.
func NewCmdAttach(f *cli.Factory, runF func(context.Context, *AttachOptions) error) *cobra.Command {
	o := &AttachOptions{Factory: f}
	cmd := &cobra.Command{
		Use:               "attach NAME [flags] [-- COMMAND [ARG...]]",
		Short:             "Start a shell, or run a command, that talks to a virtual cluster",
		Long:              attachLong,
		Example:           fmt.Sprintf(attachExample, f.Program),
		Args:              oneNameAndCommand,
		ValidArgsFunction: completeName(f),
		RunE: func(cmd *cobra.Command, given []string) error {
			o.Name = given[0]
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

// Run attaches.
func (o *AttachOptions) Run(ctx context.Context) error {
	if err := o.check(); err != nil {
		return err
	}
	ctx, signals, stop := catchSignals(ctx)
	defer stop()
	t, vc, err := findCluster(ctx, o.Factory, o.Name)
	if err != nil {
		return err
	}
	route, err := t.open(ctx, vc, o.tellChanges)
	if err != nil {
		return err
	}
	defer route.Close()
	if o.typed() {
		t.Hintf("This shell talks to virtual cluster %q in namespace %q. Leave it with: exit", t.name, t.namespace)
	}
	code, err := session{command: o.Command, grace: attachGrace, signals: signals}.run(ctx, t, route)
	if err != nil {
		return err
	}
	if o.typed() {
		t.Hintf("You have left virtual cluster %q.", t.name)
	}
	return cli.PassOn(code)
}

// typed says whether it is about a shell that somebody types into.
func (o *AttachOptions) typed() bool { return len(o.Command) == 0 && o.InTTY }

// tellChanges lets somebody who types into a shell know why nothing goes. What
// the terminal does with the end of a line is the shell's choice by then.
func (o *AttachOptions) tellChanges(p *access.Params) {
	if o.typed() {
		p.Changes = func(format string, args ...any) { o.Hintf("\r\n"+format+"\r", args...) }
	}
}

// check refuses what cannot go well before anything is done.
func (o *AttachOptions) check() error {
	if len(o.Command) > 0 {
		return startFailure(o.Command[0], child.Find(o.Command[0]))
	}
	if where := o.Getenv(child.AttachedEnv); where != "" {
		return cli.Fail("Leave it first, with: exit", "this is already a shell attached to virtual cluster %q", where)
	}
	return nil
}
