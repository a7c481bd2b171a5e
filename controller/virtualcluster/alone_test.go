package virtualcluster

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/runtime/kata"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// TestControlPlaneOnly: which servers are no nodes, and what runs in them.
func TestControlPlaneOnly(t *testing.T) {
	both := []v1alpha1.Distro{v1alpha1.DistroK3s, v1alpha1.DistroK8s}
	cases := map[string]struct {
		reason  string
		spec    v1alpha1.VirtualClusterSpec
		carries []v1alpha1.Distro
		alone   bool
		distro  v1alpha1.Distro
		stop    string // a part of the refusal
	}{
		"Not":       {reason: "Servers are nodes.", carries: both, distro: v1alpha1.DistroK3s},
		"Asked":     {reason: "Unless somebody says otherwise, and then they run what has been tried.", spec: aloneSpec(ptr.To(true), ""), carries: both, alone: true, distro: v1alpha1.DistroK8s},
		"Runtime":   {reason: "Or their runtime runs no pods.", spec: aloneSpec(nil, v1alpha1.RuntimeGVisor), carries: both, alone: true, distro: v1alpha1.DistroK8s},
		"Others":    {reason: "Which others do.", spec: limited(aloneSpec(nil, v1alpha1.RuntimeKata)), carries: both, distro: v1alpha1.DistroK3s},
		"NotAsked":  {reason: "What is said aloud holds, and the runtime refuses it.", spec: aloneSpec(ptr.To(false), v1alpha1.RuntimeGVisor), carries: both, stop: "spec.servers cannot run under runtime \"gvisor\""},
		"NoImage":   {reason: "K3s is no way out.", spec: aloneSpec(ptr.To(true), ""), carries: both[:1], stop: `need distro k8s, and node image "i"`},
		"AskedBoth": {reason: "An object older than the CRD's rule.", spec: withDistro(aloneSpec(ptr.To(true), ""), v1alpha1.DistroK3s), carries: both, stop: "must not be true with distro k3s"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := hostScope(t, hostNode(handlers{userns.Handler: true, kata.Handler: false}))
			s.vc.Spec = tc.spec
			s.catalogue = catalogue.Single("v1.36.3", "i", tc.carries...)
			r, err := s.choose()
			if tc.stop != "" {
				if err == nil || !strings.Contains(err.Error(), tc.stop) {
					t.Errorf("%s got %v, want %q", tc.reason, err, tc.stop)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if ptr.Deref(r.ControlPlaneOnly, false) != tc.alone || r.Distro != tc.distro {
				t.Errorf("%s alone is %t with %s (%s), want %t with %s", tc.reason, ptr.Deref(r.ControlPlaneOnly, false), r.Distro, r.DistroReason, tc.alone, tc.distro)
			}
		})
	}
}

func aloneSpec(alone *bool, servers v1alpha1.RuntimeProfile) v1alpha1.VirtualClusterSpec {
	spec := asks("", servers)
	spec.Servers.ControlPlaneOnly = alone
	return spec
}

// limited says how large a virtual machine is.
func limited(spec v1alpha1.VirtualClusterSpec) v1alpha1.VirtualClusterSpec {
	spec.Servers.Resources.Limits = corev1.ResourceList{corev1.ResourceCPU: *quantity("1"), corev1.ResourceMemory: *quantity("2Gi")}
	return spec
}

func withDistro(spec v1alpha1.VirtualClusterSpec, distro v1alpha1.Distro) v1alpha1.VirtualClusterSpec {
	spec.Distro = distro
	return spec
}

// TestAloneStays: a cluster keeps what its servers were made as.
func TestAloneStays(t *testing.T) {
	held := v1alpha1.Resolved{Distro: v1alpha1.DistroK8s, Version: "v1.36.3", ControlPlaneOnly: ptr.To(true)}
	for asked, fine := range map[*bool]bool{nil: true, ptr.To(true): true, ptr.To(false): false} {
		err := unchanged(aloneSpec(asked, ""), held)
		if (err == nil) != fine || err != nil && !strings.Contains(err.Error(), "spec.servers.controlPlaneOnly") {
			t.Errorf("asked for %v: %v", asked, err)
		}
	}
	if err := unchanged(aloneSpec(ptr.To(true), ""), v1alpha1.Resolved{Version: "v1.36.3"}); err == nil {
		t.Error("servers that are nodes become none")
	}
}

// TestNodesOfControlPlane: no node is missed that nobody wants.
func TestNodesOfControlPlane(t *testing.T) {
	serves := func(r *guestapi.Report) { r.APIServing = true }
	accounts := func(r *guestapi.Report) {
		r.Timeline = append(r.Timeline, guestapi.Milestone{Name: guestapi.MilestoneServiceAccount, Time: noon})
	}
	worker := func(r *guestapi.Report) {
		r.Nodes = append(r.Nodes, guestapi.NodeState{Name: "big-0", Ready: true})
		r.Schedulable = true
	}
	cases := map[string]struct {
		reason string
		scope  *Scope
		want   string
		words  string
		nodes  int32
	}{
		"Early":  {"A pod would be refused without the ServiceAccount.", aScope(aPod(isReadyPod)).says("boot-1", serves), v1alpha1.ReasonBooting, "no pod can start", 0},
		"None":   {"There is no pool.", aScope(aPod(isReadyPod)).says("boot-1", serves, accounts), v1alpha1.ReasonReady, "pods wait for a pool", 0},
		"Zero":   {"Nor has it any nodes.", withPool(aScope(aPod(isReadyPod)).says("boot-1", serves, accounts), 0), v1alpha1.ReasonReady, "pods wait for a pool", 0},
		"Worker": {"The pool's node is all there is to be.", withPool(aScope(aPod(isReadyPod), poolPod(isReadyPod)).says("boot-1", serves, accounts, worker), 1), v1alpha1.ReasonReady, "1 node is Ready", 1},
		"Missed": {"And it is missed.", withPool(aScope(aPod(isReadyPod), poolPod(isReadyPod)).says("boot-1", serves, accounts), 1), v1alpha1.ReasonBooting, "big-0", 0},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			resolvedAlone(tc.scope)
			if err := watchNodes(tc.scope); err != nil {
				t.Fatal(err)
			}
			status := yes
			if tc.want != v1alpha1.ReasonReady {
				status = no
			}
			c := tc.scope.want(t, v1alpha1.ConditionNodesReady, status, tc.want)
			if !strings.Contains(c.Message, tc.words) || tc.scope.vc.Status.Nodes != tc.nodes {
				t.Errorf("%s %d nodes, %s", tc.reason, tc.scope.vc.Status.Nodes, c.Message)
			}
		})
	}
}
