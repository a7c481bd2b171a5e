package hostcheck

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
)

// unusable is why no pod can be placed on a node, and what to do about it.
type unusable struct {
	why string
	// kubectl are the words of its call that is the remedy, and before what to
	// say first.
	kubectl []string
	before  string
}

// unusableNodesOf are the nodes on which a node pod that asks for nothing special
// cannot be placed.
func unusableNodesOf(nodes []corev1.Node) map[string]unusable {
	all := map[string]unusable{}
	for i := range nodes {
		n := &nodes[i]
		switch ready := condition(n, corev1.NodeReady); {
		case ready == nil || ready.Status != corev1.ConditionTrue:
			all[n.Name] = unusable{why: "not Ready" + words(ready), before: "see why with: ", kubectl: []string{"describe", "node", n.Name}}
		case n.Spec.Unschedulable:
			all[n.Name] = unusable{why: "cordoned", kubectl: []string{"uncordon", n.Name}}
		case repelling(n) != nil:
			t := repelling(n)
			all[n.Name] = unusable{
				why:     "tainted " + t.ToString(),
				kubectl: []string{"taint", "node", n.Name, t.ToString() + "-"},
				before:  "let clusters tolerate it in servers.tolerations, or take it away: ",
			}
		}
	}
	return all
}

func condition(n *corev1.Node, kind corev1.NodeConditionType) *corev1.NodeCondition {
	i := slices.IndexFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool { return c.Type == kind })
	if i < 0 {
		return nil
	}
	return &n.Status.Conditions[i]
}

func words(c *corev1.NodeCondition) string {
	if c == nil || c.Message == "" {
		return ""
	}
	return " (" + strings.Join(strings.Fields(c.Message), " ") + ")"
}

func repelling(n *corev1.Node) *corev1.Taint {
	i := slices.IndexFunc(n.Spec.Taints, func(t corev1.Taint) bool {
		return t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute
	})
	if i < 0 {
		return nil
	}
	return &n.Spec.Taints[i]
}

func usableNodes(f *facts) []doctor.Finding {
	if f.Nodes.Err != nil {
		return unseen(groupNodes, checkUsable, f.Nodes.Err)
	}
	var all []doctor.Finding
	for i := range f.Nodes.Value {
		name := f.Nodes.Value[i].Name
		if no, is := f.unusable[name]; is {
			all = append(all, doctor.Finding{
				Group: groupNodes, Check: checkUsable, Outcome: doctor.Warning, Found: no.why, Nodes: []string{name},
				Needed: "a node that is Ready, not cordoned and without taints", Fix: no.before + f.Kubectl(no.kubectl...),
			})
		}
	}
	if n := len(f.Nodes.Value) - len(f.unusable); n > 0 {
		all = append(all, well(groupNodes, checkUsable, counted(n, "node")+" Ready, neither cordoned nor tainted"))
	}
	return doctor.PerNode(all)
}

// pressures are what makes a kubelet evict pods.
var pressures = []corev1.NodeConditionType{corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure}

func nodePressure(f *facts) []doctor.Finding {
	var all []doctor.Finding
	for i := range f.Nodes.Value {
		n := &f.Nodes.Value[i]
		for _, kind := range pressures {
			if c := condition(n, kind); c != nil && c.Status == corev1.ConditionTrue {
				all = append(all, doctor.Finding{
					Group: groupNodes, Check: checkPressure, Outcome: doctor.Warning, Found: string(kind), Nodes: []string{n.Name},
					Needed: "a node whose kubelet evicts nobody", Fix: "make room there; see with: " + f.Kubectl("describe", "node", n.Name),
				})
			}
		}
	}
	return doctor.PerNode(all)
}

// built are the architectures that there is a seccomp profile for; the tests run
// on the first.
var built = []string{"amd64", "arm64"}

func architectures(f *facts) []doctor.Finding {
	var all []doctor.Finding
	for i := range f.Nodes.Value {
		n := &f.Nodes.Value[i]
		arch := n.Status.NodeInfo.Architecture
		found := doctor.Finding{Group: groupNodes, Check: checkArchitecture, Outcome: doctor.Warning, Found: arch, Nodes: []string{n.Name}, Needed: built[0]}
		switch {
		case arch == "" || arch == built[0]:
			continue
		case slices.Contains(built, arch):
			found.Fix = "nothing, if your node image is built for it: our tests do not run there"
		default:
			found.Fix = "add nodes of architecture " + built[0] + "; there is no seccomp profile for this one"
		}
		all = append(all, found)
	}
	return doctor.PerNode(all)
}

func cgroupControllers(f *facts) []doctor.Finding {
	var all []doctor.Finding
	for i := range f.Nodes.Value {
		n := &f.Nodes.Value[i]
		if missing := n.Labels[v1alpha1.NodeLabelMissingControllers]; missing != "" {
			all = append(all, doctor.Finding{
				Group: groupNodes, Check: checkControllers, Outcome: doctor.Warning, Nodes: []string{n.Name},
				Found:  "not delegated to pods: " + strings.ReplaceAll(missing, ".", ", "),
				Needed: "cpu, cpuset, memory and pids, of cgroup v2",
				Fix:    "nothing, if clusters may do without limits inside (distro k3s may not start); otherwise boot the machine with cgroup v2 alone",
			})
		}
	}
	return doctor.PerNode(all)
}

const (
	// leastPids is how many processes a node pod should be able to have, and
	// leastIDs how many users.
	leastPids = 16384
	leastIDs  = 65536
	// swapsPods is the kubelet's word for swap that pods may use.
	swapsPods = "LimitedSwap"
)

func kubeletSettings(f *facts) []doctor.Finding {
	var all []doctor.Finding
	asked := 0
	for i := range f.Nodes.Value {
		name := f.Nodes.Value[i].Name
		seen, is := f.Kubelets[name]
		switch {
		case !is:
			continue
		case seen.Err != nil:
			all = append(all, doctor.Finding{Group: groupNodes, Check: checkKubelet, Outcome: doctor.Unknown, Found: doctor.Why(seen.Err), Fix: doctor.Right(seen.Err), Nodes: []string{name}})
			continue
		}
		asked++
		all = append(all, kubeletTrouble(name, seen.Value)...)
	}
	if asked > 0 && len(all) == 0 {
		all = one(well(groupNodes, checkKubelet, fmt.Sprintf("nothing in the way on %s that said theirs", counted(asked, "node"))))
	}
	return doctor.PerNode(all)
}

func kubeletTrouble(node string, k Kubelet) []doctor.Finding {
	var all []doctor.Finding
	warn := func(found, needed, fix string) {
		all = append(all, doctor.Finding{Group: groupNodes, Check: checkKubelet, Outcome: doctor.Warning, Found: found, Needed: needed, Fix: fix, Nodes: []string{node}})
	}
	if k.PodPidsLimit > 0 && k.PodPidsLimit < leastPids {
		warn(fmt.Sprintf("podPidsLimit is %d", k.PodPidsLimit),
			fmt.Sprintf("at least %d, or none: all processes of all pods inside count", leastPids),
			fmt.Sprintf("set podPidsLimit: %d in the kubelet's configuration", leastPids))
	}
	if k.SingleProcessOOMKill != nil && !*k.SingleProcessOOMKill {
		warn("singleProcessOOMKill is false",
			"true: otherwise one pod inside that runs out of memory can take its whole node with it",
			"set singleProcessOOMKill: true in the kubelet's configuration")
	}
	if ids := k.UserNamespaces.IDsPerPod; ids > 0 && ids < leastIDs {
		warn(fmt.Sprintf("userNamespaces.idsPerPod is %d", ids),
			fmt.Sprintf("at least %d: files of images inside belong to users up to %d", leastIDs, leastIDs-1),
			fmt.Sprintf("set userNamespaces.idsPerPod: %d in the kubelet's configuration, or leave it out", leastIDs))
	}
	if k.FailSwapOn != nil && !*k.FailSwapOn && k.MemorySwap.SwapBehavior == swapsPods {
		warn("failSwapOn is false and memorySwap.swapBehavior "+swapsPods+": where the node has swap, pods with a memory request below their limit use it",
			"NoSwap: a control plane inside that is swapped out answers late",
			"set memorySwap.swapBehavior: NoSwap in the kubelet's configuration, or switch swap off there: swapoff -a")
	}
	if on, said := k.FeatureGates["UserNamespacesSupport"]; said && !on {
		warn("the feature gate UserNamespacesSupport is off", "on, as it is by default since 1.33", "take it out of the kubelet's featureGates")
	}
	return all
}
