package verbs

import (
	"context"
	"io"
	"os"
	"runtime"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/charts"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/host"
)

// ensureHost makes sure that there is a cluster to create in: with --host
// embedded, or where there is none and the user agrees, the embedded host.
func (o *CreateOptions) ensureHost(ctx context.Context) error {
	if o.Host != hostEmbedded {
		if o.HasCluster() || !o.mayOfferHost() {
			return nil // without a cluster, connecting says what to do
		}
		if !o.Confirm("There is no Kubernetes cluster in your kubeconfig. Start an embedded host on this machine?") {
			return cli.Refused("Point --kubeconfig at a cluster", "no cluster to create in")
		}
	}
	if err := o.startHost(ctx); err != nil {
		return err
	}
	return o.installOnHost(ctx)
}

// mayOfferHost says whether an embedded host could run here, and somebody is
// there to answer.
func (o *CreateOptions) mayOfferHost() bool {
	return runtime.GOOS == "linux" && os.Geteuid() == 0 && o.InTTY && o.ErrTTY
}

func (o *CreateOptions) startHost(ctx context.Context) error {
	up := &HostUpOptions{HostOptions: HostOptions{Factory: o.Factory, Host: host.Options{Timeout: o.Timeout}}}
	status, err := up.up(ctx)
	if err != nil {
		return explainHost(o.Program, err)
	}
	o.UseContext(status.Context)
	return nil
}

// installOnHost brings the controller to a host that has none.
func (o *CreateOptions) installOnHost(ctx context.Context) error {
	c, err := o.NewClient()
	if err != nil {
		return err
	}
	err = c.List(ctx, &v1alpha1.VirtualClusterList{}, client.Limit(1))
	if !cli.NotInstalled(err) {
		return err
	}
	o.Hintf("Installing the controller on the embedded host.")
	quiet := o.InNamespace(charts.Namespace)
	quiet.Output, quiet.Out, quiet.ErrOut = "", io.Discard, io.Discard
	install := &InstallOptions{Factory: quiet, Image: defaultImage(), Wait: true, Timeout: o.Timeout, DryRun: dryRunNone}
	return install.Run(ctx)
}
