package catalog

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/profile/profiletest"
	"github.com/vclusterctl/vclusterctl/runtime/sysbox"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// podCase is a group of nodes under a profile.
type podCase struct {
	distro    v1alpha1.Distro
	worker    bool // a pool's nodes, else servers
	ephemeral bool
	limits    bool
	// alone is for servers that run no pods.
	alone bool
	// folder is for volumes with a file system under a runtime that cannot use
	// them, which only nodes of before have.
	folder bool
}

// onBlock says whether state is on a block device.
func (c podCase) onBlock(k profile.Knowledge) bool {
	return k.BlockVolumes && !c.ephemeral && !c.folder
}

func (c podCase) nodes(k profile.Knowledge) profile.Nodes {
	return profile.Nodes{Distro: c.distro, Workers: !c.alone, Ephemeral: c.ephemeral, Block: c.onBlock(k), Resources: c.resources()}
}

func (c podCase) resources() corev1.ResourceRequirements {
	if !c.limits {
		return corev1.ResourceRequirements{}
	}
	return corev1.ResourceRequirements{Limits: corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourceMemory: resource.MustParse("3Gi"),
	}}
}

// set is the StatefulSet of the group.
func (c podCase) set(t *testing.T, p profile.Profile, o profile.PodOptions) *appsv1ac.StatefulSetApplyConfiguration {
	t.Helper()
	in := cluster.Input{
		Name: "dev", Namespace: "team", UID: "4f3c", APIAddress: "10.215.3.4",
		Resolved: v1alpha1.Resolved{
			Distro: c.distro, Version: "v1.36.3", Image: "localhost/vclusterctl/node:v1.36.3",
			ControlPlaneOnly: ptr.To(c.alone),
			PodCIDR:          "10.244.0.0/16", ServiceCIDR: "10.96.0.0/16", ClusterDomain: "cluster.local", Datastore: guestapi.DatastoreEtcd,
		},
		IdentityKeys: []string{"ca.crt", "ca.key"},
	}
	storage := v1alpha1.Storage{Ephemeral: ptr.To(c.ephemeral)}
	in.Spec.Servers.Resources, in.Spec.Servers.Storage = c.resources(), storage
	in.Spec.Pools = []v1alpha1.Pool{{Name: "work", Resources: c.resources(), Storage: storage}}
	g := cluster.Servers(in.Spec)
	if c.worker {
		g = cluster.Pools(in.Spec)[0]
	}
	g.Block = c.onBlock(p.Knowledge())
	set, err := cluster.StatefulSet(in, g, p.PodShape(o))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

const (
	k3s = v1alpha1.DistroK3s
	k8s = v1alpha1.DistroK8s
)

// TestPods holds the pods of every profile to golden files, and to what is true
// of any node pod; what a profile cannot run it must refuse instead.
func TestPods(t *testing.T) {
	cases := map[string]struct {
		reason  string
		profile v1alpha1.RuntimeProfile
		options profile.PodOptions
		pod     podCase
		refused []profile.LimitReason
	}{
		"userns/k3s-server": {reason: "On its volume.", profile: "userns", pod: podCase{distro: k3s}},
		"userns/k3s-worker": {reason: "Without a volume.", profile: "userns", pod: podCase{distro: k3s, worker: true, ephemeral: true}},
		"userns/k8s-server": {reason: "With the seccomp profile.", profile: "userns", options: profile.PodOptions{Seccomp: true}, pod: podCase{distro: k8s}},
		"userns/k8s-worker": {reason: "With limits.", profile: "userns", pod: podCase{distro: k8s, worker: true, limits: true}},

		"sysbox/k3s-server":      {reason: "Exactly where Sysbox has a folder of its own.", profile: "sysbox", pod: podCase{distro: k3s}},
		"sysbox/k3s-worker":      {reason: "A worker's state is there, too.", profile: "sysbox", pod: podCase{distro: k3s, worker: true}},
		"sysbox/k8s-server":      {reason: "Where Sysbox has none.", profile: "sysbox", pod: podCase{distro: k8s}},
		"sysbox/k8s-worker":      {reason: "Without a volume.", profile: "sysbox", pod: podCase{distro: k8s, worker: true, ephemeral: true}},
		"sysbox/crio-annotation": {reason: "CRI-O makes the user namespace.", profile: "sysbox", options: profile.PodOptions{UserNamespace: profile.ByCRIOAnnotation}, pod: podCase{distro: k3s}},

		"kata/k3s-server": {reason: "State is in the guest's memory.", profile: "kata", pod: podCase{distro: k3s, ephemeral: true, limits: true}},
		"kata/k3s-worker": {reason: "A worker's, too.", profile: "kata", pod: podCase{distro: k3s, worker: true, ephemeral: true, limits: true}},
		"kata/k8s-server": {reason: "The other distro.", profile: "kata", pod: podCase{distro: k8s, ephemeral: true, limits: true}},
		"kata/k8s-worker": {reason: "Its worker.", profile: "kata", pod: podCase{distro: k8s, worker: true, ephemeral: true, limits: true}},
		"kata/volume":     {reason: "A volume is a device, which the node mounts.", profile: "kata", pod: podCase{distro: k8s, limits: true}},
		"kata/k3s-volume": {reason: "With the other distro as well.", profile: "kata", pod: podCase{distro: k3s, worker: true, limits: true}},
		"kata/folder":     {reason: "A folder would be virtio-fs.", profile: "kata", pod: podCase{distro: k8s, limits: true, folder: true}, refused: []profile.LimitReason{profile.LimitStorage}},
		"kata/no-limits":  {reason: "The virtual machine has no size.", profile: "kata", pod: podCase{distro: k8s, ephemeral: true}, refused: []profile.LimitReason{profile.LimitResources}},
		"kata/neither":    {reason: "Both are said at once.", profile: "kata", pod: podCase{distro: k3s, worker: true, folder: true}, refused: []profile.LimitReason{profile.LimitStorage, profile.LimitResources}},

		"gvisor/k8s-server":   {reason: "A control plane alone.", profile: "gvisor", pod: podCase{distro: k8s, alone: true}},
		"gvisor/server":       {reason: "Servers run pods.", profile: "gvisor", pod: podCase{distro: k8s}, refused: []profile.LimitReason{profile.LimitWorkers}},
		"gvisor/worker":       {reason: "Workers do.", profile: "gvisor", pod: podCase{distro: k8s, worker: true}, refused: []profile.LimitReason{profile.LimitWorkers}},
		"gvisor/k3s-server":   {reason: "K3s alone has not been tried.", profile: "gvisor", pod: podCase{distro: k3s, alone: true}, refused: []profile.LimitReason{profile.LimitDistro}},
		"gvisor/k3s-everyone": {reason: "All is said at once.", profile: "gvisor", pod: podCase{distro: k3s}, refused: []profile.LimitReason{profile.LimitWorkers, profile.LimitDistro}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := Find(tc.profile)
			if err != nil {
				t.Fatal(err)
			}
			var refused []profile.LimitReason
			for _, l := range p.Knowledge().Refusals(tc.pod.nodes(p.Knowledge())) {
				refused = append(refused, l.Reason)
			}
			if diff := cmp.Diff(tc.refused, refused); diff != "" {
				t.Errorf("%s refusals: -want, +got:\n%s", tc.reason, diff)
			}
			if len(refused) > 0 {
				return
			}
			set := tc.pod.set(t, p, tc.options)
			checkPod(t, set.Spec.Template)
			profiletest.Golden(t, path.Join("pods", name+".yaml"), profiletest.YAML(t, set))
		})
	}
}

// checkPod looks for what no node pod may have under any runtime.
func checkPod(t *testing.T, pod *corev1ac.PodTemplateSpecApplyConfiguration) {
	t.Helper()
	spec := pod.Spec
	node := spec.Containers[0]
	if diff := cmp.Diff([]string{"/sbin/init"}, append(slices.Clone(node.Command), node.Args...)); diff != "" {
		t.Errorf("systemd is not what is started: -want, +got:\n%s", diff)
	}
	if ptr.Deref(spec.EnableServiceLinks, true) || ptr.Deref(spec.AutomountServiceAccountToken, true) {
		t.Error("the host puts its Services or its token into the pod")
	}
	for _, e := range node.Env {
		if strings.HasPrefix(*e.Name, "SYSBOX_") {
			t.Errorf("Sysbox refuses the variable %s", *e.Name)
		}
	}
	for _, m := range node.VolumeMounts {
		if sysbox.Loses(*m.MountPath, true) {
			t.Errorf("the volume at %s is hidden", *m.MountPath)
		}
		if m.SubPath != nil {
			t.Errorf("Kata has no subPath: %s", *m.MountPath)
		}
	}
	if s := node.SecurityContext; s != nil && s.Privileged != nil {
		t.Error("the pod is privileged")
	}
	if len(node.VolumeDevices) > 0 && !ptr.Deref(spec.HostUsers, true) {
		t.Error("Kubernetes gives a pod in a user namespace no devices")
	}
	unmasked := node.SecurityContext != nil && node.SecurityContext.ProcMount != nil
	if unmasked && ptr.Deref(spec.HostUsers, true) {
		t.Error("the API server wants a user namespace for an unmasked /proc")
	}
}

// What users read of a profile must be there, and a refusal must help.
func TestProfilesExplainThemselves(t *testing.T) {
	for _, p := range Profiles() {
		k := p.Knowledge()
		s := k.Summary
		for what, text := range map[string]string{
			"title": s.Title, "isolation": s.Isolation, "storage": s.Storage, "measured": s.Measured, "proof": s.Proof,
			"privileged pods": s.Inside.PrivilegedPods, "load balancers": s.Inside.LoadBalancers, "CSI": s.Inside.CSI,
			"Pod Security reason": k.PodSecurity.Reason,
		} {
			if text == "" || strings.HasSuffix(text, ".") {
				t.Errorf("%s: %s is %q", k.Name, what, text)
			}
		}
		if len(s.Distros) == 0 || len(k.Versions) == 0 {
			t.Errorf("%s runs no distro, or any version of everything", k.Name)
		}
		for _, l := range k.Limits {
			for what, text := range map[string]string{"what": l.What, "why": l.Why, "remedy": l.Remedy} {
				if text == "" || strings.HasSuffix(text, ".") {
					t.Errorf("%s: %s of limit %s is %q", k.Name, what, l.Reason, text)
				}
			}
			if l.Issue != "" && !strings.Contains(l.Issue, "#") {
				t.Errorf("%s: issue %q is not owner/repository#number", k.Name, l.Issue)
			}
		}
	}
}

// Only what our tests run under may be called proven, and "auto" must leave out
// what could do harm.
func TestAutoIsSafe(t *testing.T) {
	for _, p := range Profiles() {
		k := p.Knowledge()
		if proven := k.Summary.Proven; proven != slices.Contains([]v1alpha1.RuntimeProfile{v1alpha1.RuntimeUserns, v1alpha1.RuntimeGVisor}, k.Name) {
			t.Errorf("%s: proven is %t", k.Name, proven)
		}
		if shape := p.PodShape(profile.PodOptions{}); k.OnlyByName == "" && shape.HostUsers {
			t.Errorf("auto takes %s, whose pods have no user namespace", k.Name)
		}
	}
}
