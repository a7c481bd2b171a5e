package verbs

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/buildinfo"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/controller"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
)

// The node image that a controller without a catalogue knows.
const (
	defaultNodeVersion = "v1.36.3"
	defaultNodeImage   = "localhost/vclusterctl/node:" + defaultNodeVersion
)

// ControllerOptions are the flags of controller.
type ControllerOptions struct {
	*cli.Factory
	Controller   controller.Options
	NodeImage    string
	NodeVersion  string
	NodeDistros  []string
	HostPodCIDRs []string
}

const controllerLong = `Run the controller in the foreground, against the current cluster. Installed
with "install" it runs in a pod.

Its namespace (-n, or that of its pod) holds its Lease and the catalogue of
versions, a ConfigMap. Without a catalogue it knows the one version that the
--node flags name.`

// NewCmdController is "controller". Tests pass a runF of their own.
func NewCmdController(f *cli.Factory, runF func(context.Context, *ControllerOptions) error) *cobra.Command {
	o := &ControllerOptions{Factory: f}
	cmd := &cobra.Command{
		Use:         "controller",
		Short:       "Run the controller in the foreground",
		Long:        controllerLong,
		Args:        args(cobra.NoArgs),
		Annotations: map[string]string{logsAnnotation: "yes"},
		RunE:        runs(o, noArgs(o.complete), runF),
	}
	o.addFlags(cmd)
	return cmd
}

func (o *ControllerOptions) addFlags(cmd *cobra.Command) {
	flags, c := cmd.Flags(), &o.Controller
	flags.StringVar(&c.WatchNamespace, "watch-namespace", "", "look after the VirtualClusters of one `namespace` only")
	flags.BoolVar(&c.LeaderElection, "leader-elect", false, "take turns with other controllers of the same namespace")
	flags.StringVar(&c.MetricsAddress, "metrics-bind-address", "127.0.0.1:8080", "`address` to serve metrics on, 0 for none")
	flags.StringVar(&c.ProbeAddress, "health-probe-bind-address", "127.0.0.1:8081", "`address` to serve health probes on, 0 for none")
	flags.IntVar(&c.Workers, "workers", 0, "`number` of clusters worked on at once, 0 for the default")
	flags.StringVar(&c.ProbeNamespace, "probe-namespace", "", "prove what nodes say of their runtimes with pods in this `namespace`; without it they are taken at their word")
	flags.IntVar(&c.MostProbes, "probes-at-once", 0, "`number` of probes that run at once, 0 for the default")
	addPolicy(flags, &c.Policy)
	flags.StringVar(&o.NodeImage, "node-image", defaultNodeImage, "node `image` where there is no catalogue")
	flags.StringVar(&o.NodeVersion, "node-version", defaultNodeVersion, "its Kubernetes `version`")
	flags.StringSliceVar(&o.NodeDistros, "node-distro", []string{string(v1alpha1.DistroK8s)}, "the `distros` it carries, as k8s or k3s=v1.36.3+k3s1")
	flags.StringSliceVar(&o.HostPodCIDRs, "host-pod-cidr", nil, "pod `ranges` of the host, where its nodes do not tell")
}

func (o *ControllerOptions) complete() error {
	for _, said := range o.HostPodCIDRs {
		prefix, err := netip.ParsePrefix(said)
		if err != nil {
			return cli.Usagef("--host-pod-cidr %q: want a range like 10.244.0.0/16", said)
		}
		o.Controller.HostPodCIDRs = append(o.Controller.HostPodCIDRs, prefix)
	}
	distros, versions, err := catalogue.ParseDistros(o.NodeDistros)
	if err != nil {
		return cli.Usagef("--node-distro: %v", err)
	}
	o.Controller.Catalogue = catalogue.Single(o.NodeVersion, o.NodeImage, distros...)
	o.Controller.Catalogue.Entries[0].DistroVersions = versions
	build := buildinfo.Get()
	o.Controller.Version, o.Controller.Commit = build.Version, build.Commit
	return nil
}

// Run runs the controller until the context ends or it loses its Lease.
func (o *ControllerOptions) Run(ctx context.Context) error {
	o.log()
	config, err := o.RESTConfig()
	if err != nil {
		return err
	}
	config.UserAgent = "vclusterctl-controller/" + o.Controller.Version
	config.QPS = -1 // the API server's own fairness is the limit
	if o.Controller.Namespace, err = o.Namespace(); err != nil {
		return err
	}
	mgr, err := controller.New(config, o.Controller)
	if err != nil {
		return fmt.Errorf("set the controller up: %w", err)
	}
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("run the controller: %w", err)
	}
	return nil
}

// log sends everybody's log messages to standard error as JSON.
func (o *ControllerOptions) log() {
	level := slog.LevelInfo
	if o.Verbose {
		level = slog.LevelDebug
	}
	logger := logr.FromSlogHandler(slog.NewJSONHandler(o.ErrOut, &slog.HandlerOptions{Level: level}))
	ctrllog.SetLogger(logger)
	klog.SetLogger(logger)
}
