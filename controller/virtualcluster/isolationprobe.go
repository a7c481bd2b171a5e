package virtualcluster

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
)

// isolating are the checks of a probe that say something of isolation.
var isolating = []string{finding.UserNamespace, finding.GroupMap, finding.Seccomp, finding.Kernel}

// probed is the name of the fact that a check of a probe becomes: what a probe
// found of another pod on that node is not what is known of this one.
func probed(check string) string {
	return "probed" + strings.ToUpper(check[:1]) + check[1:]
}

// probeFacts are what a probe found of the runtime of a pod on the node that the
// pod is on. No tenant was ever in the pod that found it, and none can change what
// the report says.
func (s *Scope) probeFacts(p *corev1.Pod) []v1alpha1.IsolationFact {
	under := s.runtimeOf(&p.Spec)
	if under == nil || p.Spec.NodeName == "" || *p.Spec.RuntimeClassName != under.Knowledge().ClassName {
		return nil // what is of a class of the site's is not probed, whatever its handler
	}
	r := s.proofs[v1alpha1.RuntimeReportSpec{NodeName: p.Spec.NodeName, Profile: string(under.Knowledge().Name)}]
	if r == nil || r.Status.Probe == nil {
		return nil
	}
	// What holds is told without its value: each pod has another map of ids, and
	// another probe with the same outcome is to change nothing.
	var out []v1alpha1.IsolationFact
	for _, c := range r.Status.Probe.Checks {
		if !slices.Contains(isolating, c.Name) {
			continue
		}
		fact := v1alpha1.IsolationFact{Name: probed(c.Name), Value: "as needed, on node " + p.Spec.NodeName, Source: v1alpha1.SourceProbe, Holds: c.OK}
		if !c.OK {
			fact.Value = cut(c.Found+", on node "+p.Spec.NodeName, maxQuoted)
		}
		out = append(out, fact)
	}
	return out
}
