package verbs

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/host"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// hostEmbedded is the value of --host that means the embedded host.
const hostEmbedded = "embedded"

const hostLong = `The embedded host is a one-node cluster on this machine, made of the same node
image that virtual clusters use. It is for machines that have no cluster yet: a
bare Linux box, or CI. It needs root.`

// NewCmdHost is "host" with its sub-verbs.
func NewCmdHost(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "host",
		Short: "Run a host cluster on this machine",
		Long:  hostLong,
		Args:  unknownVerb,

		Annotations: map[string]string{hostAnnotation: hostUnneeded}, // it is about another one

		SuggestionsMinimumDistance: 2,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		NewCmdHostUp(f, nil), NewCmdHostDown(f, nil), NewCmdHostStatus(f, nil),
		NewCmdHostKubeconfig(f, nil), NewCmdHostLoadImage(f, nil),
	)
	return cmd
}

// HostOptions are what the sub-verbs of host share.
type HostOptions struct {
	*cli.Factory
	Host host.Options
}

func (o *HostOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.Host.Name, "name", host.DefaultName, "`name` that tells several hosts on one machine apart")
	flags.StringVar(&o.Host.StateRoot, "state-root", host.DefaultStateRoot, "`directory` of what is kept when the host or the machine is restarted")
	flags.StringVar(&o.Host.RunRoot, "run-root", host.DefaultRunRoot, "`directory` of what is not kept")
}

// store is the user's kubeconfig.
func (o *HostOptions) store() *kubeconfig.Store { return kubeconfig.NewStore(o.PathOptions()) }

// reporter shows what is being done, one line per step.
func (o *HostOptions) reporter() host.Reporter {
	start := o.Now()
	return func(p host.Progress) {
		warning := ""
		if p.Warning {
			warning = "warning: "
		}
		o.Hintf("%6.1fs  %s%s", o.Now().Sub(start).Seconds(), warning, orDefault(p.Message, p.Step))
	}
}

// explainHost gives failures of the embedded host their exit codes.
func explainHost(program string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, host.ErrUnsupported):
		return cli.Refused("", "%w", err)
	case errors.Is(err, host.ErrTimeout):
		return cli.TimedOut("It keeps running: say the same again to keep waiting, or see: "+program+" host status", "%w", err)
	case errors.Is(err, host.ErrNoImage):
		return cli.NotFound("", "%w", err)
	case errors.Is(err, host.ErrRestartNeeded):
		return cli.Fail("Restart it with: "+program+" host up --restart", "%w", err)
	case errors.Is(err, host.ErrNotRunning):
		return cli.NotFound("", "%w", err)
	}
	return err
}

func addHostTimeout(flags *pflag.FlagSet, timeout *time.Duration) {
	flags.DurationVar(timeout, "timeout", host.DefaultTimeout, "how long to wait")
}

// printStatus is for people.
func (o *HostOptions) printStatus(s host.Status) {
	w := o.Out
	fmt.Fprintf(w, "%-14s%s\n", "Host:", s.Name)
	for _, line := range statusLines(s) {
		fmt.Fprintf(w, "%-14s%s\n", line[0]+":", line[1])
	}
	for _, p := range s.Problems {
		fmt.Fprintf(w, "%-14s%s: %s\n", "Problem:", p.Reason, p.Message)
	}
	for _, p := range s.Degraded {
		fmt.Fprintf(w, "%-14s%s: %s\n", "Goes without:", p.Reason, p.Message)
	}
}
