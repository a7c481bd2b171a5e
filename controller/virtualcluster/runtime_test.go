package virtualcluster

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	poll "k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	"github.com/vclusterctl/vclusterctl/runtime/gvisor"
	"github.com/vclusterctl/vclusterctl/runtime/kata"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/sysbox"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// handlers of a node of the host, and whether each has user namespaces.
type handlers map[string]bool

// hostNode has handlers, and the labels that installers put on a node.
func hostNode(h handlers) corev1.Node {
	n := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "host-a", Labels: map[string]string{
		sysbox.NodeLabel: sysbox.NodeLabelValue, kata.NodeLabel: kata.NodeLabelValue,
	}}}
	offer(&n)
	n.Status.RuntimeHandlers = nil
	for name, has := range h {
		n.Status.RuntimeHandlers = append(n.Status.RuntimeHandlers, corev1.NodeRuntimeHandler{
			Name: name, Features: &corev1.NodeRuntimeHandlerFeatures{UserNamespaces: ptr.To(has)},
		})
	}
	return n
}

// hostClasses are the RuntimeClasses of all profiles.
func hostClasses(t *testing.T) map[string]*nodev1.RuntimeClass {
	t.Helper()
	out := map[string]*nodev1.RuntimeClass{}
	for _, p := range catalog.Profiles() {
		data, err := json.Marshal(p.RuntimeClass(profile.ClassOptions{}))
		if err != nil {
			t.Fatal(err)
		}
		class := &nodev1.RuntimeClass{}
		if err := json.Unmarshal(data, class); err != nil {
			t.Fatal(err)
		}
		out[class.Name] = class
	}
	return out
}

// serversUnder makes a scope one of a cluster whose servers are there.
func serversUnder(s *Scope, class string) {
	set := &appsv1.StatefulSet{}
	set.Spec.Template.Spec.RuntimeClassName = &class
	s.children.statefulSets = map[string]*appsv1.StatefulSet{"dev-server": set}
}

func smallMachine(limits *corev1.ResourceRequirements, storage *v1alpha1.Storage) {
	limits.Limits = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourceMemory: resource.MustParse("3Gi")}
	storage.Ephemeral = ptr.To(true)
}

// resolvedAlone makes a cluster one whose servers are no nodes.
func resolvedAlone(s *Scope) {
	s.vc.Status.Resolved = &v1alpha1.Resolved{Distro: v1alpha1.DistroK8s, ControlPlaneOnly: ptr.To(true)}
	s.input.Resolved = *s.vc.Status.Resolved
}

// TestRuntimes: which of the real profiles a cluster gets.
func TestRuntimes(t *testing.T) {
	everything := handlers{userns.Handler: true, sysbox.Handler: true, kata.Handler: false, gvisor.Handler: false}
	cases := map[string]struct {
		reason string
		asked  v1alpha1.RuntimeProfile
		node   handlers
		change func(*Scope)
		want   v1alpha1.RuntimeProfile
		stop   string   // the reason, where there is none
		words  []string // of the condition
	}{
		"Userns":     {reason: "What there is.", node: handlers{userns.Handler: true}, want: v1alpha1.RuntimeUserns},
		"Sysbox":     {reason: "A node says that it has it, with user namespaces.", node: handlers{userns.Handler: true, sysbox.Handler: true}, want: v1alpha1.RuntimeSysbox},
		"OldSysbox":  {reason: "It is there, but without user namespaces.", node: handlers{userns.Handler: true, sysbox.Handler: false}, want: v1alpha1.RuntimeUserns},
		"Everything": {reason: "What nobody has proven is not taken, however strong it is.", node: everything, want: v1alpha1.RuntimeSysbox},
		"AskedAuto":  {reason: "Auto is what leaving it out is.", asked: v1alpha1.RuntimeAuto, node: everything, want: v1alpha1.RuntimeSysbox},
		"Asked":      {reason: "A cluster may ask for the weaker one.", asked: v1alpha1.RuntimeUserns, node: everything, want: v1alpha1.RuntimeUserns},
		"OnlyKata": {
			reason: "Nor is it if there is nothing else. What is the nearest to be had is said first.",
			node:   handlers{kata.Handler: false}, stop: v1alpha1.ReasonNoCapableNode,
			words: []string{`no node offers runtime "userns": node host-a: containerd has no handler`, `no node offers runtime "sysbox"`},
		},
		"Held": {
			reason: "Sysbox was installed after the cluster was made.", node: everything,
			change: func(s *Scope) { serversUnder(s, userns.ClassName) }, want: v1alpha1.RuntimeUserns,
		},
		"HeldAndGone": {
			reason: "And a cluster does not change over when it is taken away.", node: handlers{userns.Handler: true},
			change: func(s *Scope) { serversUnder(s, sysbox.ClassName) }, stop: v1alpha1.ReasonNoCapableNode, words: []string{`runtime "sysbox"`},
		},
		"HeldForeign": {
			reason: "What a cluster has is none of ours.", node: everything,
			change: func(s *Scope) { serversUnder(s, "theirs") }, want: v1alpha1.RuntimeSysbox,
		},
		"Kata": {
			reason: "Asked for by name, with nodes that it can run.", asked: v1alpha1.RuntimeKata, node: everything,
			change: func(s *Scope) { smallMachine(&s.vc.Spec.Servers.Resources, &s.vc.Spec.Servers.Storage) }, want: v1alpha1.RuntimeKata,
		},
		"KataVolume": {
			reason: "Its volumes are block devices.", asked: v1alpha1.RuntimeKata, node: everything,
			change: func(s *Scope) {
				smallMachine(&s.vc.Spec.Servers.Resources, &s.vc.Spec.Servers.Storage)
				s.vc.Spec.Servers.Storage = v1alpha1.Storage{}
			},
			want: v1alpha1.RuntimeKata,
		},
		"KataFolder": {
			reason: "Those of before are not, and would be virtio-fs.", asked: v1alpha1.RuntimeKata, node: everything,
			change: func(s *Scope) { serversUnder(s, userns.ClassName) },
			stop:   v1alpha1.ReasonRuntimeUnsupported, words: []string{"spec.servers", "virtio-fs", "set the runtime back"},
		},
		"DeviceUserns": {
			reason: "And what has devices cannot have a user namespace.", asked: v1alpha1.RuntimeUserns, node: everything,
			change: func(s *Scope) {
				serversUnder(s, kata.ClassName)
				s.children.statefulSets["dev-server"].Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{{
					Spec: corev1.PersistentVolumeClaimSpec{VolumeMode: ptr.To(corev1.PersistentVolumeBlock)},
				}}
			},
			stop: v1alpha1.ReasonRuntimeUnsupported, words: []string{"spec.servers", "block volume", "set the runtime back"},
		},
		"KataPool": {
			reason: "A pool is named by its number.", asked: v1alpha1.RuntimeKata, node: everything,
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
			reason: "The installer does not make its class.", asked: v1alpha1.RuntimeKata, node: everything,
			change: func(s *Scope) {
				smallMachine(&s.vc.Spec.Servers.Resources, &s.vc.Spec.Servers.Storage)
				delete(s.runtimeClasses, kata.ClassName)
			},
			stop: v1alpha1.ReasonRuntimeClassMissing, words: []string{"runtimeClasses.kata=true"},
		},
		"GVisor": {
			reason: "Servers that are to run pods.", asked: v1alpha1.RuntimeGVisor, node: everything,
			stop: v1alpha1.ReasonRuntimeUnsupported, words: []string{"spec.servers", "kube-proxy", "google/gvisor#14637", "controlPlaneOnly left out or true"},
		},
		"GVisorAlone": {
			reason: "A control plane alone.", asked: v1alpha1.RuntimeGVisor, node: everything, change: resolvedAlone, want: v1alpha1.RuntimeGVisor,
		},
		"GVisorK3s": {
			reason: "K3s without its agent nobody has tried.", asked: v1alpha1.RuntimeGVisor, node: everything,
			change: func(s *Scope) {
				resolvedAlone(s)
				s.input.Resolved.Distro = v1alpha1.DistroK3s
			},
			stop: v1alpha1.ReasonRuntimeUnsupported, words: []string{"distro k3s", "set it to k8s"},
		},
		"GVisorPool": {
			reason: "Its workers have no Services.", asked: v1alpha1.RuntimeGVisor, node: everything,
			change: func(s *Scope) {
				resolvedAlone(s)
				s.vc.Spec.Pools = []v1alpha1.Pool{{Name: "a"}}
			},
			stop: v1alpha1.ReasonRuntimeUnsupported, words: []string{"spec.pools[0]", "google/gvisor#14637", "userns for pools"},
		},
		"ClassTypo": {
			reason: "A user namespace must not be lost over a typo.", asked: v1alpha1.RuntimeSysbox, node: everything,
			change: func(s *Scope) {
				s.runtimeClasses[sysbox.ClassName].Annotations = map[string]string{profile.AnnotationUserNamespace: "crio"}
			},
			stop: v1alpha1.ReasonRuntimeClassInvalid, words: []string{`"crio"`, `"crio-annotation"`},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := aScope()
			s.profiles, s.nodes, s.runtimeClasses = catalog.Profiles(), []corev1.Node{hostNode(tc.node)}, hostClasses(t)
			s.vc.Spec.Runtime.Profile = tc.asked
			if tc.change != nil {
				tc.change(s)
			}
			if err := chooseRuntime(s); err != nil {
				t.Fatal(err)
			}
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
		})
	}
}

// TestCRIOAnnotation: what a RuntimeClass says of its nodes is what the pods are
// made by.
func TestCRIOAnnotation(t *testing.T) {
	s := aScope()
	s.profiles, s.nodes, s.runtimeClasses = catalog.Profiles(), []corev1.Node{hostNode(handlers{sysbox.Handler: false})}, hostClasses(t)
	s.nodes[0].Status.NodeInfo.ContainerRuntimeVersion = "cri-o://1.33.3"
	s.runtimeClasses[sysbox.ClassName].Annotations = map[string]string{profile.AnnotationUserNamespace: string(profile.ByCRIOAnnotation)}
	if err := chooseRuntime(s); err != nil {
		t.Fatal(err)
	}
	s.want(t, v1alpha1.ConditionRuntimeReady, yes, v1alpha1.ReasonReady)
	if !s.choices[0].shape.HostUsers || !profile.AsksCRIO(s.choices[0].shape.Annotations) {
		t.Errorf("the pods do not ask CRI-O: %+v", s.choices[0].shape)
	}
}

// TestCRIOCgroup: and so is the way to a writable cgroup.
func TestCRIOCgroup(t *testing.T) {
	s := aScope()
	s.profiles, s.nodes, s.runtimeClasses = catalog.Profiles(), []corev1.Node{hostNode(handlers{userns.Handler: true})}, hostClasses(t)
	s.nodes[0].Status.NodeInfo.ContainerRuntimeVersion = "cri-o://1.33.3"
	if err := chooseRuntime(s); err != nil {
		t.Fatal(err)
	}
	if c := s.want(t, v1alpha1.ConditionRuntimeReady, no, v1alpha1.ReasonNoCapableNode); !strings.Contains(c.Message, profile.AnnotationWritableCgroup) {
		t.Errorf("the message has no remedy: %s", c.Message)
	}
	class := s.runtimeClasses[userns.ClassName]
	class.Annotations = map[string]string{profile.AnnotationWritableCgroup: string(profile.CgroupByCRIOAnnotation)}
	if err := chooseRuntime(s); err != nil {
		t.Fatal(err)
	}
	s.want(t, v1alpha1.ConditionRuntimeReady, yes, v1alpha1.ReasonReady)
	if shape := s.choices[0].shape; shape.HostUsers || shape.Annotations[profile.CRIOCgroupAnnotation] != "true" {
		t.Errorf("the pods do not ask CRI-O, or for no user namespace: %+v", shape)
	}
	class.Annotations[profile.AnnotationWritableCgroup] = "yes"
	if err := chooseRuntime(s); err != nil {
		t.Fatal(err)
	}
	s.want(t, v1alpha1.ConditionRuntimeReady, no, v1alpha1.ReasonRuntimeClassInvalid)
}

// TestProveOwnKernel: a pod that may do everything is isolated by a kernel of its
// own, if it has one.
func TestProveOwnKernel(t *testing.T) {
	cases := map[string]struct {
		reason string
		class  string
		kernel string
		want   string
		status metav1.ConditionStatus
	}{
		"Own":   {reason: "Its kernel is another than the node's.", class: kata.ClassName, kernel: "6.12.28-kata", want: v1alpha1.ReasonProven, status: yes},
		"Same":  {reason: "The class is Kata's and the kernel the node's.", class: kata.ClassName, kernel: "6.18.44", want: v1alpha1.ReasonViolated, status: no},
		"Blank": {reason: "A guest that says nothing proves nothing.", class: kata.ClassName, want: v1alpha1.ReasonViolated, status: no},
		"Other": {reason: "Under another class such a pod is root of the host.", class: "theirs", kernel: "6.12.28-kata", want: v1alpha1.ReasonViolated, status: no},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			pod := aPod(confined, func(p *corev1.Pod) {
				p.Spec.NodeName, p.Spec.HostUsers, p.Spec.RuntimeClassName = "host-a", nil, &tc.class
				p.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"ALL"}}}
			})
			s := aScope(pod)
			s.profiles, s.nodes = catalog.Profiles(), []corev1.Node{hostNode(nil)}
			s.says(pod.UID, func(r *guestapi.Report) {
				r.Facts.UIDMap, r.Facts.SeccompMode, r.Facts.Kernel = []string{"0 0 4294967295"}, "disabled", tc.kernel
			})
			if err := prove(s); err != nil {
				t.Fatal(err)
			}
			if c := s.want(t, v1alpha1.ConditionIsolated, tc.status, tc.want); t.Failed() {
				t.Errorf("%s %s", tc.reason, c.Message)
			}
		})
	}
}

// TestPodsAreLetIn: a real API server takes the pods and the RuntimeClass of
// every profile at the Pod Security level that it states, and not at the next.
func TestPodsAreLetIn(t *testing.T) {
	w := newWorld(t)
	levels := []string{"privileged", "baseline", "restricted"}
	for _, p := range catalog.Profiles() {
		k := p.Knowledge()
		t.Run(string(k.Name), func(t *testing.T) {
			if err := w.client.Apply(t.Context(), p.RuntimeClass(profile.ClassOptions{}), client.FieldOwner("test"), client.ForceOwnership); err != nil {
				t.Fatal(err)
			}
			w.enforce(k.PodSecurity.Level)
			for _, group := range []string{cluster.ServerGroup, "work"} {
				if err := heard(t.Context(), func() error { return w.tryPod(t, p, group) }); err != nil {
					t.Errorf("pod of %s: %v", group, err)
				}
			}
			if err := w.tryKept(t, p); err != nil {
				t.Errorf("pod with a volume: %v", err)
			}
			w.enforce(levels[slices.Index(levels, k.PodSecurity.Level)+1])
			if err := w.tryPod(t, p, cluster.ServerGroup); err == nil || !strings.Contains(err.Error(), "PodSecurity") {
				t.Errorf("a stricter level than the profile states: %v", err)
			}
		})
	}
}

// heard asks again while Pod Security refuses: the API server hears of another
// level a moment after it has been written.
func heard(ctx context.Context, ask func() error) (last error) {
	_ = poll.PollUntilContextTimeout(ctx, 10*time.Millisecond, 5*time.Second, true, func(context.Context) (bool, error) {
		last = ask()
		return last == nil || !strings.Contains(last.Error(), "PodSecurity"), nil
	}) // what was said last tells more than that it took too long
	return last
}

// tryKept asks the API server for a pod whose state is kept.
func (w *world) tryKept(t *testing.T, p profile.Profile) error {
	t.Helper()
	in := cluster.Input{Name: "kept", Namespace: w.ns, UID: "u", APIAddress: "10.0.0.7", Resolved: v1alpha1.Resolved{Distro: v1alpha1.DistroK8s, Image: "localhost/node:1"}}
	g := cluster.Servers(in.Spec)
	g.Block = p.Knowledge().BlockVolumes
	set, err := cluster.StatefulSet(in, g, p.PodShape(profile.PodOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	set.OwnerReferences = nil
	if err := w.client.Apply(t.Context(), set, client.DryRunAll, client.FieldOwner("test")); err != nil {
		return err
	}
	pod, err := trialPod(set, w.ns)
	if err != nil {
		t.Fatal(err)
	}
	return w.client.Create(t.Context(), pod, client.DryRunAll)
}

// tryPod asks the API server for the first pod of a group under a profile.
func (w *world) tryPod(t *testing.T, p profile.Profile, group string) error {
	t.Helper()
	in := cluster.Input{
		Name: "dev", Namespace: w.ns, UID: "u", APIAddress: "10.0.0.7",
		Resolved: v1alpha1.Resolved{Distro: v1alpha1.DistroK8s, Image: "localhost/node:1"},
		Spec:     v1alpha1.VirtualClusterSpec{Pools: []v1alpha1.Pool{{Name: "work"}}},
	}
	smallMachine(&in.Spec.Servers.Resources, &in.Spec.Servers.Storage)
	smallMachine(&in.Spec.Pools[0].Resources, &in.Spec.Pools[0].Storage)
	groups := append([]cluster.Group{cluster.Servers(in.Spec)}, cluster.Pools(in.Spec)...)
	g := groups[slices.IndexFunc(groups, func(g cluster.Group) bool { return g.Name == group })]
	set, err := cluster.StatefulSet(in, g, p.PodShape(profile.PodOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	pod, err := trialPod(set, w.ns)
	if err != nil {
		t.Fatal(err)
	}
	return w.client.Create(t.Context(), pod, client.DryRunAll)
}
