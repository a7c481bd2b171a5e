package verbs

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	goruntime "runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/runtime/nodesetup"
)

// RuntimeConfigOptions are the flags of runtime config.
type RuntimeConfigOptions struct {
	*cli.Factory
	For, Runtime string
	Version      string
	ConfigFile   string
	TemplateFile string
	Node         nodesetup.Node
}

const runtimeConfigLong = `Print what has to be put where on a node, so that it offers a runtime, and what to
do then. "runtime install" does all of it; this is for those who have another
tool to do it with.

What is printed depends on what the node has: show it with --config-file and,
where K3s or RKE2 has a template already, with --template-file. No table that is
in there is defined again, and a file of its own is used where the configuration
imports a folder.`

const runtimeConfigExample = `  # a node with K3s that nobody has changed
  %[1]s runtime config --for k3s

  # a node with containerd, as it is
  ssh node cat /etc/containerd/config.toml | %[1]s runtime config --for containerd --config-file -

  # the files alone, for a program
  %[1]s runtime config --for crio --runtime sysbox -o json | jq -r '.files[].path'`

// NewCmdRuntimeConfig is "runtime config". Tests pass a runF of their own.
func NewCmdRuntimeConfig(f *cli.Factory, runF func(context.Context, *RuntimeConfigOptions) error) *cobra.Command {
	o := &RuntimeConfigOptions{Factory: f}
	cmd := &cobra.Command{
		Use:         "config --for KIND",
		Short:       "Print what to put where on a node",
		Long:        runtimeConfigLong,
		Example:     fmt.Sprintf(runtimeConfigExample, f.Program),
		Args:        args(cobra.NoArgs),
		Annotations: map[string]string{hostAnnotation: hostUnneeded},
		RunE:        runs(o, noArgs(o.complete), runF),
	}
	takesOutput(cmd, cli.OutputJSON, cli.OutputYAML)
	flags := cmd.Flags()
	flags.StringVar(&o.For, "for", "", "`kind` of node: k3s, rke2, containerd or crio")
	flags.StringVar(&o.Runtime, "runtime", defaultRuntime, "`runtime` to offer: "+strings.Join(allRuntimes(), ", "))
	flags.StringVar(&o.Version, "containerd-version", "", "`version` of the node's containerd, for example 2.3.4")
	flags.StringVar(&o.ConfigFile, "config-file", "", "containerd's present configuration, a `file`, or - for standard input")
	flags.StringVar(&o.TemplateFile, "template-file", "", "the present config-v3.toml.tmpl of K3s or RKE2, a `file`")
	flags.StringVar(&o.Node.CgroupDriver, "cgroup-driver", "", "the kubelet's, systemd or cgroupfs; left out, that of the present configuration")
	flags.StringVar(&o.Node.OCIRuntime, "binary", "", "`path` of the OCI runtime on the node, where it is not where its makers put it")
	flags.BoolVar(&o.Node.NoUnprivilegedPorts, "no-unprivileged-ports", false, "switch off enable_unprivileged_ports for all pods of the node, where Sysbox cannot set that sysctl")
	flags.StringVar(&o.Node.Arch, "arch", goruntime.GOARCH, "the node's `architecture`")
	offer(cmd, "for", kinds()...)
	offer(cmd, "runtime", allRuntimes()...)
	offer(cmd, "cgroup-driver", "systemd", "cgroupfs")
	return cmd
}

func kinds() []string {
	var names []string
	for _, k := range nodesetup.Kinds() {
		names = append(names, string(k))
	}
	return names
}

func (o *RuntimeConfigOptions) complete() error {
	if !slices.Contains(kinds(), o.For) {
		return cli.Usagef("--for %q: use one of %s", o.For, strings.Join(kinds(), ", "))
	}
	_, err := findRuntime(o.Runtime)
	return err
}

// Run prints the plan.
func (o *RuntimeConfigOptions) Run(context.Context) error {
	if err := o.read(); err != nil {
		return err
	}
	p, err := findRuntime(o.Runtime)
	if err != nil {
		return err
	}
	plan, err := nodesetup.Make(p, o.Node)
	if err != nil {
		return cli.Refused("", "%w", err)
	}
	if o.Output != "" {
		return printAny(o.Out, printedPlan(plan), o.Output)
	}
	o.print(plan)
	return nil
}

// read completes what is known of the node.
func (o *RuntimeConfigOptions) read() error {
	o.Node.Kind, o.Node.Version = nodesetup.Kind(o.For), strings.TrimPrefix(o.Version, "v")
	layout, err := nodesetup.LayoutOf(o.Node.Kind)
	if err != nil {
		return err
	}
	if o.ConfigFile != "" {
		data, err := o.readFile(o.ConfigFile)
		if err != nil {
			return err
		}
		o.Node.Config = &nodesetup.Text{Path: layout.Config, Data: data}
	}
	if o.TemplateFile == "" {
		return nil
	}
	if layout.Templates == "" {
		return cli.Usagef("--template-file: a node with %s has no templates", o.For)
	}
	data, err := o.readFile(o.TemplateFile)
	o.Node.Templates = []nodesetup.Text{{Path: layout.TemplatePaths()[0], Data: data}}
	return err
}

func (o *RuntimeConfigOptions) readFile(name string) ([]byte, error) {
	if name == "-" {
		data, err := io.ReadAll(o.In)
		if err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		return data, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, cli.Fail("", "read what the node has: %w", err)
	}
	return data, nil
}

// print is for people who do it by hand.
func (o *RuntimeConfigOptions) print(plan nodesetup.Plan) {
	w := o.Out
	for _, f := range slices.Backward(plan.Files) {
		fmt.Fprintf(w, "# %s, mode %04o%s\n%s\n", f.Path, f.Mode, fileNote(f), strings.TrimRight(string(f.Data), "\n")+"\n")
	}
	if plan.Present != "" {
		fmt.Fprintf(w, "# %s has the handler %q already.\n", plan.Present, plan.Handler)
	}
	for _, step := range stepsOf(plan) {
		fmt.Fprintf(w, "# then: %s\n", step)
	}
}

func fileNote(f nodesetup.File) string {
	if f.Shared {
		return ", the whole file"
	}
	return ""
}

// stepsOf are what to do once the files are there.
func stepsOf(plan nodesetup.Plan) []string {
	var steps []string
	if plan.Present == "" {
		steps = append(steps, "systemctl restart "+strings.Join(plan.Units, "   # or "))
	}
	if labels := labelArgs(plan.Labels); labels != "" {
		steps = append(steps, "kubectl label node NODE "+labels)
	}
	return steps
}

func labelArgs(labels map[string]string) string {
	var args []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		args = append(args, key+"="+labels[key])
	}
	return strings.Join(args, " ")
}

// printed is a plan for programs.
type printed struct {
	Runtime v1alpha1.RuntimeProfile `json:"runtime"`
	Handler string                  `json:"handler"`
	Files   []printedFile           `json:"files"`
	Units   []string                `json:"restartOneOf,omitempty"`
	Labels  map[string]string       `json:"nodeLabels,omitempty"`
	Present string                  `json:"presentIn,omitempty"`
}

type printedFile struct {
	Path    string `json:"path"`
	Mode    string `json:"mode"`
	Content string `json:"content"`
}

func printedPlan(plan nodesetup.Plan) printed {
	p := printed{Runtime: plan.Runtime, Handler: plan.Handler, Files: []printedFile{}, Labels: plan.Labels, Present: plan.Present}
	for _, f := range plan.Files {
		p.Files = append(p.Files, printedFile{Path: f.Path, Mode: fmt.Sprintf("%04o", f.Mode), Content: string(f.Data)})
	}
	if plan.Present == "" {
		p.Units = plan.Units
	}
	return p
}
