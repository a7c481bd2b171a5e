package install

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// CarriedDistros asks the nodes which distros the built-in node image carries.
// Only an embedded host knows, because its node runs that image. Elsewhere
// there is no answer.
func CarriedDistros(ctx context.Context, c client.Reader) ([]string, error) {
	nodes := &metav1.PartialObjectMetadataList{}
	nodes.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("NodeList"))
	if err := c.List(ctx, nodes); err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	for _, n := range nodes.Items {
		if said := n.Annotations[v1alpha1.NodeAnnotationDistros]; said != "" {
			return strings.Split(said, ","), nil
		}
	}
	return nil, nil
}
