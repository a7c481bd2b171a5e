package cli

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// newClient gives a client of a cluster. It asks the cluster for nothing yet.
func newClient(config *rest.Config) (client.WithWatch, error) {
	options := client.Options{Scheme: Scheme()}
	var err error
	if options.HTTPClient, err = rest.HTTPClientFor(config); err != nil {
		return nil, err //nolint:wrapcheck // the caller says of which
	}
	others, err := apiutil.NewDynamicRESTMapper(config, options.HTTPClient)
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller says of which
	}
	options.Mapper = mapper{known: knownKinds(), RESTMapper: others}
	return client.NewWithWatch(config, options) //nolint:wrapcheck // as above
}

// mapper finds the resources of kinds. To ask the API server takes several
// requests, which no context ends, so it is asked only for kinds that are not
// known.
type mapper struct {
	known meta.RESTMapper
	meta.RESTMapper
}

// RESTMapping implements meta.RESTMapper.
func (m mapper) RESTMapping(kind schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	if mapping, err := m.known.RESTMapping(kind, versions...); err == nil {
		return mapping, nil
	}
	return m.RESTMapper.RESTMapping(kind, versions...) //nolint:wrapcheck // callers tell its errors apart
}

// knownKinds are those of virtual clusters and of what these consist of.
func knownKinds() meta.RESTMapper {
	known := meta.NewDefaultRESTMapper(nil)
	known.Add(corev1.SchemeGroupVersion.WithKind("Namespace"), meta.RESTScopeRoot)
	for version, kinds := range map[schema.GroupVersion][]string{
		v1alpha1.GroupVersion:           {v1alpha1.VirtualClusterKind},
		corev1.SchemeGroupVersion:       {"ConfigMap", "Event", "PersistentVolumeClaim", "Pod", "Secret", "Service"},
		appsv1.SchemeGroupVersion:       {"Deployment", "StatefulSet"},
		networkingv1.SchemeGroupVersion: {"NetworkPolicy"},
	} {
		for _, kind := range kinds {
			known.Add(version.WithKind(kind), meta.RESTScopeNamespace)
		}
	}
	return known
}
