package hostcheck

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/util/version"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/charts"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/install"
)

// leastKubernetes is the oldest host: before it user namespaces were off.
const leastKubernetes = "1.33"

func kubernetesVersion(f *facts) []doctor.Finding {
	if f.Version.Err != nil {
		return unseen(groupHost, checkVersion, f.Version.Err)
	}
	found := well(groupHost, checkVersion, f.Version.Value.GitVersion)
	found.Needed = "at least " + leastKubernetes
	if v, err := version.ParseGeneric(f.Version.Value.GitVersion); err == nil && v.LessThan(version.MustParseGeneric(leastKubernetes)) {
		found.Outcome = doctor.Problem
		found.Found = "the API server is " + f.Version.Value.GitVersion
		found.Needed += ": before it, user namespaces were off"
		found.Fix = "upgrade Kubernetes"
	}
	return one(found)
}

const (
	defaultClass = "storageclass.kubernetes.io/is-default-class"
	// ephemeralFlag makes a cluster that needs no volume.
	ephemeralFlag = "--set servers.storage.ephemeral=true"
)

// unmappable are parts of the names of provisioners whose file systems have no
// ID-mapped mounts.
var unmappable = []string{"nfs", "efs.csi", "file.csi.azure", "azure-file", "filestore", "smb"}

func defaultStorageClass(f *facts) []doctor.Finding {
	if f.Storage.Err != nil {
		return unseen(groupHost, checkStorage, f.Storage.Err)
	}
	needed := "a default StorageClass, for the state of servers"
	ephemeral := f.Own("create", "NAME", ephemeralFlag)
	i := slices.IndexFunc(f.Storage.Value, func(c storagev1.StorageClass) bool { return c.Annotations[defaultClass] == "true" })
	switch {
	case len(f.Storage.Value) == 0:
		return one(doctor.Finding{Group: groupHost, Check: checkStorage, Outcome: doctor.Warning, Found: "there is no StorageClass", Needed: needed, Fix: "install a provisioner, or lose the state with the pod: " + ephemeral})
	case i < 0:
		name := f.Storage.Value[0].Name
		return one(doctor.Finding{
			Group: groupHost, Check: checkStorage, Outcome: doctor.Warning, Found: "no StorageClass is the default one", Needed: needed,
			Fix: f.Kubectl("annotate", "storageclass", name, defaultClass+"=true") + ", or name one: " + f.Own("create", "NAME", "--set servers.storage.className="+name),
		})
	}
	c := f.Storage.Value[i]
	found := well(groupHost, checkStorage, fmt.Sprintf("%s (%s)", c.Name, c.Provisioner))
	if slices.ContainsFunc(unmappable, func(part string) bool { return strings.Contains(c.Provisioner, part) }) {
		found.Outcome = doctor.Warning
		found.Found = fmt.Sprintf("the default StorageClass %s makes volumes by %s", c.Name, c.Provisioner)
		found.Needed = "a file system with ID-mapped mounts, such as ext4, xfs or btrfs: pods in a user namespace can mount no other"
		found.Fix = "name another class: " + f.Own("create", "NAME", "--set servers.storage.className=CLASS") + ", or " + ephemeral
	}
	return one(found)
}

// engines are parts of the names of DaemonSets that enforce NetworkPolicies, as
// far as these are known.
var engines = []string{"calico-node", "cilium", "kube-router", "antrea-agent", "weave-net", "ovnkube-node", "kube-ovn-cni", "kube-network-policies", "canal", "anetd", "azure-npm", "romana"}

// networkPolicyEngine looks for somebody who enforces NetworkPolicies. The
// program that does may be no pod, so that none is seen proves nothing.
func networkPolicyEngine(f *facts) []doctor.Finding {
	for i := range f.Nodes.Value {
		n := &f.Nodes.Value[i]
		switch {
		case n.Annotations[v1alpha1.NodeAnnotationDistros] != "":
			return one(well(groupHost, checkNetworkPolicy, "kube-router, on nodes of our own image"))
		case strings.Contains(n.Status.NodeInfo.KubeletVersion, "+k3s"):
			return one(well(groupHost, checkNetworkPolicy, "K3s brings one, unless it was turned off"))
		}
	}
	if f.Daemons.Err != nil {
		return unseen(groupHost, checkNetworkPolicy, f.Daemons.Err)
	}
	for i := range f.Daemons.Value {
		name := f.Daemons.Value[i].Name
		if slices.ContainsFunc(engines, func(part string) bool { return strings.Contains(name, part) }) {
			return one(well(groupHost, checkNetworkPolicy, "DaemonSet "+name))
		}
	}
	return one(doctor.Finding{
		Group: groupHost, Check: checkNetworkPolicy, Outcome: doctor.Unknown,
		Found:  "no engine that is known here is to be seen",
		Needed: "one that enforces NetworkPolicies: they keep virtual clusters off each other and off the host",
		Fix:    "ask who runs the pod network, or install one",
	})
}

// podRanges looks for what the ranges of clusters are kept off.
func podRanges(f *facts) []doctor.Finding {
	if f.Nodes.Err != nil || len(f.Nodes.Value) == 0 {
		return nil
	}
	var without, ranges []string
	for i := range f.Nodes.Value {
		n := &f.Nodes.Value[i]
		if len(n.Spec.PodCIDRs) == 0 {
			without = append(without, n.Name)
		}
		ranges = append(ranges, n.Spec.PodCIDRs...)
	}
	if len(without) == 0 {
		return one(well(groupHost, checkPodRanges, "nodes say theirs: "+few(slices.Compact(ranges))))
	}
	return one(doctor.Finding{
		Group: groupHost, Check: checkPodRanges, Outcome: doctor.Warning, Found: "no pod range is written down", Nodes: without,
		Needed: "the range of the host's pods, so that no virtual cluster gets the same",
		Fix:    "add --host-pod-cidr=RANGE to the controller's arguments: " + f.Kubectl("edit", "deployment", install.Name, "-n", f.controllerNamespace()),
	})
}

// few shows some of many.
func few(all []string) string {
	const most = 3
	if len(all) <= most {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
}

// distinct are the different values of nodes, in their order.
func distinct(nodes []corev1.Node, value func(*corev1.Node) string) []string {
	var all []string
	for i := range nodes {
		if v := value(&nodes[i]); v != "" && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all
}

// controllerNamespace is where the controller is, or goes.
func (f *facts) controllerNamespace() string {
	if f.Controllers.Err == nil && len(f.Controllers.Value) > 0 {
		return f.Controllers.Value[0].Namespace
	}
	return charts.Namespace
}
