package virtualcluster

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/gvisor"
	"github.com/vclusterctl/vclusterctl/runtime/kata"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/sysbox"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

// runtimeCase is what a cluster asks for and a node offers, and what comes of it.
type runtimeCase struct {
	reason string
	asked  v1alpha1.RuntimeProfile
	node   handlers
	change func(*Scope)
	want   v1alpha1.RuntimeProfile
	stop   string   // the reason, where there is none
	words  []string // of the condition
}

// allHandlers are what a node offers that has all there is.
func allHandlers() handlers {
	return handlers{userns.Handler: true, sysbox.Handler: true, kata.Handler: false, gvisor.Handler: false}
}

func testRuntimes(t *testing.T, cases map[string]runtimeCase) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := hostScope(t, hostNode(tc.node))
			s.vc.Spec.Runtime.Profile = tc.asked
			if tc.change != nil {
				tc.change(s)
			}
			choose(t, s)
			tc.check(t, s)
		})
	}
}

// check holds what was chosen, and what is said of it, against what is wanted.
func (tc *runtimeCase) check(t *testing.T, s *Scope) {
	t.Helper()
	if tc.stop == "" {
		s.want(t, v1alpha1.ConditionRuntimeReady, yes, v1alpha1.ReasonReady)
		if got := s.vc.Status.Runtime.Servers; got != string(tc.want) {
			t.Errorf("%s runtime is %q, want %q", tc.reason, got, tc.want)
		}
		return
	}
	c := s.want(t, v1alpha1.ConditionRuntimeReady, no, tc.stop)
	for _, word := range tc.words {
		if !strings.Contains(c.Message, word) {
			t.Errorf("%s the message does not say %q: %s", tc.reason, word, c.Message)
		}
	}
	if stalls := s.runtimeStop.kind == stalled; stalls != (tc.stop == v1alpha1.ReasonRuntimeUnsupported) {
		t.Errorf("stalled is %t: only the user can change the spec, and only the host its nodes", stalls)
	}
}

// TestRuntimes: which of the real profiles a cluster gets.
func TestRuntimes(t *testing.T) {
	testRuntimes(t, map[string]runtimeCase{
		"Userns":     {reason: "What there is.", node: handlers{userns.Handler: true}, want: v1alpha1.RuntimeUserns},
		"Sysbox":     {reason: "A node says that it has it, with user namespaces.", node: handlers{userns.Handler: true, sysbox.Handler: true}, want: v1alpha1.RuntimeSysbox},
		"OldSysbox":  {reason: "It is there, but without user namespaces.", node: handlers{userns.Handler: true, sysbox.Handler: false}, want: v1alpha1.RuntimeUserns},
		"Everything": {reason: "What nobody has proven is not taken, however strong it is.", node: allHandlers(), want: v1alpha1.RuntimeSysbox},
		"AskedAuto":  {reason: "Auto is what leaving it out is.", asked: v1alpha1.RuntimeAuto, node: allHandlers(), want: v1alpha1.RuntimeSysbox},
		"Asked":      {reason: "A cluster may ask for the weaker one.", asked: v1alpha1.RuntimeUserns, node: allHandlers(), want: v1alpha1.RuntimeUserns},
		"OnlyKata": {
			reason: "Nor is it if there is nothing else. What is the nearest to be had is said first.",
			node:   handlers{kata.Handler: false}, stop: v1alpha1.ReasonNoCapableNode,
			words: []string{`no node offers runtime "userns": node host-a: containerd has no handler`, `no node offers runtime "sysbox"`},
		},
		"ClassTypo": {
			reason: "A user namespace must not be lost over a typo.", asked: v1alpha1.RuntimeSysbox, node: allHandlers(),
			change: func(s *Scope) {
				s.runtimeClasses[sysbox.ClassName].Annotations = map[string]string{profile.AnnotationUserNamespace: "crio"}
			},
			stop: v1alpha1.ReasonRuntimeClassInvalid, words: []string{`"crio"`, `"crio-annotation"`},
		},
	})
}

// TestRuntimeStays: a cluster keeps the runtime that its nodes were made for.
func TestRuntimeStays(t *testing.T) {
	testRuntimes(t, map[string]runtimeCase{
		"Held": {
			reason: "Sysbox was installed after the cluster was made.", node: allHandlers(),
			change: func(s *Scope) { serversUnder(s, userns.ClassName) }, want: v1alpha1.RuntimeUserns,
		},
		"HeldAndGone": {
			reason: "And a cluster does not change over when it is taken away.", node: handlers{userns.Handler: true},
			change: func(s *Scope) { serversUnder(s, sysbox.ClassName) }, stop: v1alpha1.ReasonNoCapableNode, words: []string{`runtime "sysbox"`},
		},
		"HeldForeign": {
			reason: "What a cluster has is none of ours.", node: allHandlers(),
			change: func(s *Scope) { serversUnder(s, "theirs") }, want: v1alpha1.RuntimeSysbox,
		},
	})
}

// TestRuntimeKata: who asks for Kata gets it for nodes that it can run, where the
// host has it.
func TestRuntimeKata(t *testing.T) {
	testRuntimes(t, map[string]runtimeCase{
		"Kata": {
			reason: "Asked for by name, with nodes that it can run.", asked: v1alpha1.RuntimeKata, node: allHandlers(),
			change: func(s *Scope) { smallMachine(&s.vc.Spec.Servers.Resources, &s.vc.Spec.Servers.Storage) }, want: v1alpha1.RuntimeKata,
		},
		"KataVolume": {
			reason: "Its volumes are block devices.", asked: v1alpha1.RuntimeKata, node: allHandlers(),
			change: func(s *Scope) {
				smallMachine(&s.vc.Spec.Servers.Resources, &s.vc.Spec.Servers.Storage)
				s.vc.Spec.Servers.Storage = v1alpha1.Storage{}
			},
			want: v1alpha1.RuntimeKata,
		},
		"KataFolder": {
			reason: "Those of before are not, and would be virtio-fs.", asked: v1alpha1.RuntimeKata, node: allHandlers(),
			change: func(s *Scope) { serversUnder(s, userns.ClassName) },
			stop:   v1alpha1.ReasonRuntimeUnsupported, words: []string{"spec.servers", "virtio-fs", "set the runtime back"},
		},
		"DeviceUserns": {
			reason: "And what has devices cannot have a user namespace.", asked: v1alpha1.RuntimeUserns, node: allHandlers(),
			change: func(s *Scope) {
				serversUnder(s, kata.ClassName)
				s.children.statefulSets["dev-server"].Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{{
					Spec: corev1.PersistentVolumeClaimSpec{VolumeMode: ptr.To(corev1.PersistentVolumeBlock)},
				}}
			},
			stop: v1alpha1.ReasonRuntimeUnsupported, words: []string{"spec.servers", "block volume", "set the runtime back"},
		},
		"KataPool": {
			reason: "A pool is named by its number.", asked: v1alpha1.RuntimeKata, node: allHandlers(),
			change: func(s *Scope) {
				smallMachine(&s.vc.Spec.Servers.Resources, &s.vc.Spec.Servers.Storage)
				s.vc.Spec.Pools = []v1alpha1.Pool{{Name: "a", Storage: v1alpha1.Storage{Ephemeral: ptr.To(true)}}}
			},
			stop: v1alpha1.ReasonRuntimeUnsupported, words: []string{"spec.pools[0]", "resources.limits.memory"},
		},
		"KataIsNot": {
			reason: "Under runc its pods would be root of the host.", asked: v1alpha1.RuntimeKata, node: handlers{"runc": true},
			change: func(s *Scope) {
				smallMachine(&s.vc.Spec.Servers.Resources, &s.vc.Spec.Servers.Storage)
				s.runtimeClasses[kata.ClassName].Handler = "runc"
			},
			stop: v1alpha1.ReasonNoCapableNode, words: []string{`handler "runc"`, "correct the RuntimeClass"},
		},
		"KataNoClass": {
			reason: "The installer does not make its class: setting up nodes does.", asked: v1alpha1.RuntimeKata, node: allHandlers(),
			change: func(s *Scope) {
				smallMachine(&s.vc.Spec.Servers.Resources, &s.vc.Spec.Servers.Storage)
				delete(s.runtimeClasses, kata.ClassName)
			},
			stop: v1alpha1.ReasonRuntimeClassMissing, words: []string{"vclusterctl runtime install kata makes it", "runtimeClasses.kata=true"},
		},
	})
}

// TestRuntimeGVisor: gVisor runs control planes, and nothing else.
func TestRuntimeGVisor(t *testing.T) {
	testRuntimes(t, map[string]runtimeCase{
		"GVisor": {
			reason: "Servers that are to run pods.", asked: v1alpha1.RuntimeGVisor, node: allHandlers(),
			stop: v1alpha1.ReasonRuntimeUnsupported, words: []string{"spec.servers", "kube-proxy", "google/gvisor#14637", "controlPlaneOnly left out or true"},
		},
		"GVisorAlone": {
			reason: "A control plane alone.", asked: v1alpha1.RuntimeGVisor, node: allHandlers(), change: resolvedAlone, want: v1alpha1.RuntimeGVisor,
		},
		"GVisorK3s": {
			reason: "K3s without its agent nobody has tried.", asked: v1alpha1.RuntimeGVisor, node: allHandlers(),
			change: func(s *Scope) {
				resolvedAlone(s)
				s.input.Resolved.Distro = v1alpha1.DistroK3s
			},
			stop: v1alpha1.ReasonRuntimeUnsupported, words: []string{"distro k3s", "set it to k8s"},
		},
		"GVisorPool": {
			reason: "Its workers have no Services.", asked: v1alpha1.RuntimeGVisor, node: allHandlers(),
			change: func(s *Scope) {
				resolvedAlone(s)
				s.vc.Spec.Pools = []v1alpha1.Pool{{Name: "a"}}
			},
			stop: v1alpha1.ReasonRuntimeUnsupported, words: []string{"spec.pools[0]", "google/gvisor#14637", "userns for pools"},
		},
	})
}
