package cluster

import (
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

var targetPort = intstr.FromInt32(APIPort)

// Ranges that never leave a link: cloud metadata services are among them.
var (
	worldV4     = netip.MustParsePrefix("0.0.0.0/0")
	worldV6     = netip.MustParsePrefix("::/0")
	linkLocalV4 = netip.MustParsePrefix("169.254.0.0/16")
	linkLocalV6 = netip.MustParsePrefix("fe80::/10")
)

// labelNamespaceName is on every namespace, put there by the API server.
const labelNamespaceName = "kubernetes.io/metadata.name"

// NodesPolicy fences the node pods: in come only their own cluster and the
// controller, out they reach DNS, their own cluster and the world, but neither
// the host's pods, Services, API and nodes nor anything link-local. The API itself is
// opened by APIPolicy.
func NodesPolicy(in Input) *networkingv1ac.NetworkPolicyApplyConfiguration {
	return networkingv1ac.NetworkPolicy(NodesServiceName(in.Name), in.Namespace).
		WithLabels(Labels(in.Name, "nodes")).
		WithOwnerReferences(in.owner()).
		WithSpec(networkingv1ac.NetworkPolicySpec().
			WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(clusterSelector(in.Name))).
			WithPolicyTypes(networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress).
			WithIngress(fromCluster(in), fromController(in)).
			WithEgress(egress(in)...))
}

// APIPolicy opens the API port of the servers to whoever can reach it:
// credentials decide there.
func APIPolicy(in Input) *networkingv1ac.NetworkPolicyApplyConfiguration {
	return networkingv1ac.NetworkPolicy(APIServiceName(in.Name), in.Namespace).
		WithLabels(Labels(in.Name, "api")).
		WithOwnerReferences(in.owner()).
		WithSpec(networkingv1ac.NetworkPolicySpec().
			WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(serverSelector(in.Name))).
			WithPolicyTypes(networkingv1.PolicyTypeIngress).
			WithIngress(networkingv1ac.NetworkPolicyIngressRule().
				WithPorts(port(corev1.ProtocolTCP, APIPort))))
}

func fromCluster(in Input) *networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration {
	return networkingv1ac.NetworkPolicyIngressRule().WithFrom(clusterPeer(in))
}

func fromController(in Input) *networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration {
	return networkingv1ac.NetworkPolicyIngressRule().
		WithFrom(namespacePeer(in.ControllerNamespace)).
		WithPorts(port(corev1.ProtocolTCP, guestapi.Port))
}

func egress(in Input) []*networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration {
	rules := []*networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration{
		networkingv1ac.NetworkPolicyEgressRule().
			WithTo(namespacePeer("kube-system")).
			WithPorts(port(corev1.ProtocolUDP, 53), port(corev1.ProtocolTCP, 53)),
		networkingv1ac.NetworkPolicyEgressRule().WithTo(clusterPeer(in)),
		networkingv1ac.NetworkPolicyEgressRule().WithTo(worlds(in.Host)...),
	}
	for _, allow := range in.Spec.Network.Allow {
		rules = append(rules, allowed(allow))
	}
	return rules
}

// MaxClosedNodes is up to how many addresses of nodes a policy closes. It lists
// every one, in every cluster, and a host of that size has other means.
const MaxClosedNodes = 200

// ClosesNodes says whether the addresses of the host's nodes are closed.
func (h HostNetwork) ClosesNodes() bool { return len(h.NodeAddresses) <= MaxClosedNodes }

// closed lists, in order, what a node must not reach in one address family.
func closed(host HostNetwork, family netip.Prefix) []string {
	ranges := []netip.Prefix{linkLocalV4, linkLocalV6}
	ranges = append(ranges, host.PodCIDRs...)
	ranges = append(ranges, host.ServiceCIDRs...)
	addresses := host.APIEndpoints
	if host.ClosesNodes() {
		addresses = slices.Concat(addresses, host.NodeAddresses)
	}
	for _, a := range addresses {
		ranges = append(ranges, netip.PrefixFrom(a, a.BitLen()))
	}
	var out []string
	for _, p := range ranges {
		if p.Addr().Is4() == family.Addr().Is4() {
			out = append(out, p.Masked().String())
		}
	}
	slices.SortFunc(out, strings.Compare)
	return slices.Compact(out)
}

// worlds are all addresses that are open. Of IPv6 there are none where the host
// has none: not every implementation takes rules of a family it does not run.
func worlds(host HostNetwork) []*networkingv1ac.NetworkPolicyPeerApplyConfiguration {
	out := []*networkingv1ac.NetworkPolicyPeerApplyConfiguration{world(worldV4, closed(host, worldV4))}
	v6 := func(p netip.Prefix) bool { return p.Addr().Is6() }
	if slices.ContainsFunc(slices.Concat(host.PodCIDRs, host.ServiceCIDRs), v6) {
		out = append(out, world(worldV6, closed(host, worldV6)))
	}
	return out
}

func world(family netip.Prefix, except []string) *networkingv1ac.NetworkPolicyPeerApplyConfiguration {
	return networkingv1ac.NetworkPolicyPeer().
		WithIPBlock(networkingv1ac.IPBlock().WithCIDR(family.String()).WithExcept(except...))
}

func allowed(rule v1alpha1.NetworkRule) *networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration {
	out := networkingv1ac.NetworkPolicyEgressRule().
		WithTo(networkingv1ac.NetworkPolicyPeer().
			WithIPBlock(networkingv1ac.IPBlock().WithCIDR(rule.CIDR)))
	for _, p := range rule.Ports {
		protocol := p.Protocol
		if protocol == "" {
			protocol = corev1.ProtocolTCP
		}
		out.WithPorts(port(protocol, p.Port))
	}
	return out
}

func clusterPeer(in Input) *networkingv1ac.NetworkPolicyPeerApplyConfiguration {
	return networkingv1ac.NetworkPolicyPeer().
		WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(clusterSelector(in.Name)))
}

func namespacePeer(name string) *networkingv1ac.NetworkPolicyPeerApplyConfiguration {
	return networkingv1ac.NetworkPolicyPeer().
		WithNamespaceSelector(metav1ac.LabelSelector().
			WithMatchLabels(map[string]string{labelNamespaceName: name}))
}

func port(protocol corev1.Protocol, number int32) *networkingv1ac.NetworkPolicyPortApplyConfiguration {
	return networkingv1ac.NetworkPolicyPort().
		WithProtocol(protocol).
		WithPort(intstr.FromInt32(number))
}
