package virtualcluster

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// observeHost reads what is known of the host cluster. Nodes are not copied:
// there can be thousands, and no step changes what it observes.
func (r *Reconciler) observeHost(ctx context.Context, s *Scope) error {
	var classes nodev1.RuntimeClassList
	if err := r.client.List(ctx, &classes); err != nil {
		return fmt.Errorf("list RuntimeClasses: %w", err)
	}
	s.runtimeClasses = map[string]*nodev1.RuntimeClass{}
	for i := range classes.Items {
		s.runtimeClasses[classes.Items[i].Name] = &classes.Items[i]
	}
	var nodes corev1.NodeList
	if err := r.client.List(ctx, &nodes, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	s.nodes = nodes.Items
	slices.SortFunc(s.nodes, func(a, b corev1.Node) int { return cmp.Compare(a.Name, b.Name) })
	return r.observeHostNetwork(ctx, s)
}

func (r *Reconciler) observeHostNetwork(ctx context.Context, s *Scope) error {
	var services networkingv1.ServiceCIDRList
	if err := r.client.List(ctx, &services); err != nil {
		return fmt.Errorf("list ServiceCIDRs: %w", err)
	}
	var slicesOfAPI discoveryv1.EndpointSliceList
	if err := r.client.List(ctx, &slicesOfAPI, client.InNamespace(apiServiceNamespace),
		client.MatchingLabels{discoveryv1.LabelServiceName: apiServiceName}); err != nil {
		return fmt.Errorf("list EndpointSlices of the host's API: %w", err)
	}
	var err error
	s.host, err = hostNetwork(r.opts.HostPodCIDRs, s.nodes, services.Items, slicesOfAPI.Items)
	return err
}

// The Service through which pods of the host reach its API.
const (
	apiServiceNamespace = "default"
	apiServiceName      = "kubernetes"
)

// hostNetwork puts together what the host uses. Pod ranges come from the nodes,
// unless the administrator named them: not every network plug-in uses those.
func hostNetwork(pods []netip.Prefix, nodes []corev1.Node, services []networkingv1.ServiceCIDR, api []discoveryv1.EndpointSlice) (cluster.HostNetwork, error) {
	host := cluster.HostNetwork{PodCIDRs: slices.Clone(pods)}
	if len(pods) == 0 {
		for _, n := range nodes {
			p, err := parsePrefixes("pod range of node "+n.Name, n.Spec.PodCIDRs)
			if err != nil {
				return cluster.HostNetwork{}, err
			}
			host.PodCIDRs = append(host.PodCIDRs, p...)
		}
	}
	for _, c := range services {
		p, err := parsePrefixes("ServiceCIDR "+c.Name, c.Spec.CIDRs)
		if err != nil {
			return cluster.HostNetwork{}, err
		}
		host.ServiceCIDRs = append(host.ServiceCIDRs, p...)
	}
	host.APIEndpoints = apiAddresses(api)
	host.NodeAddresses = nodeAddresses(nodes)
	host.PodCIDRs = merge(host.PodCIDRs)
	host.ServiceCIDRs = merge(host.ServiceCIDRs)
	return host, nil
}

// nodeAddresses are where kubelets and node ports listen.
func nodeAddresses(nodes []corev1.Node) []netip.Addr {
	var out []netip.Addr
	for _, n := range nodes {
		for _, a := range n.Status.Addresses {
			addr, err := netip.ParseAddr(a.Address)
			if a.Type == corev1.NodeInternalIP && err == nil {
				out = append(out, addr.Unmap())
			}
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}

func apiAddresses(api []discoveryv1.EndpointSlice) []netip.Addr {
	var out []netip.Addr
	for _, slice := range api {
		for _, e := range slice.Endpoints {
			for _, a := range e.Addresses {
				if addr, err := netip.ParseAddr(a); err == nil {
					out = append(out, addr)
				}
			}
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}

// merge sorts ranges, drops what others contain, and joins halves: a policy
// lists them all, and a large host has one per node.
func merge(in []netip.Prefix) []netip.Prefix {
	ranges := slices.Clone(in)
	slices.SortFunc(ranges, comparePrefix)
	var out []netip.Prefix
	for _, p := range ranges {
		out = appendMerged(out, p)
	}
	return out
}

func appendMerged(out []netip.Prefix, p netip.Prefix) []netip.Prefix {
	for len(out) > 0 {
		last := out[len(out)-1]
		if last.Overlaps(p) { // sorted, so last is the larger one
			return out
		}
		parent := netip.PrefixFrom(last.Addr(), last.Bits()-1).Masked()
		if last.Bits() != p.Bits() || !parent.Contains(p.Addr()) || parent.Addr() != last.Addr() {
			break
		}
		out, p = out[:len(out)-1], parent
	}
	return append(out, p)
}

func comparePrefix(a, b netip.Prefix) int {
	return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
}
