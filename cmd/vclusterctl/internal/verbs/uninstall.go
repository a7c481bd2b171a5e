package verbs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/charts"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/install"
)

// UninstallOptions are the flags of uninstall.
type UninstallOptions struct {
	*cli.Factory
	Namespaced bool
	All        bool
	Force      bool
	CRDs       bool
	Timeout    time.Duration
	DryRun     string
}

const uninstallLong = `Take the controller out of the current cluster.

It refuses as long as there are VirtualClusters, unless told what to do with
them:
  --all    delete them first, with everything in them
  --force  leave them: they go on running, but nobody looks after them, and a
           node pod that is replaced does not come back without the RuntimeClass
What the controller has found of the nodes goes with it: its RuntimeReports and
the labels of nodes that passed a probe; with --force they stay. Handlers are for
"runtime uninstall" to take off the nodes.
The CRD stays, so that an installation can come back; --crds removes it too.`

// NewCmdUninstall is "uninstall". Tests pass a runF of their own.
func NewCmdUninstall(f *cli.Factory, runF func(context.Context, *UninstallOptions) error) *cobra.Command {
	o := &UninstallOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Take the controller out of the current cluster",
		Long:  uninstallLong,
		Args:  args(cobra.NoArgs),
		RunE:  runs(o, noArgs(o.check), runF),
	}
	takesOutput(cmd, cli.OutputName)
	cmd.Flags().BoolVar(&o.Namespaced, "namespaced", false, "take out a controller that was installed with --namespaced")
	cmd.Flags().BoolVar(&o.All, "all", false, "delete all VirtualClusters first")
	cmd.Flags().BoolVar(&o.Force, "force", false, "leave VirtualClusters behind")
	cmd.Flags().BoolVar(&o.CRDs, "crds", false, "remove the CRD too")
	cmd.Flags().DurationVar(&o.Timeout, "timeout", 5*time.Minute, "how long to wait, 0 for ever")
	addDryRun(cmd.Flags(), &o.DryRun)
	return cmd
}

func (o *UninstallOptions) check() error {
	switch {
	case o.All && o.Force:
		return cli.Usagef("--all deletes VirtualClusters, --force leaves them: choose one")
	case o.CRDs && o.Force:
		return cli.Usagef("--crds removes all VirtualClusters with the CRD, --force leaves them: choose one")
	}
	return checkDryRun(o.DryRun)
}

// Run uninstalls.
func (o *UninstallOptions) Run(ctx context.Context) error {
	ctx, cancel := withTimeout(ctx, o.Timeout)
	defer cancel()
	c, err := o.NewClient()
	if err != nil {
		return err
	}
	namespace, err := o.namespace()
	if err != nil {
		return err
	}
	if err := o.clearClusters(ctx, c, namespace); err != nil {
		return err
	}
	manifests, err := install.Render(install.Params{Namespace: namespace, Namespaced: o.Namespaced})
	if err != nil {
		return err
	}
	others, err := install.Others(ctx, c, namespace)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		manifests = manifests.WithoutShared()
	}
	remover := &install.Remover{Client: c, DryRun: o.DryRun, Out: o.Out}
	if err := remover.Remove(ctx, manifests.Rest); err != nil {
		return err
	}
	if o.forgets(others) {
		if err := remover.Forget(ctx); err != nil {
			return err
		}
	}
	if !o.CRDs || len(others) > 0 {
		o.Hintf("%s", whyCRDStays(others))
		return nil
	}
	return remover.Remove(ctx, manifests.CRDs)
}

// forgets says whether what is known of the nodes goes with the controller: one for
// a namespace probes none, and what another one has found, or what the pods of
// clusters select that are left behind, stays.
func (o *UninstallOptions) forgets(others []install.Other) bool {
	return !o.Namespaced && !o.Force && !slices.ContainsFunc(others, func(other install.Other) bool { return !other.Namespaced })
}

func whyCRDStays(others []install.Other) string {
	if len(others) > 0 {
		return fmt.Sprintf("The CRD and the RuntimeClass stay: the controller in namespace %q needs them.", others[0].Namespace)
	}
	return "The CRD stays; remove it with --crds."
}

func (o *UninstallOptions) namespace() (string, error) {
	if o.TypedNamespace() != "" || !o.Namespaced {
		return orDefault(o.TypedNamespace(), charts.Namespace), nil
	}
	return o.Namespace()
}

// clearClusters does with the VirtualClusters that the controller looks after
// what the user said, or refuses.
func (o *UninstallOptions) clearClusters(ctx context.Context, c client.WithWatch, namespace string) error {
	var list v1alpha1.VirtualClusterList
	scope := client.InNamespace("")
	if o.Namespaced && !o.CRDs {
		scope = client.InNamespace(namespace)
	}
	err := c.List(ctx, &list, scope)
	if cli.NotInstalled(err) || meta.IsNoMatchError(err) || err == nil && len(list.Items) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for VirtualClusters: %w", err)
	}
	switch {
	case o.Force:
		o.Hintf("Leaving %s behind: they go on running, and nobody looks after them.", count(len(list.Items), "VirtualCluster"))
		return nil
	case !o.All:
		return cli.Refused(
			"Delete them with --all, or leave them running without a controller with --force",
			"%s left, for example %q in namespace %q", count(len(list.Items), "VirtualCluster"), list.Items[0].Name, list.Items[0].Namespace)
	}
	return o.deleteClusters(ctx, c, list.Items)
}

func (o *UninstallOptions) deleteClusters(ctx context.Context, c client.WithWatch, clusters []v1alpha1.VirtualCluster) error {
	del := &DeleteOptions{Factory: o.Factory, DryRun: o.DryRun}
	var errs []error
	var left []*remains
	for i := range clusters {
		t := &target{Factory: o.Factory, client: c, namespace: clusters[i].Namespace, name: clusters[i].Name}
		if o.DryRun == dryRunNone {
			left = append(left, remainsOf(ctx, t, clusters[i].UID))
		}
		errs = append(errs, del.delete(ctx, t, &clusters[i]))
	}
	if err := errors.Join(errs...); err != nil || o.DryRun != dryRunNone {
		return err
	}
	for _, r := range left {
		if err := del.await(ctx, r); err != nil {
			return err
		}
	}
	return nil
}
