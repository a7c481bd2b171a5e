package virtualcluster

import (
	"net"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// endpointOf is where users reach the API: host:port, or why there is none yet.
func endpointOf(expose v1alpha1.ExposeType, api *corev1.Service, nodes []corev1.Node) (endpoint, missing string) {
	switch expose {
	case v1alpha1.ExposeLoadBalancer:
		return balancerEndpoint(api)
	case v1alpha1.ExposeNodePort:
		return nodeEndpoint(api, nodes)
	default:
		return join(api.Spec.ClusterIP, cluster.APIPort), ""
	}
}

func balancerEndpoint(api *corev1.Service) (endpoint, missing string) {
	for _, ingress := range api.Status.LoadBalancer.Ingress {
		if ingress.IP != "" {
			return join(ingress.IP, cluster.APIPort), ""
		}
		if ingress.Hostname != "" {
			return join(ingress.Hostname, cluster.APIPort), ""
		}
	}
	return "", "waiting for the load balancer of Service \"" + api.Name +
		"\" to get an address; if the host has no load balancer, use spec.expose.type NodePort or ClusterIP"
}

func nodeEndpoint(api *corev1.Service, nodes []corev1.Node) (endpoint, missing string) {
	port := int32(0)
	for _, p := range api.Spec.Ports {
		port = p.NodePort
	}
	if port == 0 {
		return "", "waiting for the node port of Service \"" + api.Name + "\""
	}
	// An address seen from outside is better, and the first node by name is
	// as good as any other: kube-proxy serves the port on all of them.
	for _, kind := range []corev1.NodeAddressType{corev1.NodeExternalIP, corev1.NodeInternalIP} {
		for _, n := range nodes {
			if address := addressOf(n, kind); address != "" && nodeReady(n) {
				return join(address, port), ""
			}
		}
	}
	return "", "no node of the host is Ready and has an address"
}

func addressOf(n corev1.Node, kind corev1.NodeAddressType) string {
	for _, a := range n.Status.Addresses {
		if a.Type == kind {
			return a.Address
		}
	}
	return ""
}

func nodeReady(n corev1.Node) bool {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func join(host string, port int32) string {
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}
