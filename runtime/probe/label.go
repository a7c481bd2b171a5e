package probe

import "github.com/vclusterctl/vclusterctl/api/v1alpha1"

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
