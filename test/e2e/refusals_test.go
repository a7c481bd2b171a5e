package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// A few events about one object are news; more are noise.
const mostEvents = 8

type change = func(*v1alpha1.VirtualClusterSpec)

// What the API server refuses, it refuses in words that name the field. Each
// rule by itself is tested with the CRD.
func testRefusedByCRD(t *testing.T, d harness.Distro) {
	s := watch(t, d)
	for name, tc := range map[string]struct {
		name string
		spec change
		want string
	}{
		"Distro":       {"c", func(s *v1alpha1.VirtualClusterSpec) { s.Distro = "minikube" }, `spec.distro: Unsupported value: "minikube"`},
		"Runtime":      {"c", func(s *v1alpha1.VirtualClusterSpec) { s.Runtime.Profile = "docker" }, `spec.runtime.profile: Unsupported value: "docker"`},
		"Overlap":      {"c", func(s *v1alpha1.VirtualClusterSpec) { s.Network = cidrs("10.8.0.0/16", "10.8.0.0/20") }, "podCIDR and serviceCIDR must not overlap"},
		"CIDR":         {"c", func(s *v1alpha1.VirtualClusterSpec) { s.Network = cidrs("10.8.0.300/16", "") }, "spec.network.podCIDR"},
		"Name":         {strings.Repeat("a", 46), nil, "metadata.name must have at most 45 characters"},
		"NameWithPool": {strings.Repeat("a", 45), func(s *v1alpha1.VirtualClusterSpec) { s.Pools = pools("workers") }, "shorten the pool's name"},
		"NoServers":    {"c", func(s *v1alpha1.VirtualClusterSpec) { s.Servers.Replicas = ptr.To[int32](0) }, "spec.servers.replicas"},
		"Config":       {"c", func(s *v1alpha1.VirtualClusterSpec) { s.Config = map[string]string{"etcd.data-dir": "/"} }, "a flag that is reserved"},
	} {
		t.Run(name, func(t *testing.T) {
			vc := harness.VirtualCluster("default", tc.name)
			vc.Spec.Distro = d.Name
			if tc.spec != nil {
				tc.spec(&vc.Spec)
			}
			err := s.host.Create(s.ctx, vc, client.DryRunAll)
			if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("want a refusal with %q, got: %v", tc.want, err)
			}
		})
	}
}

func cidrs(pod, service string) v1alpha1.Network {
	return v1alpha1.Network{PodCIDR: pod, ServiceCIDR: service}
}

func pools(name string) []v1alpha1.Pool { return []v1alpha1.Pool{{Name: name}} }

// What only the controller can know to be impossible it says in the condition
// Ready, with a reason, the field or node, and the remedy; and it stays calm.
func testRefusedByController(t *testing.T, d harness.Distro) {
	s := begin(t, d)
	for name, tc := range map[string]struct {
		spec change
		// before is done before the cluster is created.
		before func(s *scene, name string)
		reason string
		want   []string
	}{
		"NoDistro":   {spec: func(s *v1alpha1.VirtualClusterSpec) { s.Distro, s.Version = v1alpha1.DistroK3s, k8sOnlyVersion }, reason: v1alpha1.ReasonDistroUnavailable, want: []string{`spec.distro "k3s"`, "leave spec.distro out"}},
		"NoVersion":  {spec: func(s *v1alpha1.VirtualClusterSpec) { s.Version = "v1.2.3" }, reason: v1alpha1.ReasonVersionUnavailable, want: []string{`spec.version "v1.2.3"`, "available:"}},
		"Image":      {spec: func(s *v1alpha1.VirtualClusterSpec) { s.Image = "docker.io/evil/node:v1" }, reason: v1alpha1.ReasonForbidden, want: []string{"spec.image", "--allow-image"}},
		"Config":     {spec: func(s *v1alpha1.VirtualClusterSpec) { s.Config = map[string]string{"kubelet.v": "4"} }, reason: v1alpha1.ReasonForbidden, want: []string{"spec.config", "--allow-config"}},
		"Network":    {spec: func(s *v1alpha1.VirtualClusterSpec) { s.Network.Allow = []v1alpha1.NetworkRule{{CIDR: "10.99.0.0/16"}} }, reason: v1alpha1.ReasonForbidden, want: []string{"spec.network.allow[0].cidr", "--allow-network"}},
		"HostRange":  {spec: func(s *v1alpha1.VirtualClusterSpec) { s.Network.PodCIDR = world.host.Status.PodCIDR }, reason: v1alpha1.ReasonCIDRConflict, want: []string{"spec.network.podCIDR", "the pod range of the host"}},
		"NoImage":    {spec: missingImage, reason: v1alpha1.ReasonImagePullFailed, want: []string{missingRef, `node "host-0"`, "load it onto the node"}},
		"NoNode":     {spec: func(s *v1alpha1.VirtualClusterSpec) { s.Servers.NodeSelector = map[string]string{"disk": "none"} }, reason: v1alpha1.ReasonUnschedulable, want: []string{"-server-0", "node"}},
		"NoPriority": {spec: func(s *v1alpha1.VirtualClusterSpec) { s.Servers.PriorityClassName = "none" }, reason: v1alpha1.ReasonPodRejected, want: []string{`PriorityClass`, "none"}},
		"NoStorage":  {spec: func(s *v1alpha1.VirtualClusterSpec) { s.Servers.Storage.ClassName = ptr.To("none") }, reason: v1alpha1.ReasonUnschedulable, want: []string{"-server-0"}},
		"Foreign":    {before: foreignSecret, reason: v1alpha1.ReasonNameConflict, want: []string{"Secret", "it is left alone"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.in(t)
			cluster := "bad-" + lower(name)
			if tc.before != nil {
				tc.before(s, cluster)
			}
			s.checkRefusal(s.create(cluster, tc.spec), tc.reason, tc.want)
		})
	}
}

// A namespace that admits no node pods is named with the label it needs.
func testPodSecurity(t *testing.T, d harness.Distro) {
	s := begin(t, d)
	var namespace corev1.Namespace
	s.must(s.host.Get(s.ctx, client.ObjectKey{Name: s.namespace}, &namespace))
	namespace.Labels["pod-security.kubernetes.io/enforce"] = "baseline"
	s.must(s.host.Update(s.ctx, &namespace))
	vc := s.create("fenced")
	s.checkRefusal(vc, v1alpha1.ReasonPodRejected, []string{"PodSecurity", "pod-security.kubernetes.io/enforce=privileged"})
	delete(namespace.Labels, "pod-security.kubernetes.io/enforce")
	s.must(s.host.Update(s.ctx, &namespace))
	// Nothing else is needed for it to go on.
	s.condition(vc, v1alpha1.ConditionControlPlaneReady, metav1.ConditionTrue, "")
}

func foreignSecret(s *scene, name string) {
	s.must(s.host.Create(s.ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: cluster.JoinSecretName(name)}}))
}

// checkRefusal waits until a cluster is not ready for a reason and its conditions
// say all that they must, and looks whether anything keeps trying. The words are
// waited for, too: the reason may be there already with those of another cause.
func (s *scene) checkRefusal(vc *v1alpha1.VirtualCluster, reason string, want []string) {
	s.Helper()
	vc, err := harness.Await(s.within(stepTimeout), s.host.Cluster, vc, func(vc *v1alpha1.VirtualCluster) (bool, string) {
		words := harness.Conditions(vc)
		missing := slices.DeleteFunc(slices.Clone(want), func(w string) bool { return strings.Contains(words, w) })
		c := meta.FindStatusCondition(vc.Status.Conditions, v1alpha1.ConditionReady)
		ok := c != nil && c.Status == metav1.ConditionFalse && c.Reason == reason && len(missing) == 0
		return ok, fmt.Sprintf("want reason %q, and the conditions to say %q:%s", reason, missing, words)
	})
	s.must(err)
	s.checkCalm(vc)
}

func (s *scene) checkCalm(vc *v1alpha1.VirtualCluster) {
	s.Helper()
	var pods corev1.PodList
	s.must(s.host.List(s.ctx, &pods, client.InNamespace(vc.Namespace), client.MatchingLabels{v1alpha1.LabelCluster: vc.Name}))
	for i := range pods.Items {
		if n := restarts(&pods.Items[i]); n > 0 {
			s.Errorf("pod %q was restarted %d times", pods.Items[i].Name, n)
		}
	}
	var events corev1.EventList
	s.must(s.host.List(s.ctx, &events, client.InNamespace(vc.Namespace),
		client.MatchingFields{"involvedObject.uid": string(vc.UID)}))
	if len(events.Items) > mostEvents {
		s.Errorf("%d events about %q", len(events.Items), vc.Name)
	}
}

func lower(name string) string { return strings.ToLower(name) }
