package cluster

import (
	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// APIService is the Service in front of the API servers, of the type that the
// spec exposes them with. Nothing but the API is on it: etcd and the guest's
// port are nobody's business outside.
//
// Of several servers only those that are ready are behind it. With one there is
// nothing to choose, so it is behind the Service from the start: the API can be
// reached as soon as it serves, not when the host's probe, its EndpointSlices
// and its proxy have all taken their turn.
func APIService(in Input) *corev1ac.ServiceApplyConfiguration {
	service := corev1ac.Service(APIServiceName(in.Name), in.Namespace).
		WithLabels(Labels(in.Name, "api")).
		WithAnnotations(in.Spec.Expose.Annotations).
		WithOwnerReferences(in.owner()).
		WithSpec(corev1ac.ServiceSpec().
			WithType(serviceType(in.Spec.Expose.Type)).
			WithSelector(serverSelector(in.Name)).
			WithPorts(corev1ac.ServicePort().
				WithName("https").
				WithAppProtocol("https").
				WithProtocol(corev1.ProtocolTCP).
				WithPort(APIPort).
				WithTargetPort(targetPort)))
	if Servers(in.Spec).Replicas == 1 {
		service.Spec.WithPublishNotReadyAddresses(true)
	}
	return service
}

// NodesService gives each node pod a DNS name, ready or not: members of the
// datastore look for each other before any of them is ready.
func NodesService(in Input) *corev1ac.ServiceApplyConfiguration {
	return corev1ac.Service(NodesServiceName(in.Name), in.Namespace).
		WithLabels(Labels(in.Name, "nodes")).
		WithOwnerReferences(in.owner()).
		WithSpec(corev1ac.ServiceSpec().
			WithType(corev1.ServiceTypeClusterIP).
			WithClusterIP(corev1.ClusterIPNone).
			WithSelector(clusterSelector(in.Name)).
			WithPublishNotReadyAddresses(true))
}

func serviceType(t v1alpha1.ExposeType) corev1.ServiceType {
	switch t {
	case v1alpha1.ExposeNodePort:
		return corev1.ServiceTypeNodePort
	case v1alpha1.ExposeLoadBalancer:
		return corev1.ServiceTypeLoadBalancer
	default:
		return corev1.ServiceTypeClusterIP
	}
}
