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

// hostScope is what was observed of a cluster "dev" on a host of these nodes, with
// all runtimes that there are.
func hostScope(t *testing.T, nodes ...corev1.Node) *Scope {
	t.Helper()
	s := aScope()
	s.profiles, s.nodes, s.runtimeClasses = catalog.Profiles(), nodes, hostClasses(t)
	return s
}

// choose takes the step that chooses runtimes.
func choose(t *testing.T, s *Scope) {
	t.Helper()
	if err := chooseRuntime(s); err != nil {
		t.Fatal(err)
	}
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

// TestCRIOAnnotation: what a RuntimeClass says of its nodes is what the pods are
// made by.
func TestCRIOAnnotation(t *testing.T) {
	s := hostScope(t, hostNode(handlers{sysbox.Handler: false}))
	s.nodes[0].Status.NodeInfo.ContainerRuntimeVersion = "cri-o://1.33.3"
	s.runtimeClasses[sysbox.ClassName].Annotations = map[string]string{profile.AnnotationUserNamespace: string(profile.ByCRIOAnnotation)}
	choose(t, s)
	s.want(t, v1alpha1.ConditionRuntimeReady, yes, v1alpha1.ReasonReady)
	if !s.choices[0].shape.HostUsers || !profile.AsksCRIO(s.choices[0].shape.Annotations) {
		t.Errorf("the pods do not ask CRI-O: %+v", s.choices[0].shape)
	}
}

// TestCRIOCgroup: and so is the way to a writable cgroup.
func TestCRIOCgroup(t *testing.T) {
	s := hostScope(t, hostNode(handlers{userns.Handler: true}))
	s.nodes[0].Status.NodeInfo.ContainerRuntimeVersion = "cri-o://1.33.3"
	choose(t, s)
	if c := s.want(t, v1alpha1.ConditionRuntimeReady, no, v1alpha1.ReasonNoCapableNode); !strings.Contains(c.Message, profile.AnnotationWritableCgroup) {
		t.Errorf("the message has no remedy: %s", c.Message)
	}
	class := s.runtimeClasses[userns.ClassName]
	class.Annotations = map[string]string{profile.AnnotationWritableCgroup: string(profile.CgroupByCRIOAnnotation)}
	choose(t, s)
	s.want(t, v1alpha1.ConditionRuntimeReady, yes, v1alpha1.ReasonReady)
	if shape := s.choices[0].shape; shape.HostUsers || shape.Annotations[profile.CRIOCgroupAnnotation] != "true" {
		t.Errorf("the pods do not ask CRI-O, or for no user namespace: %+v", shape)
	}
	class.Annotations[profile.AnnotationWritableCgroup] = "yes"
	choose(t, s)
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
