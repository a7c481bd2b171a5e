package verbs

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/buildinfo"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// Annotations of a verb that say which flags of every verb it takes.
const (
	outputsAnnotation = "outputs"
	allAnnotation     = "all-namespaces"
	// logsAnnotation marks verbs that say themselves where log messages go.
	logsAnnotation = "logs"
	// hostAnnotation marks verbs that do without the host: with hostUnneeded they
	// do not look for it, with hostOptional they go on where it is not found.
	hostAnnotation = "host"
	hostUnneeded   = "unneeded"
	hostOptional   = "optional"
)

// Main runs the program and gives its exit code.
func Main(ctx context.Context, args []string) int {
	f := cli.NewFactory(programName(args[0]), cli.SystemStreams(getenv))
	root := NewRoot(f)
	root.SetArgs(args[1:])
	return Execute(ctx, f, root)
}

// Execute runs a command, prints how it failed if it did, and gives the exit
// code.
func Execute(ctx context.Context, f *cli.Factory, root *cobra.Command) int {
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return cli.ExitDone
	}
	if program, ok := errors.AsType[*cli.ProgramExit](err); ok {
		return program.Code
	}
	failure := f.Explain(err)
	failure.Code = exitCodeOf(cmd, failure)
	failure.Print(f.ErrOut)
	return failure.Code
}

// programName is how usage texts call us: kubectl finds plug-ins by a file
// name that begins with its own.
func programName(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".exe")
	if plugin, ok := strings.CutPrefix(name, "kubectl-"); ok {
		return "kubectl " + plugin
	}
	return "vclusterctl"
}

// NewRoot is the whole program.
func NewRoot(f *cli.Factory) *cobra.Command {
	root := newRoot(f,
		NewCmdTUI(f, nil), NewCmdCreate(f, nil), NewCmdList(f, nil), NewCmdGet(f, nil), NewCmdDescribe(f, nil), NewCmdDelete(f, nil),
		NewCmdAttach(f, nil), NewCmdRun(f, nil), NewCmdShell(f, nil), NewCmdLogs(f, nil), NewCmdPause(f, nil), NewCmdResume(f, nil),
		NewCmdKubeconfig(f, nil), NewCmdConnect(f, nil), NewCmdDisconnect(f, nil), NewCmdDoctor(f, nil),
		NewCmdInstall(f, nil), NewCmdUninstall(f, nil), NewCmdController(f, nil), NewCmdHost(f),
		NewCmdRuntime(f),
		NewCmdVersion(f, nil),
	)
	openTUI(f, root)
	return root
}

// newRoot is the program with the given verbs only.
func newRoot(f *cli.Factory, verbs ...*cobra.Command) *cobra.Command {
	root := &cobra.Command{
		Use:   "vclusterctl",
		Short: "Kubernetes clusters inside the cluster you already have, unprivileged",
		Long: "Create and look after virtual clusters: Kubernetes clusters whose nodes are\n" +
			"unprivileged pods of the cluster you already have.\n\n" +
			"Without a verb it shows them all on one screen, live, or lists them where there\n" +
			"is no terminal.",
		Args:                       unknownVerb,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Version:                    buildinfo.Get().Version,
		SilenceErrors:              true,
		SilenceUsage:               true,
		PersistentPreRunE:          func(cmd *cobra.Command, _ []string) error { return checkGlobals(f, cmd) },
		SuggestionsMinimumDistance: 2,
		Annotations:                map[string]string{cobra.CommandDisplayNameAnnotation: f.Program},
	}
	root.SetIn(f.In)
	root.SetOut(f.Out)
	root.SetErr(f.ErrOut)
	root.SetFlagErrorFunc(usage)
	f.AddFlags(root.PersistentFlags())
	completeGlobals(f, root)
	root.AddCommand(verbs...)
	return root
}

// usage marks an error as a mistake in the call, and says where help is.
func usage(cmd *cobra.Command, err error) error {
	return &cli.Error{Code: cli.ExitUsage, Err: err, Remedy: "See: " + cmd.CommandPath() + " --help"}
}

// args gives a check of positional arguments the exit code of usage errors.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		if err := check(cmd, given); err != nil {
			return usage(cmd, err)
		}
		return nil
	}
}

// oneName wants exactly the name of a virtual cluster.
func oneName(cmd *cobra.Command, given []string) error {
	if len(given) == 1 {
		return nil
	}
	return usage(cmd, cli.Usagef("%s: want the name of one virtual cluster, got %d arguments", cmd.Name(), len(given)))
}

func unknownVerb(cmd *cobra.Command, given []string) error {
	if len(given) == 0 {
		return nil
	}
	err := cli.Usagef("unknown verb %q", given[0])
	if near := cmd.SuggestionsFor(given[0]); len(near) > 0 {
		err = cli.Usagef("unknown verb %q, did you mean %q?", given[0], near[0])
	}
	return usage(cmd, err)
}

// checkGlobals refuses flags of every verb where they mean nothing.
func checkGlobals(f *cli.Factory, cmd *cobra.Command) error {
	if f.NoColor {
		f.Color = false
	}
	if !f.Verbose && cmd.Annotations[logsAnnotation] == "" {
		silence()
	}
	if completes(cmd) {
		return nil // no flag was read yet; who asks the host goes there then
	}
	if f.AllNamespaces && cmd.Annotations[allAnnotation] == "" {
		return usage(cmd, cli.Usagef("%s: -A means nothing here", cmd.Name()))
	}
	if err := cli.CheckOutput(f.Output, outputs(cmd)); err != nil {
		return usage(cmd, err)
	}
	return leaveVirtual(f, cmd)
}

// needOfHost is what the verb, or the one that it is under, says of the host.
// Cobra makes "completion", which writes a script and no more.
func needOfHost(cmd *cobra.Command) string {
	for c := cmd; c != nil; c = c.Parent() {
		if c.Name() == "completion" {
			return hostUnneeded
		}
		if need := c.Annotations[hostAnnotation]; need != "" {
			return need
		}
	}
	return ""
}

// completes says whether a shell asks what could be typed.
func completes(cmd *cobra.Command) bool {
	return cmd.Name() == cobra.ShellCompRequestCmd || cmd.Name() == cobra.ShellCompNoDescRequestCmd
}

// leaveVirtual goes to the host, where the verb has to do with it. An embedded
// host that was asked for is not there yet.
func leaveVirtual(f *cli.Factory, cmd *cobra.Command) error {
	need := needOfHost(cmd)
	if need == hostUnneeded {
		return nil
	}
	err := f.LeaveVirtual()
	where := cmd.Flags().Lookup("host")
	if need == hostOptional || where != nil && where.Value.String() == hostEmbedded {
		if errors.Is(err, cli.ErrNoHost) {
			return nil
		}
	}
	return err
}

// silence keeps what libraries log from people: what matters to them is in an
// error, or is told in words that are meant for them.
func silence() {
	klog.SetLogger(logr.Discard())
	ctrllog.SetLogger(logr.Discard())
}

func outputs(cmd *cobra.Command) []string {
	return slices.DeleteFunc(strings.Split(cmd.Annotations[outputsAnnotation], ","), func(s string) bool { return s == "" })
}

// takesOutput says which formats a verb prints in.
func takesOutput(cmd *cobra.Command, formats ...string) {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[outputsAnnotation] = strings.Join(formats, ",")
}
