package controller

import (
	"fmt"
	"net/http"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// The kinds that the controller deals with.
var (
	namespacedKinds = []client.Object{
		&v1alpha1.VirtualCluster{},
		&appsv1.StatefulSet{},
		&corev1.ConfigMap{},
		&corev1.Event{},
		&corev1.PersistentVolumeClaim{},
		&corev1.Pod{},
		&corev1.Secret{},
		&corev1.Service{},
		&discoveryv1.EndpointSlice{},
		&eventsv1.Event{},
		&networkingv1.NetworkPolicy{},
	}
	clusterKinds = []client.Object{
		&corev1.Node{},
		&networkingv1.ServiceCIDR{},
		&v1alpha1.RuntimeReport{},
		&nodev1.RuntimeClass{},
	}
)

// newMapper maps the kinds that the controller deals with, all of them known
// when it is built. A mapper that asks the API server could not be made while
// that is away: the controller would end, again and again, and be held back for
// minutes after the API server is there.
func newMapper(scheme *runtime.Scheme) func(*rest.Config, *http.Client) (meta.RESTMapper, error) {
	return func(*rest.Config, *http.Client) (meta.RESTMapper, error) {
		mapper := meta.NewDefaultRESTMapper(nil)
		for scope, kinds := range map[meta.RESTScope][]client.Object{
			meta.RESTScopeNamespace: namespacedKinds,
			meta.RESTScopeRoot:      clusterKinds,
		} {
			for _, kind := range kinds {
				gvk, err := apiutil.GVKForObject(kind, scheme)
				if err != nil {
					return nil, fmt.Errorf("map %T: %w", kind, err)
				}
				mapper.Add(gvk, scope)
				// Lists are looked up by a kind of their own.
				mapper.Add(gvk.GroupVersion().WithKind(gvk.Kind+"List"), scope)
			}
		}
		return mapper, nil
	}
}
