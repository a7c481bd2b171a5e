package verbs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/charts"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/buildinfo"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/install"
	"github.com/vclusterctl/vclusterctl/controller/virtualcluster"
)

// InstallOptions are the flags of install.
type InstallOptions struct {
	*cli.Factory
	Image          string
	NodeImage      string
	NodeDistros    []string
	Policy         virtualcluster.Policy
	OwnKernels     []string
	Namespaced     bool
	Wait           bool
	Timeout        time.Duration
	DryRun         string
	ForceConflicts bool
}

const installLong = `Put the controller into the current cluster, or bring it up to date.

What is applied is the rendered Helm chart: the VirtualCluster CRD, a
ServiceAccount with the rights it needs and no more, the RuntimeClass, the
catalogue of versions and the controller's Deployment, in namespace
` + charts.Namespace + ` unless -n says otherwise. A second run with the same flags
changes nothing. Users may choose what the --allow flags allow.

With --namespaced the controller looks after one namespace only, that of -n or
of the current context, with a Role instead of a ClusterRole.`

// NewCmdInstall is "install". Tests pass a runF of their own.
func NewCmdInstall(f *cli.Factory, runF func(context.Context, *InstallOptions) error) *cobra.Command {
	o := &InstallOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Put the controller into the current cluster",
		Long:  installLong,
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkDryRun(o.DryRun); err != nil {
				return usage(cmd, err)
			}
			if err := checkKernels(o.OwnKernels); err != nil {
				return usage(cmd, err)
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
	takesOutput(cmd, cli.ObjectOutputs...)
	cmd.Flags().StringVar(&o.Image, "image", defaultImage(), "`image` of the controller")
	cmd.Flags().StringVar(&o.NodeImage, "node-image", "", "`image` of the nodes of virtual clusters, where nodes cannot have the built-in one")
	cmd.Flags().StringSliceVar(&o.NodeDistros, "node-distro", nil, "the `distros` that image carries, as k8s or k3s=v1.36.3+k3s1")
	addPolicy(cmd.Flags(), &o.Policy)
	cmd.Flags().StringArrayVar(&o.OwnKernels, allowOwnKernelFlag, nil, "the same for RuntimeClasses that give pods a kernel of their own, as kata-*, which need no user namespace; may be repeated")
	cmd.Flags().BoolVar(&o.Namespaced, "namespaced", false, "look after one namespace only")
	cmd.Flags().BoolVar(&o.Wait, "wait", true, "wait until the controller runs")
	cmd.Flags().DurationVar(&o.Timeout, "timeout", 5*time.Minute, "how long to wait, 0 for ever")
	cmd.Flags().BoolVar(&o.ForceConflicts, "force-conflicts", false, "take over fields that somebody else has set")
	addDryRun(cmd.Flags(), &o.DryRun)
	return cmd
}

// defaultImage is the controller image of this build.
func defaultImage() string {
	return "localhost/vclusterctl/controller:" + strings.ReplaceAll(buildinfo.Get().Version, "+", "-")
}

// Run installs.
func (o *InstallOptions) Run(ctx context.Context) error {
	namespace, err := o.namespace()
	if err != nil {
		return err
	}
	if o.DryRun == dryRunClient {
		manifests, err := o.render(namespace, o.NodeDistros)
		if err != nil {
			return err
		}
		return o.printAll(manifests.All())
	}
	c, err := o.NewClient()
	if err != nil {
		return err
	}
	ctx, cancel := withTimeout(ctx, o.Timeout)
	defer cancel()
	distros, err := o.distros(ctx, c)
	if err != nil {
		return o.explain(namespace, err)
	}
	manifests, err := o.render(namespace, distros)
	if err != nil {
		return err
	}
	if err := o.refuseSecond(ctx, c, namespace); err != nil {
		return err
	}
	changed, err := o.apply(ctx, c, manifests)
	if err != nil {
		return o.explain(namespace, err)
	}
	if err := o.await(ctx, c, namespace); err != nil {
		return err
	}
	return o.conclude(changed, namespace, manifests)
}

func (o *InstallOptions) render(namespace string, distros []string) (install.Manifests, error) {
	// Users may name these classes, too.
	policy := o.Policy
	policy.AllowedRuntimeClasses = slices.Concat(policy.AllowedRuntimeClasses, o.OwnKernels)
	return install.Render(install.Params{
		Namespace: namespace, Namespaced: o.Namespaced, Image: o.Image, Version: buildinfo.Get().Version,
		NodeImage: o.NodeImage, NodeDistros: distros, OwnKernelClasses: o.OwnKernels, Args: policyArgs(policy),
	})
}

func checkKernels(patterns []string) error {
	for _, pattern := range patterns {
		if err := install.CheckClassPattern(pattern); err != nil {
			return cli.Usagef("--%s: %v", allowOwnKernelFlag, err)
		}
	}
	return nil
}

// distros are what the node image carries. An embedded host knows it of the
// built-in image; of another one somebody must say it.
func (o *InstallOptions) distros(ctx context.Context, c client.Reader) ([]string, error) {
	if len(o.NodeDistros) > 0 || o.NodeImage != "" {
		return o.NodeDistros, nil
	}
	return install.CarriedDistros(ctx, c)
}

// refuseSecond refuses where two controllers would look after the same
// clusters.
func (o *InstallOptions) refuseSecond(ctx context.Context, c client.Reader, namespace string) error {
	others, err := install.Others(ctx, c, namespace)
	if err != nil {
		return o.explain(namespace, err)
	}
	for _, other := range others {
		if !o.Namespaced || !other.Namespaced {
			return cli.Refused(
				"Bring that one up to date with -n "+other.Namespace+", or take it out with: "+o.Command("uninstall", "-n", other.Namespace),
				"there is a controller in namespace %q already, and two would look after the same clusters", other.Namespace)
		}
	}
	return nil
}

// namespace is where the controller goes: a namespaced one to where its user
// is, the other one to a place of its own.
func (o *InstallOptions) namespace() (string, error) {
	if o.TypedNamespace() != "" || !o.Namespaced {
		return orDefault(o.TypedNamespace(), charts.Namespace), nil
	}
	return o.Namespace()
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (o *InstallOptions) apply(ctx context.Context, c client.WithWatch, m install.Manifests) (bool, error) {
	applier := &install.Applier{Client: c, Options: applyOptions(o.DryRun), Done: o.report}
	if o.ForceConflicts {
		applier.Options = append(applier.Options, client.ForceOwnership)
	}
	changedCRDs, err := applier.Apply(ctx, m.CRDs)
	if err != nil {
		return false, err
	}
	for _, crd := range m.CRDs {
		if o.DryRun != dryRunNone {
			break
		}
		if err := install.AwaitCRD(ctx, c, crd.GetName()); err != nil {
			return false, fmt.Errorf("wait for CustomResourceDefinition %q: %w", crd.GetName(), err)
		}
	}
	changed, err := o.applyRest(ctx, applier, m)
	return changed || changedCRDs, err
}

// report tells what was done to an object: on standard output, unless the
// objects themselves go there.
func (o *InstallOptions) report(u *unstructured.Unstructured, outcome install.Outcome) {
	var w io.Writer = o.Out
	if o.Output != "" {
		w = o.ErrOut
	}
	fmt.Fprintf(w, "%s/%s %s%s\n", resourceName(u), u.GetName(), outcome, dryRunSuffix(o.DryRun))
}

// resourceName is the kind as kubectl prints it.
func resourceName(u *unstructured.Unstructured) string {
	gvk := u.GroupVersionKind()
	if gvk.Group == "" {
		return strings.ToLower(gvk.Kind)
	}
	return strings.ToLower(gvk.Kind) + "." + gvk.Group
}

func (o *InstallOptions) explain(namespace string, err error) error {
	switch {
	case cli.Unanswered(err):
		return err // what to do about that is no matter of installing
	case errors.Is(err, context.DeadlineExceeded):
		return cli.TimedOut("Run it again: what is there already is left alone", "%w", err)
	case apierrors.IsConflict(err):
		return cli.Fail("Take the fields over with --force-conflicts, if that is what you want", "%w", err)
	case apierrors.IsForbidden(err):
		return cli.Fail("Installing needs an administrator of the cluster: use a context of one", "%w", err)
	case apierrors.IsNotFound(err) && o.Namespaced:
		return cli.NotFound("Make it with: "+o.Kubectl("create", "namespace", namespace), "%w", err)
	}
	return err
}

func (o *InstallOptions) await(ctx context.Context, c client.WithWatch, namespace string) error {
	if !o.Wait || o.DryRun != dryRunNone {
		return nil
	}
	o.Hintf("Waiting for the controller in namespace %q to run.", namespace)
	err := install.AwaitController(ctx, c, namespace, func(trouble string) {
		o.Hintf("So far %s; still waiting, in case it is being loaded.", trouble)
	})
	if errors.Is(err, context.DeadlineExceeded) {
		trouble := install.Trouble(context.WithoutCancel(ctx), c, namespace)
		return cli.TimedOut(
			"Nothing is lost: run it again to keep waiting, or see: "+o.Kubectl("logs", "-n", namespace, "deployment/"+install.Name),
			"the controller does not run after %s: %s", o.Timeout, trouble)
	}
	if err != nil {
		return fmt.Errorf("wait for the controller: %w", err)
	}
	return nil
}

func (o *InstallOptions) conclude(changed bool, namespace string, m install.Manifests) error {
	if o.Output != "" {
		return o.printAll(m.All())
	}
	switch {
	case o.DryRun != dryRunNone:
	case changed:
		o.Hintf("The controller is installed in namespace %q. Next: %s", namespace, o.Command("create", "dev"))
	default:
		o.Hintf("Nothing changed: the controller in namespace %q is up to date.", namespace)
	}
	return nil
}

// printAll prints manifests one below the other.
func (o *InstallOptions) printAll(objects []*unstructured.Unstructured) error {
	format := orDefault(o.Output, cli.OutputName)
	list := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": "v1", "kind": "List"}}
	for _, u := range objects {
		if format != cli.OutputJSON {
			if err := o.printOne(u, format); err != nil {
				return err
			}
		}
		list.Items = append(list.Items, *u)
	}
	if format != cli.OutputJSON {
		return nil
	}
	return cli.PrintObject(o.Out, list, format)
}

func (o *InstallOptions) printOne(u *unstructured.Unstructured, format string) error {
	if format == cli.OutputYAML {
		fmt.Fprintln(o.Out, "---")
	}
	return cli.PrintObject(o.Out, u, format)
}
