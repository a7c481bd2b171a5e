package verbs

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeinstall"
	"github.com/vclusterctl/vclusterctl/runtime/nodesetup"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// RuntimeSetupOptions are the flags of runtime install and uninstall.
type RuntimeSetupOptions struct {
	*cli.Factory
	// Remove is true for uninstall.
	Remove  bool
	Runtime string
	Nodes   []string
	Local   bool
	Image   string
	Timeout time.Duration
	DryRun  string
	// Kind and Settings are what somebody knows of the nodes.
	Kind     string
	Settings nodesetup.Node

	// Root and Result are for ourselves, in a pod: the node's file system, and
	// where to leave what was done.
	Root, Result string

	profile profile.Profile
	// untouched are nodes that have nothing to be taken off.
	untouched []nodeinstall.Report
	// last is what is known of the node that was changed last, without an error
	// where it has said none.
	last nodeinstall.Report
	// changed is true once a node is another than before: after that nothing is
	// refused, but fails.
	changed bool
}

const (
	rootFlag   = "root"
	resultFlag = "result"
)

// NewCmdRuntimeInstall is "runtime install". Tests pass a runF of their own.
func NewCmdRuntimeInstall(f *cli.Factory, runF func(context.Context, *RuntimeSetupOptions) error) *cobra.Command {
	o := &RuntimeSetupOptions{Factory: f}
	cmd := o.command("install", runF)
	cmd.Short = "Set up nodes of the host for a runtime"
	cmd.Long = runtimeInstallLong
	flags := cmd.Flags()
	flags.StringVar(&o.Settings.CgroupDriver, "cgroup-driver", "", "the kubelet's, systemd or cgroupfs; left out, that of the node's own pods")
	flags.StringVar(&o.Settings.OCIRuntime, "binary", "", "`path` of the OCI runtime on the nodes, where it is not where its makers put it")
	flags.BoolVar(&o.Settings.NoUnprivilegedPorts, "no-unprivileged-ports", false, "switch off enable_unprivileged_ports for all pods of a node, where Sysbox cannot set that sysctl")
	offer(cmd, "cgroup-driver", "systemd", "cgroupfs")
	return cmd
}

// NewCmdRuntimeUninstall is "runtime uninstall". Tests pass a runF of their own.
func NewCmdRuntimeUninstall(f *cli.Factory, runF func(context.Context, *RuntimeSetupOptions) error) *cobra.Command {
	o := &RuntimeSetupOptions{Factory: f, Remove: true}
	cmd := o.command("uninstall", runF)
	cmd.Short = "Take a runtime off nodes of the host"
	cmd.Long = runtimeUninstallLong
	return cmd
}

const runtimeInstallLong = `Give nodes of the host the handler of a runtime, userns unless another is named:
what "runtime config" prints is put there, and the container runtime restarted
where that changed something. Pods go on running meanwhile.

One node is set up after the other, by a privileged pod in a namespace that is
removed afterwards. If the container runtime of a node does not come back, or
does not have the handler then, everything on the node is put back as it was, and
no other node is touched. Afterwards the node is labelled and the RuntimeClass
made. A second run changes nothing.

Sysbox, Kata Containers and gVisor have to be on the node already: their programs
are not part of this. A node that cannot carry the runtime is refused before
anything is changed there, and so is one without the program that the handler of
Sysbox or Kata Containers calls; where it is elsewhere, --binary says so.

The pods run the controller's image, and pull it with the controller's secrets.
With --local it is done on this machine, as root, and nothing is told to the API
server.

Exit codes: 0 if all nodes that were to be set up are; 5 if that was refused and
no node was changed; 4 if a node took longer than --timeout; 3 if there is no such
node; 1 if something failed, on whatever node.`

const runtimeUninstallLong = `Take the handler of a runtime off nodes of the host, as far as "runtime install"
has put it there. New virtual clusters are not started there any more; those that
run go on running, but a node pod that ends cannot start again.

What was put on these nodes with it goes as well: labels, the note of them, and
the RuntimeReports that the controller made; the report of a node stays for as
long as pods run there under the runtime, until this is said again.

Nodes are restored one after the other, as "runtime install" sets them up.`

// command is what the two verbs have in common.
func (o *RuntimeSetupOptions) command(verb string, runF func(context.Context, *RuntimeSetupOptions) error) *cobra.Command {
	cmd := &cobra.Command{
		Use:               verb + " [RUNTIME]",
		Args:              args(cobra.MaximumNArgs(1)),
		ValidArgsFunction: completeRuntime,
		RunE:              runs(o, o.complete, runF),
	}
	takesOutput(cmd, cli.OutputJSON, cli.OutputYAML)
	flags := cmd.Flags()
	flags.StringSliceVar(&o.Nodes, "node", nil, "`nodes` to change; left out, all that can be; may be repeated")
	flags.BoolVar(&o.Local, "local", false, "change this machine instead, which needs root")
	flags.StringVar(&o.Image, "image", "", "`image` with this program for the pods on the nodes; left out, the controller's")
	flags.StringVar(&o.Kind, "for", "", "`kind` of the nodes: k3s, rke2, containerd or crio; left out, it is found out")
	flags.DurationVar(&o.Timeout, "timeout", 5*time.Minute, "how long one node may take")
	addDryRun(flags, &o.DryRun)
	flags.StringVar(&o.Root, rootFlag, "", "with --local, the root `directory` of the node")
	flags.StringVar(&o.Result, resultFlag, "", "with --local, a `file` for what was done")
	for _, hidden := range []string{rootFlag, resultFlag} {
		if err := flags.MarkHidden(hidden); err != nil {
			panic(err) // the flag is not there: a mistake in this program
		}
	}
	offer(cmd, "for", kinds()...)
	return cmd
}

func completeRuntime(_ *cobra.Command, given []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(given) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return startingWith(allRuntimes(), typed), cobra.ShellCompDirectiveNoFileComp
}

func (o *RuntimeSetupOptions) complete(given []string) error {
	o.Runtime = defaultRuntime
	if len(given) > 0 {
		o.Runtime = given[0]
	}
	var err error
	if o.profile, err = findRuntime(o.Runtime); err != nil {
		return err
	}
	o.Settings.Kind = nodesetup.Kind(o.Kind)
	if _, err := nodesetup.LayoutOf(o.Settings.Kind); o.Kind != "" && err != nil {
		return cli.Usagef("--for: %w", err)
	}
	switch {
	case o.Local && len(o.Nodes) > 0:
		return cli.Usagef("--local is this machine, and --node are nodes of the host: choose one")
	case !o.Local && (o.Root != "" || o.Result != ""):
		return cli.Usagef("--%s and --%s mean nothing without --local", rootFlag, resultFlag)
	case o.Timeout <= 0:
		return cli.Usagef("--timeout %s: it must be positive", o.Timeout)
	}
	return checkDryRun(o.DryRun)
}

// Run changes nodes.
func (o *RuntimeSetupOptions) Run(ctx context.Context) error {
	if o.Local {
		return o.runLocal(ctx)
	}
	return o.runNodes(ctx)
}

// print prints what was done, for programs with -o.
func (o *RuntimeSetupOptions) print(reports []nodeinstall.Report) error {
	if o.Output == "" {
		return nil
	}
	if reports == nil {
		reports = []nodeinstall.Report{}
	}
	return printAny(o.Out, reports, o.Output)
}

// verb is how the user has called this.
func (o *RuntimeSetupOptions) verb() string {
	if o.Remove {
		return "uninstall"
	}
	return "install"
}

// nodeArgs are the arguments of the program on a node.
func (o *RuntimeSetupOptions) nodeArgs(root, result string) []string {
	// A restart, and another one if that has to be taken back, fit into the time.
	args := []string{
		"runtime", o.verb(), o.Runtime, "--local", "--" + rootFlag, root, "--" + resultFlag, result,
		"--timeout", (o.Timeout * 2 / 5).String(),
	}
	for _, flag := range [][2]string{{"for", o.Kind}, {"cgroup-driver", o.Settings.CgroupDriver}, {"binary", o.Settings.OCIRuntime}} {
		if flag[1] != "" {
			args = append(args, "--"+flag[0], flag[1])
		}
	}
	if o.Settings.NoUnprivilegedPorts {
		args = append(args, "--no-unprivileged-ports")
	}
	return args
}

// words of what was done on a node.
func (o *RuntimeSetupOptions) words(r nodeinstall.Report) string {
	done := map[nodeinstall.Outcome]string{
		nodeinstall.Unchanged: "unchanged",
		nodeinstall.Changed:   "set up",
		nodeinstall.Restarted: "set up, " + string(r.Kind) + " restarted",
	}[r.Outcome]
	if o.Remove {
		done = strings.Replace(done, "set up", "restored", 1)
	}
	return done
}
