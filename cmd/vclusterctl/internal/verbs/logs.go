package verbs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeexec"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodelog"
)

// LogsOptions are the flags of logs.
type LogsOptions struct {
	*cli.Factory
	Ref      nodeexec.Ref
	AllNodes bool
	Query    nodelog.Query
}

const logsLong = `Show what a node of a virtual cluster has logged: the journal of its systemd
units, Kubernetes' components among them. Without a node it is server-0.

With -f it goes on until it is interrupted, over restarts of the node, and ends
when the cluster is deleted. Where the journal cannot be read, because the node
does not run or because you may not run programs in it, what its container
printed is shown instead, and said so.

A line is the time in UTC, the program and what it said; -o json gives one
object a line.`

const logsExample = `  # all that server-0 has logged
  %[1]s logs dev

  # follow one unit of it, from five minutes ago on
  %[1]s logs dev -f --unit k3s --since 5m

  # the last lines of each node
  %[1]s logs dev --all-nodes --tail 20

  # one worker
  %[1]s logs dev/workers-0`

// NewCmdLogs is "logs". Tests pass a runF of their own.
func NewCmdLogs(f *cli.Factory, runF func(context.Context, *LogsOptions) error) *cobra.Command {
	o := &LogsOptions{Factory: f}
	cmd := &cobra.Command{
		Use:               "logs NAME[/NODE]",
		Short:             "Show what the nodes of a virtual cluster have logged",
		Long:              logsLong,
		Example:           fmt.Sprintf(logsExample, f.Program),
		Args:              oneName,
		ValidArgsFunction: completeNode(f),
		RunE: func(cmd *cobra.Command, given []string) error {
			if err := o.complete(given[0]); err != nil {
				return usage(cmd, err)
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
	takesOutput(cmd, cli.OutputJSON)
	flags := cmd.Flags()
	flags.BoolVarP(&o.Query.Follow, "follow", "f", false, "go on with what is logged from now on")
	flags.StringArrayVarP(&o.Query.Units, "unit", "u", nil, "systemd `unit` to show, for example kubelet; may be repeated")
	flags.DurationVar(&o.Query.Since, "since", 0, "how far back to go, for example 5m; 0 for the beginning")
	flags.Int64Var(&o.Query.Tail, "tail", nodelog.All, "how many of the last `lines` of a node to show, -1 for all")
	flags.BoolVar(&o.AllNodes, "all-nodes", false, "show every node, with its name before each line")
	offer(cmd, "unit", nodeUnits...)
	return cmd
}

// nodeUnits are the units that the node image brings and that people ask for.
var nodeUnits = []string{
	"containerd", "etcd", "flanneld", "k3s", "k3s-agent", "kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-router",
	"kube-scheduler", "kubelet", "vcluster-bootstrap", "vcluster-guest", "vcluster-images", "vcluster-prepare",
}

func (o *LogsOptions) complete(given string) error {
	var err error
	if o.Ref, err = nodeexec.ParseRef(given); err != nil {
		return &cli.Error{Code: cli.ExitUsage, Err: err}
	}
	switch {
	case o.AllNodes && o.Ref.Node != "":
		return cli.Usagef("logs: --all-nodes and node %q exclude each other", o.Ref.Node)
	case o.Query.Since < 0:
		return cli.Usagef("--since %s: want how far back to go, for example 5m", o.Query.Since)
	case o.Query.Tail < nodelog.All:
		return cli.Usagef("--tail %d: want a number of lines, or -1 for all", o.Query.Tail)
	}
	return nil
}

// Run shows the logs.
func (o *LogsOptions) Run(ctx context.Context) error {
	t, err := find(o.Factory, o.Ref.Cluster)
	if err != nil {
		return err
	}
	source, err := t.logs()
	if err != nil {
		return err
	}
	if _, err := t.get(ctx); err != nil {
		return err
	}
	shown := false
	emit := func(e nodelog.Entry) error {
		shown = true
		return o.print(e)
	}
	if o.AllNodes {
		err = source.ReadAll(ctx, o.Query, emit)
	} else {
		node := o.Ref.Node
		if node == "" {
			node = nodeexec.DefaultNode
		}
		err = source.Read(ctx, node, o.Query, emit)
	}
	return o.explain(ctx, t, err, shown)
}

// explain says what an error of the log means to its reader.
func (o *LogsOptions) explain(ctx context.Context, t *target, err error, shown bool) error {
	var missing *nodeexec.NotFoundError
	switch {
	case o.Query.Follow && errors.Is(ctx.Err(), context.Canceled):
		return nil // that is how following ends
	case errors.As(err, &missing) && len(missing.Have) == 0:
		return cli.NotFound("Why that is so says: "+t.command("describe"), "%w", err)
	case errors.As(err, &missing):
		return cli.NotFound("", "%w", err)
	case err == nil && !shown && !o.Query.Follow:
		o.Hintf("Nothing was logged%s.", o.selected())
	}
	return err
}

// selected says in words what was asked for.
func (o *LogsOptions) selected() string {
	text := ""
	if len(o.Query.Units) > 0 {
		text += " by unit " + strings.Join(o.Query.Units, " or ")
	}
	if o.Query.Since > 0 {
		text += fmt.Sprintf(" in the last %s", o.Query.Since)
	}
	return text
}

// logEntry is an entry as -o json prints it.
type logEntry struct {
	Node     string    `json:"node"`
	Time     time.Time `json:"time"`
	Name     string    `json:"name"`
	PID      string    `json:"pid,omitempty"`
	Unit     string    `json:"unit,omitempty"`
	Priority int       `json:"priority"`
	Message  string    `json:"message"`
}

func (o *LogsOptions) print(e nodelog.Entry) error {
	if o.Output == cli.OutputJSON {
		return json.NewEncoder(o.Out).Encode(logEntry{
			Node: e.Node, Time: e.Time.UTC(), Name: e.Name, PID: e.PID, Unit: e.Unit, Priority: e.Priority, Message: e.Message,
		})
	}
	prefix := ""
	if o.AllNodes {
		prefix = "[" + e.Node + "] "
	}
	_, err := fmt.Fprintln(o.Out, prefix+e.String())
	return err
}

// logs reads the logs of the cluster's nodes.
func (t *target) logs() (*nodelog.Source, error) {
	config, err := t.RESTConfig()
	if err != nil {
		return nil, err
	}
	return nodelog.NewSource(config, t.client, t.namespace, t.name, t.Hintf), nil
}
