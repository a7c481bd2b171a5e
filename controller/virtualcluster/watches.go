package virtualcluster

import (
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// Setup makes the manager run the reconciler. news tells of clusters whose
// guests have news, and catalogues holds the catalogue.
func (r *Reconciler) Setup(
	mgr manager.Manager, news <-chan event.TypedGenericEvent[*v1alpha1.VirtualCluster], catalogues cache.Cache, workers int,
) error {
	everything := handler.EnqueueRequestsFromMapFunc(r.allClusters)
	b := builder.ControllerManagedBy(mgr).
		Named("virtualcluster").
		For(&v1alpha1.VirtualCluster{}).
		Owns(&appsv1.StatefulSet{}).
		Owns(&corev1.Service{}).
		Owns(&corev1.ConfigMap{}).
		Owns(&networkingv1.NetworkPolicy{}).
		Owns(&corev1.Secret{}, builder.OnlyMetadata).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(clusterByLabel)).
		WatchesMetadata(&corev1.PersistentVolumeClaim{}, handler.EnqueueRequestsFromMapFunc(clusterByLabel)).
		Watches(&nodev1.RuntimeClass{}, everything).
		Watches(&corev1.Node{}, everything, builder.WithPredicates(nodeChanged())).
		Watches(&networkingv1.ServiceCIDR{}, everything).
		Watches(&discoveryv1.EndpointSlice{}, everything).
		WatchesRawSource(source.Kind[client.Object](catalogues, &corev1.ConfigMap{}, everything)).
		WatchesRawSource(source.TypedChannel(news, &handler.TypedEnqueueRequestForObject[*v1alpha1.VirtualCluster]{})).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: workers,
			// The name is a label of metrics; a process may well hold two.
			SkipNameValidation: ptr.To(true),
		})
	if r.opts.Probed {
		b = b.Watches(&v1alpha1.RuntimeReport{}, everything, builder.WithPredicates(reportChanged()))
	}
	if err := b.Complete(r.withForget()); err != nil {
		return fmt.Errorf("set up controller: %w", err)
	}
	return nil
}

// withForget is the reconciler for requests: it drops what is kept of clusters
// that are gone.
func (r *Reconciler) withForget() reconcile.Reconciler {
	known := reconcile.AsReconciler(r.client, r)
	return reconcile.Func(func(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
		err := r.client.Get(ctx, req.NamespacedName, &v1alpha1.VirtualCluster{})
		if !apierrors.IsNotFound(err) {
			return known.Reconcile(ctx, req)
		}
		r.Forget(req.NamespacedName)
		return reconcile.Result{}, nil
	})
}

// clusterByLabel finds the cluster of what is only indirectly owned by it: node
// pods and their volumes.
func clusterByLabel(_ context.Context, obj client.Object) []reconcile.Request {
	name := obj.GetLabels()[v1alpha1.LabelCluster]
	if name == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: obj.GetNamespace(), Name: name}}}
}

// allClusters are woken by what concerns the whole host.
func (r *Reconciler) allClusters(ctx context.Context, _ client.Object) []reconcile.Request {
	var list v1alpha1.VirtualClusterList
	if err := r.client.List(ctx, &list); err != nil {
		return nil // the cache is not there yet, and then every cluster is going to be looked at
	}
	out := make([]reconcile.Request, 0, len(list.Items))
	for i := range list.Items {
		out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
	}
	return out
}

// nodeChanged keeps the heartbeats of nodes from waking every cluster.
func nodeChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		old, ok := e.ObjectOld.(*corev1.Node)
		updated, ok2 := e.ObjectNew.(*corev1.Node)
		return !ok || !ok2 || !sameForUs(old, updated)
	}}
}

// sameForUs compares what steps read of a node.
func sameForUs(a, b *corev1.Node) bool {
	return equality.Semantic.DeepEqual(a.Labels, b.Labels) &&
		equality.Semantic.DeepEqual(a.Spec, b.Spec) &&
		equality.Semantic.DeepEqual(a.Status.RuntimeHandlers, b.Status.RuntimeHandlers) &&
		equality.Semantic.DeepEqual(a.Status.NodeInfo, b.Status.NodeInfo) &&
		slices.Equal(a.Status.Addresses, b.Status.Addresses) &&
		nodeReady(*a) == nodeReady(*b)
}
