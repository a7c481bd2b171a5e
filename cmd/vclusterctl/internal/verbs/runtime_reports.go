package verbs

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// forget removes the RuntimeReports of nodes that do not have the runtime any more:
// the controller keeps what it has found of a node for as long as that is there.
// Where pods go on running under the runtime its report stays, too: it is what is
// known of their isolation.
func (o *RuntimeSetupOptions) forget(ctx context.Context, c client.Client, seen *seenHost, nodes []string) error {
	var list v1alpha1.RuntimeReportList
	err := c.List(ctx, &list)
	if cli.NotInstalled(err) || meta.IsNoMatchError(err) {
		return nil // nobody has made any
	}
	if err != nil {
		return fmt.Errorf("look for RuntimeReports of nodes that the runtime was taken off: %w", err)
	}
	reports := slices.DeleteFunc(list.Items, func(r v1alpha1.RuntimeReport) bool {
		i := slices.IndexFunc(seen.nodes, func(n corev1.Node) bool { return n.Name == r.Spec.NodeName })
		return r.Spec.Profile != o.Runtime || !slices.Contains(nodes, r.Spec.NodeName) || i < 0 || o.offers(&seen.nodes[i])
	})
	if len(reports) == 0 {
		return nil
	}
	used, err := o.stillUsed(ctx, c, seen)
	if err != nil {
		return err
	}
	for i := range reports {
		r := &reports[i]
		if used[r.Spec.NodeName] {
			o.Hintf("RuntimeReport %q stays for as long as pods run there under the runtime: do this again then.", r.Name)
			continue
		}
		if err := client.IgnoreNotFound(c.Delete(ctx, r, client.Preconditions{UID: &r.UID})); err != nil {
			return fmt.Errorf("remove RuntimeReport %q: %w", r.Name, err)
		}
		if o.Output == "" {
			fmt.Fprintf(o.Out, "runtimereport.%s/%s deleted\n", v1alpha1.GroupName, r.Name)
		}
	}
	return nil
}

// stillUsed are the nodes on which pods run under the runtime, be it through a
// RuntimeClass of the site's own. What is a probe's is no use of it.
func (o *RuntimeSetupOptions) stillUsed(ctx context.Context, c client.Reader, seen *seenHost) (map[string]bool, error) {
	var pods corev1.PodList
	if err := c.List(ctx, &pods); err != nil {
		return nil, fmt.Errorf("look for pods that still use the runtime: %w", err)
	}
	k, used := o.profile.Knowledge(), map[string]bool{}
	for i := range pods.Items {
		pod := &pods.Items[i]
		name := pod.Spec.RuntimeClassName
		if name == nil || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed || probes(pod) {
			continue
		}
		if class := seen.classes[*name]; *name == k.ClassName || class != nil && class.Handler == k.Handler {
			used[pod.Spec.NodeName] = true
		}
	}
	return used, nil
}

// probes says whether a pod is one of the controller's that prove a runtime.
func probes(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	return owner != nil && owner.Kind == v1alpha1.RuntimeReportKind
}

// offers says whether the kubelet of a node says that it has the handler.
func (o *RuntimeSetupOptions) offers(n *corev1.Node) bool {
	handler := o.profile.Knowledge().Handler
	return slices.ContainsFunc(n.Status.RuntimeHandlers, func(h corev1.NodeRuntimeHandler) bool { return h.Name == handler })
}
