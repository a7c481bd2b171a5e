package verbs

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/child"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/spec"
)

// What clusters made by run carry.
const (
	// labelRun is on no others; each has another value.
	labelRun = v1alpha1.GroupName + "/run"
	// annotationCreatedBy says who made it, as far as the machine knows.
	annotationCreatedBy = v1alpha1.GroupName + "/created-by"
)

// RunOptions are the flags of run.
type RunOptions struct {
	*cli.Factory
	// Create says which cluster is wanted, and where.
	Create CreateOptions
	// Name of the cluster; empty for one that nobody else has.
	Name    string
	Command []string
	// TTL is for how long the cluster outlives this program at most, should that
	// be killed.
	TTL           time.Duration
	KeepOnFailure bool
	OutputDir     string
}

const (
	// defaultTTL is enough for an API server of the host that is away for a
	// while.
	defaultTTL = 10 * time.Minute
	// runGrace is how long a command may clear up after it was asked to end. The
	// cluster is deleted after that.
	runGrace = 30 * time.Second
	// runPrefix begins the names of clusters that were given none.
	runPrefix = "run-"
)

const runLong = `Create a virtual cluster, run a command with KUBECONFIG pointing at it, and
delete the cluster, whatever happens: also if the command fails, or this program
is interrupted or asked to end. If it is killed with SIGKILL, the cluster is
gone within --ttl.

Standard input and both outputs are the command's; what this program has to say
is on standard error, before the command and after it. The cluster is created as
by "create" with the same flags, but keeps its state in its pods, if not said
otherwise, and has a name of its own.

With --output-dir there is a junit.xml in that directory, and if something fails
also the logs of the nodes, the events and the state of the cluster.

` + exitCodes

const runExample = `  # a test against a cluster of its own
  %[1]s run -- go test ./e2e/...

  # with two workers, and something to look at if it fails
  %[1]s run --pool workers=2 --output-dir out -- ./test.sh

  # see what is running
  kubectl get virtualclusters -A -l ` + labelRun

// NewCmdRun is "run". Tests pass a runF of their own.
func NewCmdRun(f *cli.Factory, runF func(context.Context, *RunOptions) error) *cobra.Command {
	o := &RunOptions{Factory: f, Create: CreateOptions{Factory: f}}
	cmd := &cobra.Command{
		Use:     "run [flags] -- COMMAND [ARG...]",
		Short:   "Run a command with a virtual cluster that exists for as long",
		Long:    runLong,
		Example: fmt.Sprintf(runExample, f.Program),
		RunE: func(cmd *cobra.Command, given []string) error {
			if err := o.complete(cmd, given); err != nil {
				return usage(cmd, err)
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
	runsProgram(cmd)
	o.Create.addSpec(cmd)
	flags := cmd.Flags()
	flags.Lookup("filename").Usage = "`file` with one VirtualCluster" // standard input is the command's
	flags.StringVar(&o.Name, "name", "", "`name` of the cluster (default "+runPrefix+" and something random)")
	flags.DurationVar(&o.TTL, "ttl", defaultTTL, "within what time the cluster is gone should this program be killed, "+minTTL.String()+" at least")
	flags.BoolVar(&o.KeepOnFailure, "keep-on-failure", false, "keep the cluster if something fails")
	flags.StringVar(&o.OutputDir, "output-dir", "", "`directory` for a junit.xml, and for logs if something fails")
	return cmd
}

func (o *RunOptions) complete(cmd *cobra.Command, given []string) error {
	words, command, err := splitCommand(cmd, given)
	switch {
	case err != nil:
		return err
	case len(words) > 0:
		return cli.Usagef("run: unexpected %q; a command goes after --, a name after --name", words)
	case len(command) == 0:
		return cli.Usagef("run: want a command after --")
	}
	o.Command = command
	if o.Name != "" {
		if err := spec.CheckName(o.Name); err != nil {
			return err
		}
	}
	if o.Create.File == "-" {
		return cli.Usagef("run: standard input is the command's: give -f the name of a file")
	}
	if err := o.checkTTL(); err != nil {
		return err
	}
	return o.Create.completeSpec(cmd)
}

// Run runs the command.
func (o *RunOptions) Run(ctx context.Context) error {
	report := newRunReport(o)
	if err := report.begin(); err != nil {
		return err
	}
	if err := startFailure(o.Command[0], child.Find(o.Command[0])); err != nil {
		return report.write(err) // before anybody has waited for a cluster
	}
	ctx, signals, stop := catchSignals(ctx)
	defer stop()
	r := &running{RunOptions: o, signals: signals, after: time.After, report: report}
	if err := r.create(ctx); err != nil {
		return r.report.write(err)
	}
	code, err := r.use(ctx)
	if err := r.report.write(err); err != nil {
		return err
	}
	return cli.PassOn(code)
}
