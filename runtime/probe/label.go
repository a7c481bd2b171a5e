package probe

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// NodeLabel is what the nodes are labelled with, with the value
// v1alpha1.NodeLabelProven, on which a probe of a runtime passed: for nodes that
// run pods, or for servers that run none.
func NodeLabel(profile v1alpha1.RuntimeProfile, workers bool) string {
	key := v1alpha1.NodeLabelProvenPrefix + string(profile)
	if !workers {
		key += v1alpha1.NodeLabelServersSuffix
	}
	return key
}

// IsAbout says whether a report is about a node, and not about one that had its
// name before.
func IsAbout(r *v1alpha1.RuntimeReport, node *corev1.Node) bool {
	return slices.ContainsFunc(r.OwnerReferences, func(o metav1.OwnerReference) bool { return o.UID == node.UID })
}
