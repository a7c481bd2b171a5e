package install

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Other is a controller in another namespace.
type Other struct {
	Namespace string
	// Namespaced says that it looks after its own namespace only.
	Namespaced bool
}

// Others lists the controllers outside one namespace.
func Others(ctx context.Context, c client.Reader, namespace string) ([]Other, error) {
	var list appsv1.DeploymentList
	if err := c.List(ctx, &list, client.MatchingLabels(ControllerLabels())); err != nil {
		return nil, fmt.Errorf("look for other controllers: %w", err)
	}
	var found []Other
	for i := range list.Items {
		if d := &list.Items[i]; d.Namespace != namespace {
			found = append(found, Other{Namespace: d.Namespace, Namespaced: namespaced(d)})
		}
	}
	return found, nil
}

func namespaced(d *appsv1.Deployment) bool {
	for _, container := range d.Spec.Template.Spec.Containers {
		if slices.ContainsFunc(container.Args, func(arg string) bool { return strings.HasPrefix(arg, "--watch-namespace") }) {
			return true
		}
	}
	return false
}

// WithoutShared are the manifests without what other installations need, too.
func (m Manifests) WithoutShared() Manifests {
	rest := slices.DeleteFunc(slices.Clone(m.Rest), func(u *unstructured.Unstructured) bool { return u.GetKind() == "RuntimeClass" })
	return Manifests{CRDs: m.CRDs, Rest: rest}
}
