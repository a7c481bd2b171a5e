package verbs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/host"
)

// HostStatusOptions are the flags of host status.
type HostStatusOptions struct {
	HostOptions
}

// NewCmdHostStatus is "host status". Tests pass a runF of their own.
func NewCmdHostStatus(f *cli.Factory, runF func(context.Context, *HostStatusOptions) error) *cobra.Command {
	o := &HostStatusOptions{HostOptions{Factory: f}}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how the embedded host is; fails if it is not ready",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
	takesOutput(cmd, cli.OutputTable, cli.OutputJSON, cli.OutputYAML)
	o.addFlags(cmd.Flags())
	return cmd
}

// Run shows the status.
func (o *HostStatusOptions) Run(ctx context.Context) error {
	status, err := host.GetStatus(ctx, o.Host)
	if err != nil {
		return explainHost(o.Program, err)
	}
	if err := o.print(status); err != nil {
		return err
	}
	return o.verdict(status)
}

func (o *HostStatusOptions) print(status host.Status) error {
	if o.Output == cli.OutputJSON || o.Output == cli.OutputYAML {
		return printAny(o.Out, status, o.Output)
	}
	o.printStatus(status)
	return nil
}

// verdict is the exit code: a script wants to know whether it can go on.
func (o *HostStatusOptions) verdict(status host.Status) error {
	switch {
	case !status.Running:
		return cli.NotFound("Start it with: "+o.Program+" host up", "the embedded host is not running")
	case !status.Ready:
		return cli.Fail("Wait for it with: "+o.Program+" host up", "the embedded host is running but not ready")
	}
	return nil
}

// statusLines are the facts that there are.
func statusLines(s host.Status) [][2]string {
	lines := [][2]string{{"State", state(s)}}
	for _, l := range [][2]string{
		{"Context", s.Context},
		{"Endpoint", s.Endpoint},
		{"Kubernetes", s.Version},
		{"Image", s.ImageRef},
		{"Node address", s.NodeAddress},
		{"Pod CIDR", s.PodCIDR},
		{"Service CIDR", s.ServiceCIDR},
		{"Cgroups", cgroups(s)},
		{"Failed units", strings.Join(s.FailedUnits, ", ")},
		{"Data", s.StateDir},
	} {
		if l[1] != "" {
			lines = append(lines, l)
		}
	}
	return lines
}

func state(s host.Status) string {
	switch {
	case s.Ready:
		return "ready"
	case s.Running:
		return "running, not ready"
	}
	return "not running"
}

func cgroups(s host.Status) string {
	if s.CgroupMode == "" {
		return ""
	}
	got := "no controllers"
	if len(s.Controllers) > 0 {
		got = strings.Join(s.Controllers, " ")
	}
	return fmt.Sprintf("%s machine, the node got: %s", s.CgroupMode, got)
}

// printAny prints what is no Kubernetes object as JSON or YAML.
func printAny(w io.Writer, v any, format string) error {
	if format == cli.OutputJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(v)
	}
	data, err := yaml.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}
