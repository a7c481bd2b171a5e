package virtualcluster

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

const usernsClass = "vclusterctl-userns"

// chooseRun finds the runtime of the node pods and the nodes that offer it. It
// stops nothing itself: what needs no pod goes on, and servers stop.
func chooseRun(s *Scope) error {
	class := s.runtimeClasses[usernsClass]
	if class == nil {
		s.runtimeStop = wait(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonRuntimeClassMissing,
			"RuntimeClass %q is missing; vclusterctl doctor says how to set up the host", usernsClass)
		s.no(v1alpha1.ConditionRuntimeReady, s.runtimeStop.reason, s.runtimeStop.message)
		return nil
	}
	capable := 0
	for _, n := range s.nodes {
		if offers(n, class.Handler) {
			capable++
		}
	}
	if capable == 0 {
		s.runtimeStop = wait(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonNoCapableNode,
			"no node offers handler %q with user namespaces; vclusterctl doctor says what each node lacks", class.Handler)
		s.no(v1alpha1.ConditionRuntimeReady, s.runtimeStop.reason, s.runtimeStop.message)
		return nil
	}
	s.shape = cluster.PodShape{
		RuntimeClassName: usernsClass,
		Command:          []string{"/sbin/init"},
		Env:              []corev1.EnvVar{{Name: "container", Value: "oci"}},
		SecurityContext: corev1ac.SecurityContext().
			WithCapabilities(corev1ac.Capabilities().WithDrop("ALL").WithAdd("SYS_ADMIN", "NET_ADMIN")).
			WithProcMount(corev1.UnmaskedProcMount),
	}
	s.vc.Status.Runtime = &v1alpha1.RuntimeStatus{Servers: string(v1alpha1.RuntimeUserns), Pools: string(v1alpha1.RuntimeUserns)}
	s.yes(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonReady, fmt.Sprintf("%s can run node pods", count(capable, "node")))
	return nil
}

func offers(n corev1.Node, handler string) bool {
	for _, h := range n.Status.RuntimeHandlers {
		if h.Name == handler && h.Features != nil && ptr.Deref(h.Features.UserNamespaces, false) {
			return true
		}
	}
	return false
}
