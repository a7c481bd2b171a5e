package harness

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// Inventory lists everything there is of a virtual cluster on the host, of
// whatever kind: what carries its label, and the volumes of its claims.
func (h *Host) Inventory(ctx context.Context, namespace, name string) ([]client.Object, error) {
	kinds, err := h.namespacedKinds()
	if err != nil {
		return nil, err
	}
	var found []client.Object
	for _, kind := range kinds {
		var list metav1.PartialObjectMetadataList
		list.SetGroupVersionKind(kind)
		err := h.List(ctx, &list, client.InNamespace(namespace), client.MatchingLabels{v1alpha1.LabelCluster: name})
		if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list %s of %q: %w", kind.Kind, name, err)
		}
		for i := range list.Items {
			list.Items[i].SetGroupVersionKind(kind)
			found = append(found, &list.Items[i])
		}
	}
	volumes, err := h.volumes(ctx, namespace, name)
	return append(found, volumes...), err
}

func (h *Host) namespacedKinds() ([]schema.GroupVersionKind, error) {
	lists, err := h.Clientset.Discovery().ServerPreferredNamespacedResources()
	if err != nil {
		return nil, fmt.Errorf("list the kinds of objects: %w", err)
	}
	var kinds []schema.GroupVersionKind
	for _, list := range discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "watch"}}, lists) {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, r := range list.APIResources {
			kinds = append(kinds, gv.WithKind(r.Kind))
		}
	}
	return kinds, nil
}

// volumes are those that the claims of a cluster's node pods were bound to.
func (h *Host) volumes(ctx context.Context, namespace, name string) ([]client.Object, error) {
	var list corev1.PersistentVolumeList
	if err := h.List(ctx, &list); err != nil {
		return nil, err
	}
	var found []client.Object
	for i := range list.Items {
		claim := list.Items[i].Spec.ClaimRef
		if claim != nil && claim.Namespace == namespace && strings.HasPrefix(claim.Name, "state-"+name+"-") {
			found = append(found, &list.Items[i])
		}
	}
	return found, nil
}

// AwaitNothing waits until nothing is left of a virtual cluster.
func (h *Host) AwaitNothing(ctx context.Context, namespace, name string) error {
	for {
		left, err := h.Inventory(ctx, namespace, name)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			return nil
		}
		// What goes may be made anew by somebody meanwhile: look again.
		for _, o := range left {
			if err := AwaitGone(ctx, h.Cluster, o); err != nil {
				return err
			}
		}
	}
}

// Describe is a list of objects in one line.
func Describe(objects []client.Object) string {
	var words []string
	for _, o := range objects {
		words = append(words, o.GetObjectKind().GroupVersionKind().Kind+"/"+o.GetName())
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}
