package verbs

import (
	"context"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/access"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// open finds a way to the API of the cluster, and says which. That nothing is
// between is of interest to people only.
func (t *target) open(ctx context.Context, vc *v1alpha1.VirtualCluster, change ...func(*access.Params)) (*access.Route, error) {
	if vc.Spec.Lifecycle.IsPaused() {
		return nil, t.paused()
	}
	host, err := t.RESTConfig()
	if err != nil {
		return nil, err
	}
	p := access.Params{Host: host, Client: t.client, Cluster: vc, Context: kubeconfig.ContextName(t.namespace, t.name), Tell: t.Hintf}
	if t.Verbose {
		p.Changes = t.Hintf
	}
	for _, c := range change {
		c(&p)
	}
	route, err := access.Open(ctx, p)
	if err == nil && !route.Tunnelled && (t.ErrTTY || t.Verbose) {
		t.Hintf("%s answers from here: going there directly.", route.Server)
	}
	return route, t.explainRoute(vc, err)
}

func (t *target) paused() error {
	return cli.Fail("Go on with: "+t.command("resume"), "virtual cluster %q in namespace %q is paused", t.name, t.namespace)
}

// explainRoute says what to do where there is no way.
func (t *target) explainRoute(vc *v1alpha1.VirtualCluster, err error) error {
	var unreachable *access.UnreachableError
	switch {
	case err == nil, access.PortTaken(err):
		return err
	case noKubeconfig(vc, err):
		return t.noKubeconfig()
	case errors.As(err, &unreachable) && apierrors.IsForbidden(err):
		return cli.Fail("Who may list and watch pods, and get and create pods/portforward, in namespace "+t.namespace+" of the host can go through it", "%w", err)
	case errors.As(err, &unreachable):
		return cli.Fail("See how it is with: "+t.command("describe"), "%w", err)
	}
	return err
}

// noKubeconfig says whether reading the kubeconfig failed because there is none.
func noKubeconfig(vc *v1alpha1.VirtualCluster, err error) bool {
	var unreachable *access.UnreachableError
	return vc.Status.KubeconfigSecretRef == nil || apierrors.IsNotFound(err) && !errors.As(err, &unreachable)
}

func (t *target) noKubeconfig() error {
	return cli.Fail("See why with: "+t.command("describe"), "virtual cluster %q in namespace %q has no kubeconfig yet", t.name, t.namespace)
}

// hostContext is the context in which the virtual cluster's object lives, "" in a
// pod of its host.
func hostContext(f *cli.Factory) string {
	if f.InPod() {
		return ""
	}
	if *f.Flags.Context != "" {
		return *f.Flags.Context
	}
	raw, err := f.Flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return ""
	}
	return raw.CurrentContext
}
