package virtualcluster

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// chooseDistro picks the distro of a new cluster, and says why. One that is
// asked for is tried wherever an image carries it: what keeps it from running
// it says itself. Where there is a choice it is the nodes that make it, so the
// cluster waits until it is known which they are.
func (s *Scope) chooseDistro(e catalogue.Entry) (v1alpha1.Distro, string, error) {
	asked, offered := s.vc.Spec.Distro, e.Offers(s.vc.Spec.Version)
	if ptr.Deref(s.controlPlaneOnly(), false) {
		if d, why, err := s.distroAlone(e, offered); d != "" || err != nil {
			return d, why, err
		}
	}
	k3s, k8s := slices.Contains(offered, v1alpha1.DistroK3s), slices.Contains(offered, v1alpha1.DistroK8s)
	switch {
	case asked != "" && !slices.Contains(offered, asked):
		return "", "", stall(v1alpha1.ConditionReady, v1alpha1.ReasonDistroUnavailable,
			"spec.distro %q is not in node image %q of version %s, which carries: %s; leave spec.distro out, or ask the administrator for an image that carries it",
			asked, e.Image, either(s.vc.Spec.Version, e.Version), list(distroNames(offered))).again()
	case asked != "":
		return asked, "asked for in spec.distro", nil
	case k3s && k8s:
		return s.distroOfNodes()
	case k8s:
		return v1alpha1.DistroK8s, fmt.Sprintf("node image %q does not carry k3s", e.Image), nil
	case k3s:
		return v1alpha1.DistroK3s, "the only one that the node image carries", nil
	default:
		return "", "", stall(v1alpha1.ConditionReady, v1alpha1.ReasonDistroUnavailable,
			"node image %q of version %s carries no distro this controller knows; ask the administrator to mend the catalogue", e.Image, e.Version)
	}
}

// distroOfNodes is the distro that the nodes decide on, on which pods of the
// cluster are going to be: a distro is for good, and so is a runtime that "auto"
// took. Nodes that only say that they offer a stronger runtime decide nothing.
func (s *Scope) distroOfNodes() (v1alpha1.Distro, string, error) {
	if err := chooseRuntime(s); err != nil {
		return "", "", err
	}
	if s.runtimeStop != nil {
		return "", "", s.runtimeStop
	}
	for _, c := range s.choices {
		if short := s.controllersMissing(c); short != "" {
			return v1alpha1.DistroK8s, short, nil
		}
	}
	return v1alpha1.DistroK3s, "the default where the node image carries it and the nodes that offer the runtime delegate the cgroup controllers it needs", nil
}

// distroAlone picks the distro of servers that run the control plane alone. It is
// empty where the spec says which, for its runtime to refuse.
func (s *Scope) distroAlone(e catalogue.Entry, offered []v1alpha1.Distro) (v1alpha1.Distro, string, error) {
	switch asked := s.vc.Spec.Distro; {
	case asked == v1alpha1.DistroK3s && ptr.Deref(s.vc.Spec.Servers.ControlPlaneOnly, false): // older than the CRD's rule
		return "", "", stall(v1alpha1.ConditionReady, v1alpha1.ReasonInvalidSpec,
			"spec.servers.controlPlaneOnly must not be true with distro k3s, which has not been tried without its agent; create the cluster with distro k8s, or without it")
	case asked != "":
		return "", "", nil
	case slices.Contains(offered, v1alpha1.DistroK8s):
		return v1alpha1.DistroK8s, "the servers run the control plane alone, and k3s has not been tried without its agent", nil
	default:
		return "", "", stall(v1alpha1.ConditionReady, v1alpha1.ReasonDistroUnavailable,
			"servers that run the control plane alone need distro k8s, and node image %q of version %s carries: %s; ask the administrator for an image that carries it, or use another runtime for the servers and leave spec.servers.controlPlaneOnly out",
			e.Image, e.Version, list(distroNames(offered))).again()
	}
}

// hostsOf are the nodes that pods of a choice can get to. Where some have the
// runtime's seccomp profile, pods run on those only. Where pods wait for a node
// that is yet to come it is not known yet, and all count.
func (s *Scope) hostsOf(c *choice) []corev1.Node {
	if c.awaiting != "" {
		return s.nodes
	}
	chosen := map[string]bool{}
	for _, n := range c.answer.Capable() {
		chosen[n.Node] = n.Seccomp || !c.answer.Seccomp()
	}
	return slices.DeleteFunc(slices.Clone(s.nodes), func(n corev1.Node) bool { return !chosen[n.Name] })
}

// controllersMissing says which node that pods of a choice can get to does not
// delegate the cgroup controllers that k3s insists on, if there is one. A probe
// has tried it; where none has, an ordinary kubelet needs the same controllers: a
// node counts as able unless it says otherwise.
func (s *Scope) controllersMissing(c *choice) string {
	for _, n := range s.hostsOf(c) {
		if missing := n.Labels[v1alpha1.NodeLabelMissingControllers]; missing != "" {
			return fmt.Sprintf("k3s needs the cgroup controllers %s, which node %q does not delegate",
				strings.ReplaceAll(missing, ".", ", "), n.Name)
		}
		if check := s.checkOf(c, n.Name, finding.Controllers); check != nil && !check.OK {
			return fmt.Sprintf("k3s needs more cgroup controllers than node %q delegates: a probe found %s there", n.Name, check.Found)
		}
	}
	return ""
}

// checkOf is what a probe found of one thing on a node under the runtime of a
// choice; nil where none has looked.
func (s *Scope) checkOf(c *choice, node, name string) *v1alpha1.ProbeCheck {
	if c.shape.RuntimeClassName != c.knowledge.ClassName {
		return nil // it is of a class that is not probed
	}
	r := s.proofs[v1alpha1.RuntimeReportSpec{NodeName: node, Profile: string(c.knowledge.Name)}]
	if r == nil || r.Status.Probe == nil {
		return nil
	}
	i := slices.IndexFunc(r.Status.Probe.Checks, func(c v1alpha1.ProbeCheck) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &r.Status.Probe.Checks[i]
}

// datastoreOf is where a new cluster keeps what is stored inside. The file that
// K3s keeps by itself is for one server whose state goes with its pod: nothing
// migrates from it.
func datastoreOf(distro v1alpha1.Distro, spec v1alpha1.VirtualClusterSpec) string {
	servers := cluster.Servers(spec)
	if distro == v1alpha1.DistroK3s && servers.Ephemeral() && servers.Replicas == 1 {
		return guestapi.DatastoreSQLite
	}
	return guestapi.DatastoreEtcd
}

func distroNames(in []v1alpha1.Distro) []string {
	out := make([]string, 0, len(in))
	for _, d := range in {
		out = append(out, string(d))
	}
	return out
}
