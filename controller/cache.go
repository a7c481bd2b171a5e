package controller

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("build scheme: %w", err)
		}
	}
	return scheme, nil
}

// cacheOptions keep in memory what belongs to virtual clusters, and of the rest
// of the host only what steps read. Managed fields stay on the objects that we
// apply: they say what is ours.
func cacheOptions(opts Options) cache.Options {
	ours := labels.NewSelector()
	if exists, err := labels.NewRequirement(v1alpha1.LabelCluster, "exists", nil); err == nil {
		ours = ours.Add(*exists)
	}
	applied := cache.ByObject{Label: ours}
	out := cache.Options{
		ByObject: map[client.Object]cache.ByObject{
			&appsv1.StatefulSet{}:           applied,
			&corev1.Service{}:               applied,
			&corev1.ConfigMap{}:             applied,
			&networkingv1.NetworkPolicy{}:   applied,
			&corev1.Secret{}:                {Label: ours, Transform: cache.TransformStripManagedFields()},
			&corev1.Pod{}:                   {Label: ours, Transform: cache.TransformStripManagedFields()},
			&corev1.PersistentVolumeClaim{}: {Label: ours, Transform: cache.TransformStripManagedFields()},
			&corev1.Node{}:                  {Transform: slimNode},
			&discoveryv1.EndpointSlice{}: {
				Namespaces: map[string]cache.Config{hostAPINamespace: {
					FieldSelector: fields.OneTermEqualSelector("metadata.name", hostAPIName),
				}},
			},
		},
		DefaultTransform: cache.TransformStripManagedFields(),
	}
	for obj, by := range out.ByObject {
		if by.Transform == nil {
			by.Transform = keep
			out.ByObject[obj] = by
		}
	}
	if opts.WatchNamespace != "" {
		out.DefaultNamespaces = map[string]cache.Config{opts.WatchNamespace: {}}
	}
	return out
}

// The Service, and its EndpointSlice of the same name, of the host's API.
const (
	hostAPINamespace = "default"
	hostAPIName      = "kubernetes"
)

func keep(obj any) (any, error) { return obj, nil }

// slimNode drops what no step reads of a node: most of it is a list of images.
func slimNode(obj any) (any, error) {
	n, ok := obj.(*corev1.Node)
	if !ok {
		return obj, nil
	}
	n.ManagedFields, n.Annotations = nil, nil
	n.Status.Images, n.Status.VolumesInUse, n.Status.VolumesAttached = nil, nil, nil
	for i := range n.Status.Conditions {
		n.Status.Conditions[i].LastHeartbeatTime.Reset()
	}
	return n, nil
}
