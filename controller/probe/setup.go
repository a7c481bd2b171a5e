package probe

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
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
	runtimeprobe "github.com/vclusterctl/vclusterctl/runtime/probe"
)

// NewPodCache holds the probe pods of a namespace and nothing else.
func NewPodCache(mgr manager.Manager, namespace string) (cache.Cache, error) {
	ours := labels.NewSelector()
	if exists, err := labels.NewRequirement(runtimeprobe.LabelProbe, selection.Exists, nil); err == nil {
		ours = ours.Add(*exists)
	}
	c, err := cache.New(mgr.GetConfig(), cache.Options{
		Scheme: mgr.GetScheme(),
		Mapper: mgr.GetRESTMapper(),
		ByObject: map[client.Object]cache.ByObject{&corev1.Pod{}: {
			Namespaces: map[string]cache.Config{namespace: {LabelSelector: ours}},
			Transform:  cache.TransformStripManagedFields(),
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("make a cache of probe pods: %w", err)
	}
	return c, mgr.Add(c) //nolint:wrapcheck // the caller says what this is about
}

// Setup makes the manager run the reconciler. pods holds the probe pods, and
// catalogues the catalogue, which says what node image there is.
func (r *Reconciler) Setup(mgr manager.Manager, pods, catalogues cache.Cache) error {
	host := handler.EnqueueRequestsFromMapFunc(func(context.Context, client.Object) []reconcile.Request {
		return []reconcile.Request{{}}
	})
	err := builder.ControllerManagedBy(mgr).
		Named("probe").
		Watches(&corev1.Node{}, host, builder.WithPredicates(nodeChanged())).
		Watches(&nodev1.RuntimeClass{}, host).
		Watches(&v1alpha1.RuntimeReport{}, host).
		Watches(&v1alpha1.VirtualCluster{}, host, builder.WithPredicates(startsToWait())).
		WatchesRawSource(source.Kind[client.Object](pods, &corev1.Pod{}, host)).
		WatchesRawSource(source.Kind[client.Object](catalogues, &corev1.ConfigMap{}, host)).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: 1,
			// The name is a label of metrics; a process may well hold two.
			SkipNameValidation: ptr.To(true),
		}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the probes: %w", err)
	}
	return nil
}

// nodeChanged keeps the heartbeats of nodes away.
func nodeChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		old, ok := e.ObjectOld.(*corev1.Node)
		updated, ok2 := e.ObjectNew.(*corev1.Node)
		return !ok || !ok2 ||
			!equality.Semantic.DeepEqual(old.Labels, updated.Labels) ||
			!equality.Semantic.DeepEqual(old.Status.RuntimeHandlers, updated.Status.RuntimeHandlers) ||
			!equality.Semantic.DeepEqual(old.Status.NodeInfo, updated.Status.NodeInfo) ||
			ready(old) != ready(updated)
	}}
}
