package virtualcluster

import (
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// network makes the cluster reachable, and fences it, before there is a pod.
func network(s *Scope) error {
	services, policies := s.children.services, s.children.policies
	in := s.input
	apply(&s.plan, policies[cluster.NodesServiceName(in.Name)], cluster.NodesPolicy(in), networkingv1ac.ExtractNetworkPolicy)
	apply(&s.plan, policies[cluster.APIServiceName(in.Name)], cluster.APIPolicy(in), networkingv1ac.ExtractNetworkPolicy)
	apply(&s.plan, services[cluster.NodesServiceName(in.Name)], cluster.NodesService(in), corev1ac.ExtractService)
	api := services[cluster.APIServiceName(in.Name)]
	apply(&s.plan, api, cluster.APIService(in), corev1ac.ExtractService)
	if api == nil || api.Spec.ClusterIP == "" {
		return wait(v1alpha1.ConditionControlPlaneReady, v1alpha1.ReasonProgressing,
			"waiting for the address of Service %q", cluster.APIServiceName(in.Name))
	}
	s.input.APIAddress = api.Spec.ClusterIP
	return nil
}
