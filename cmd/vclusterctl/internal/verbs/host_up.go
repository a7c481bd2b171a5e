package verbs

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/host"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

// controllerArchive is the file, beside the node image, that holds the
// controller's image.
const controllerArchive = "controller.tar"

// HostUpOptions are the flags of host up.
type HostUpOptions struct {
	HostOptions
	NoUse, NoRuntime             bool
	Subnet, PodCIDR, ServiceCIDR string
}

const hostUpLong = `Start the embedded host, or bring it back with its data.

The node image is the one given, or the one that "make image" left. The images
of --load are put into the host for its pods to use, and so is ` + controllerArchive + `
where it lies beside the node image. On a host that runs already only what is
missing of all that is done.`

// NewCmdHostUp is "host up". Tests pass a runF of their own.
func NewCmdHostUp(f *cli.Factory, runF func(context.Context, *HostUpOptions) error) *cobra.Command {
	o := &HostUpOptions{HostOptions: HostOptions{Factory: f}}
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start the embedded host, or bring it back with its data",
		Long:  hostUpLong,
		Args:  args(cobra.NoArgs),
		RunE:  runs(o, noArgs(o.complete), runF),
	}
	takesOutput(cmd, cli.OutputJSON, cli.OutputYAML)
	flags := cmd.Flags()
	o.addFlags(flags)
	addHostTimeout(flags, &o.Host.Timeout)
	flags.StringVar(&o.Host.Image, "image", "", "node image archive, a `file`")
	flags.StringArrayVar(&o.Host.LoadImages, "load", nil, "image archive to load into the host, a `file`; may be repeated")
	flags.BoolVar(&o.Host.Restart, "restart", false, "restart it if the image or configuration differs")
	flags.BoolVar(&o.NoUse, "no-use", false, "leave the current kubeconfig context as it is")
	flags.BoolVar(&o.NoRuntime, "no-runtime", false, "leave out what virtual clusters need on the node: \"runtime install\" can bring it")
	flags.StringVar(&o.Subnet, "subnet", "", "address `range` between the machine and the host")
	flags.StringVar(&o.PodCIDR, "pod-cidr", "", "address `range` of the host's pods")
	flags.StringVar(&o.ServiceCIDR, "service-cidr", "", "address `range` of the host's Services")
	return cmd
}

func (o *HostUpOptions) complete() error {
	for _, p := range []struct {
		flag, said string
		into       *netip.Prefix
	}{
		{"--subnet", o.Subnet, &o.Host.Subnet},
		{"--pod-cidr", o.PodCIDR, &o.Host.PodCIDR},
		{"--service-cidr", o.ServiceCIDR, &o.Host.ServiceCIDR},
	} {
		if p.said == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(p.said)
		if err != nil {
			return cli.Usagef("%s %q: want a range like 10.214.0.0/16", p.flag, p.said)
		}
		*p.into = prefix
	}
	return nil
}

// Run starts the host.
func (o *HostUpOptions) Run(ctx context.Context) error {
	status, err := o.up(ctx)
	if err != nil {
		return explainHost(o.Program, err)
	}
	if o.Output != "" {
		return printAny(o.Out, status, o.Output)
	}
	_, err = fmt.Fprintln(o.Out, status.Context)
	return err
}

func (o *HostUpOptions) up(ctx context.Context) (host.Status, error) {
	if o.Host.Image == "" {
		image, err := findImage(o.Getenv)
		if err != nil {
			return host.Status{}, err
		}
		o.Host.Image = image
	}
	beside := filepath.Join(filepath.Dir(o.Host.Image), controllerArchive)
	if exists(beside) {
		o.Host.LoadImages = append(o.Host.LoadImages, beside)
	}
	if !o.NoRuntime {
		var err error
		if o.Host.Runtime, err = host.RuntimeFor(userns.New()); err != nil {
			return host.Status{}, err
		}
	}
	o.Host.Contexts, o.Host.UseContext = o.store(), !o.NoUse
	return host.Up(ctx, o.Host, o.reporter())
}
