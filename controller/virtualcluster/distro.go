package virtualcluster

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// chooseDistro picks the distro of a new cluster, and says why. One that is
// asked for is tried wherever an image carries it: what keeps it from running
// it says itself.
func (s *Scope) chooseDistro(e catalogue.Entry) (v1alpha1.Distro, string, error) {
	asked, offered := s.vc.Spec.Distro, e.Offers(s.vc.Spec.Version)
	short := controllersMissing(s.hosts())
	if ptr.Deref(s.controlPlaneOnly(), false) {
		if d, why, err := s.distroAlone(e, offered); d != "" || err != nil {
			return d, why, err
		}
	}
	switch {
	case asked != "" && !slices.Contains(offered, asked):
		return "", "", stall(v1alpha1.ConditionReady, v1alpha1.ReasonDistroUnavailable,
			"spec.distro %q is not in node image %q of version %s, which carries: %s; leave spec.distro out, or ask the administrator for an image that carries it",
			asked, e.Image, either(s.vc.Spec.Version, e.Version), list(distroNames(offered))).again()
	case asked != "":
		return asked, "asked for in spec.distro", nil
	case slices.Contains(offered, v1alpha1.DistroK3s) && short == "":
		return v1alpha1.DistroK3s, "the default where the node image carries it and the nodes that offer the runtime delegate the cgroup controllers it needs", nil
	case slices.Contains(offered, v1alpha1.DistroK8s) && short != "" && e.Carries(v1alpha1.DistroK3s):
		return v1alpha1.DistroK8s, short, nil
	case slices.Contains(offered, v1alpha1.DistroK8s):
		return v1alpha1.DistroK8s, fmt.Sprintf("node image %q does not carry k3s", e.Image), nil
	case slices.Contains(offered, v1alpha1.DistroK3s):
		return v1alpha1.DistroK3s, "the only one that the node image carries", nil
	default:
		return "", "", stall(v1alpha1.ConditionReady, v1alpha1.ReasonDistroUnavailable,
			"node image %q of version %s carries no distro this controller knows; ask the administrator to mend the catalogue", e.Image, e.Version)
	}
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

// hosts are the nodes of the host that pods of a new cluster can get to, for each
// runtime asked for.
func (s *Scope) hosts() []corev1.Node {
	var all []corev1.Node
	for _, c := range s.askings() {
		all = append(all, s.hostsOf(c)...)
	}
	return all
}

// hostsOf are the nodes that offer the first of the runtimes of a choice that any
// offers. Where none does, the cluster waits for one that is not known yet, and
// all count.
func (s *Scope) hostsOf(c *choice) []corev1.Node {
	for _, p := range s.candidates(c) {
		if nodes := s.offering(p, c); len(nodes) > 0 {
			return nodes
		}
	}
	return s.nodes
}

// offering are the nodes that pods under a runtime can get to. Where some have
// its seccomp profile, pods run on those only.
func (s *Scope) offering(p profile.Profile, c *choice) []corev1.Node {
	class := s.runtimeClasses[either(c.asked.ClassName, p.Knowledge().ClassName)]
	if class == nil {
		return nil
	}
	question, err := profile.QuestionOf(class, s.nodes)
	if err != nil {
		return nil // the step that chooses the runtime says it
	}
	answer := p.Ask(question)
	chosen := map[string]bool{}
	for _, n := range answer.Capable() {
		chosen[n.Node] = n.Seccomp || !answer.Seccomp()
	}
	return slices.DeleteFunc(slices.Clone(s.nodes), func(n corev1.Node) bool { return !chosen[n.Name] })
}

// controllersMissing says which of some nodes cannot delegate the cgroup
// controllers that k3s insists on, if there is one. Cgroups can't be seen
// through the API, but an ordinary kubelet needs the same controllers: a node
// counts as able unless it says otherwise.
func controllersMissing(nodes []corev1.Node) string {
	for _, n := range nodes {
		if missing := n.Labels[v1alpha1.NodeLabelMissingControllers]; missing != "" {
			return fmt.Sprintf("k3s needs the cgroup controllers %s, which node %q does not delegate",
				strings.ReplaceAll(missing, ".", ", "), n.Name)
		}
	}
	return ""
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
