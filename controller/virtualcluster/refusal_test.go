package virtualcluster

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

func quantity(s string) *resource.Quantity { return ptr.To(resource.MustParse(s)) }

// refusedCase is a spec that cannot be, and what is said of it.
type refusedCase struct {
	reason string
	change func(*v1alpha1.VirtualCluster)
	want   string
	words  []string
}

func testRefused(t *testing.T, cases map[string]refusedCase) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.newCluster("dev", tc.change)
			w.settle("dev")
			c := w.expect("dev", v1alpha1.ConditionReady, metav1.ConditionFalse, tc.want)
			w.expect("dev", v1alpha1.ConditionStalled, metav1.ConditionTrue, tc.want)
			for _, word := range tc.words {
				if !strings.Contains(c.Message, word) {
					t.Errorf("%s\nThe message does not say %q: %s", tc.reason, word, c.Message)
				}
			}
			if n := len(w.owned("dev")); n > 0 {
				t.Errorf("%d objects were made", n)
			}
			if got := w.vc("dev").Status.ObservedGeneration; got != 1 {
				t.Errorf("observedGeneration is %d", got)
			}
		})
	}
}

// TestRefused: what cannot be is said with its field and remedy, and no pod is
// made.
func TestRefused(t *testing.T) {
	testRefused(t, map[string]refusedCase{
		"Version": {
			reason: "Only what is in the catalogue can be had.",
			change: func(vc *v1alpha1.VirtualCluster) { vc.Spec.Version = "v1.30.0" },
			want:   v1alpha1.ReasonVersionUnavailable, words: []string{"v1.30.0", "v1.36.3"},
		},
		"Distro": {
			reason: "The image does not carry it.",
			change: func(vc *v1alpha1.VirtualCluster) { vc.Spec.Distro = v1alpha1.DistroK3s },
			want:   v1alpha1.ReasonDistroUnavailable, words: []string{"k3s", "k8s"},
		},
		"PodCIDR": {
			reason: "The host's pods would be out of reach.",
			change: func(vc *v1alpha1.VirtualCluster) { vc.Spec.Network.PodCIDR = "10.214.0.0/16" },
			want:   v1alpha1.ReasonCIDRConflict, words: []string{"spec.network.podCIDR", "10.214.0.0/16", "10.214.0.0/24"},
		},
		"ServiceCIDR": {
			reason: "The host's Services would be out of reach.",
			change: func(vc *v1alpha1.VirtualCluster) { vc.Spec.Network.ServiceCIDR = "10.0.0.0/20" },
			want:   v1alpha1.ReasonCIDRConflict, words: []string{"spec.network.serviceCIDR", "Service range of the host"},
		},
	})
}

// TestForbidden: so is what only an administrator can allow, with the flag for it.
func TestForbidden(t *testing.T) {
	testRefused(t, map[string]refusedCase{
		"Image": {
			reason: "An image is the administrator's to allow.",
			change: func(vc *v1alpha1.VirtualCluster) { vc.Spec.Image = "example.com/evil:1" },
			want:   v1alpha1.ReasonForbidden, words: []string{"spec.image", "example.com/evil:1", "--allow-image"},
		},
		"Config": {
			reason: "Raw settings are the administrator's to allow.",
			change: func(vc *v1alpha1.VirtualCluster) {
				vc.Spec.Config = map[string]string{"kube-apiserver.event-ttl": "1h"}
			},
			want: v1alpha1.ReasonForbidden, words: []string{"spec.config", "--allow-config"},
		},
		"Network": {
			reason: "What is reached outside is the administrator's to allow.",
			change: func(vc *v1alpha1.VirtualCluster) {
				vc.Spec.Network.Allow = []v1alpha1.NetworkRule{{CIDR: "10.9.0.8/32"}}
			},
			want: v1alpha1.ReasonForbidden, words: []string{"spec.network.allow[0].cidr", "10.9.0.8/32", "no destination is", "--allow-network"},
		},
		"RuntimeClass": {
			reason: "What stands behind a class of the site's is the administrator's to know.",
			change: func(vc *v1alpha1.VirtualCluster) {
				vc.Spec.Servers.Runtime = v1alpha1.Runtime{Profile: v1alpha1.RuntimeUserns, ClassName: "theirs"}
			},
			want: v1alpha1.ReasonForbidden, words: []string{"spec.servers.runtime.className", `"theirs"`, "no RuntimeClass is", "--allow-runtime-class"},
		},
		"PoolRuntimeClass": {
			reason: "A pool's is asked about as well.",
			change: func(vc *v1alpha1.VirtualCluster) {
				vc.Spec.Pools = []v1alpha1.Pool{{Name: "a"}, {Name: "b", Runtime: v1alpha1.Runtime{Profile: v1alpha1.RuntimeUserns, ClassName: "theirs"}}}
			},
			want: v1alpha1.ReasonForbidden, words: []string{"spec.pools[1].runtime.className"},
		},
		"SystemPriority": {
			reason: "Servers do not push what the host needs off its nodes.",
			change: func(vc *v1alpha1.VirtualCluster) { vc.Spec.Servers.PriorityClassName = "system-node-critical" },
			want:   v1alpha1.ReasonForbidden, words: []string{"spec.servers.priorityClassName", "system-node-critical", "--allow-system-priority"},
		},
		"PoolSystemPriority": {
			reason: "Nor do pools, and not only the first of them.",
			change: func(vc *v1alpha1.VirtualCluster) {
				vc.Spec.Pools = []v1alpha1.Pool{{Name: "a"}, {Name: "b"}}
				vc.Spec.Pools[1].PriorityClassName = "system-cluster-critical"
			},
			want: v1alpha1.ReasonForbidden, words: []string{"spec.pools[1].priorityClassName", "system-cluster-critical"},
		},
	})
}

// TestPodSecurity: the words of the admission that would refuse the pods are in
// the status before there is a StatefulSet that fails to make them.
func TestPodSecurity(t *testing.T) {
	w := newWorld(t)
	w.enforce("baseline")
	w.newCluster("dev")
	w.settle("dev")
	c := w.expect("dev", v1alpha1.ConditionControlPlaneReady, metav1.ConditionFalse, v1alpha1.ReasonPodRejected)
	for _, word := range []string{"PodSecurity", "capabilities", profile.LabelEnforce + "=privileged"} {
		if !strings.Contains(c.Message, word) {
			t.Errorf("the message does not say %q: %s", word, c.Message)
		}
	}
	if w.exists("dev-server", &appsv1.StatefulSet{}) {
		t.Error("a StatefulSet was made that cannot make its pods")
	}
	dryRuns := w.count.dryRuns
	result := w.reconcile("dev")
	if w.count.dryRuns != dryRuns {
		t.Error("the same question was asked again at once")
	}
	if result.RequeueAfter == 0 || result.RequeueAfter > lastRetry {
		t.Errorf("comes back after %v, but no watch tells when a policy changes", result.RequeueAfter)
	}

	w.enforce("privileged")
	w.clock.Step(result.RequeueAfter)
	w.settle("dev")
	if !w.exists("dev-server", &appsv1.StatefulSet{}) {
		t.Error("the servers are still missing")
	}
}

func (w *world) enforce(level string) {
	w.t.Helper()
	ns := &corev1.Namespace{}
	if err := w.client.Get(w.t.Context(), client.ObjectKey{Name: w.ns}, ns); err != nil {
		w.t.Fatal(err)
	}
	ns.Labels[profile.LabelEnforce] = level
	if err := w.client.Update(w.t.Context(), ns); err != nil {
		w.t.Fatal(err)
	}
}

// TestQuota: a quota refuses pods in the same way.
func TestQuota(t *testing.T) {
	w := newWorld(t)
	quota := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.ns, Name: "none"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}},
	}
	w.create(quota)
	quota.Status = corev1.ResourceQuotaStatus{Hard: quota.Spec.Hard, Used: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}}
	w.updateStatus(quota)
	w.newCluster("dev")
	w.settle("dev")
	c := w.expect("dev", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonPodRejected)
	if !strings.Contains(c.Message, "quota") {
		t.Errorf("the message is: %s", c.Message)
	}
}

// TestNoRuntime: without a runtime there is no pod, but everything else.
func TestNoRuntime(t *testing.T) {
	t.Run("ClassMissing", func(t *testing.T) {
		w := newWorld(t)
		class := &nodev1.RuntimeClass{}
		if err := w.client.Get(t.Context(), client.ObjectKey{Name: userns.ClassName}, class); err != nil {
			t.Fatal(err)
		}
		if err := w.client.Delete(t.Context(), class); err != nil {
			t.Fatal(err)
		}
		w.newCluster("dev")
		w.settle("dev")
		w.expectNoPods(v1alpha1.ReasonRuntimeClassMissing)
		w.makeHost()
		w.settle("dev")
		w.expect("dev", v1alpha1.ConditionRuntimeReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	})
	t.Run("NoCapableNode", func(t *testing.T) {
		w := newWorld(t)
		node := &corev1.Node{}
		w.get("host-a", node)
		node.Status.RuntimeHandlers = nil
		w.updateStatus(node)
		w.newCluster("dev")
		w.settle("dev")
		c := w.expectNoPods(v1alpha1.ReasonNoCapableNode)
		if !strings.Contains(c.Message, "host-a") {
			t.Errorf("the message does not name the node: %s", c.Message)
		}
		w.makeHost()
	})
}

func (w *world) expectNoPods(reason string) metav1.Condition {
	w.t.Helper()
	c := w.expect("dev", v1alpha1.ConditionRuntimeReady, metav1.ConditionFalse, reason)
	w.expect("dev", v1alpha1.ConditionReady, metav1.ConditionFalse, reason)
	w.expect("dev", v1alpha1.ConditionKubeconfigReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	if w.exists("dev-server", &appsv1.StatefulSet{}) {
		w.t.Error("a StatefulSet was made")
	}
	return c
}

// TestFailure: an error of the API server is in the status of a cluster that is
// not ready, and the next attempt makes it good.
func TestFailure(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	boom := errors.New("boom")
	w.count.fail = func(r *http.Request) error {
		if r.Method == http.MethodPatch && strings.HasSuffix(r.URL.Path, "/services/dev-nodes") {
			return boom
		}
		return nil
	}
	if _, err := w.try("dev"); !errors.Is(err, boom) {
		t.Errorf("Reconcile() = %v, want the error of the request", err)
	}
	w.expect("dev", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonFailed)
	w.count.fail = nil
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
}

// TestHiccup: a cluster that is ready stays so while the API server is busy, but
// not when it refuses.
func TestHiccup(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.settle("dev")
	w.serve("dev")
	w.expect("dev", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)

	answer := func(code int) func(*http.Request) error {
		return func(r *http.Request) error {
			if !strings.HasSuffix(r.URL.Path, "/secrets/dev-join") {
				return nil
			}
			return &apierrors.StatusError{ErrStatus: metav1.Status{Code: int32(code), Message: "no"}} //nolint:gosec // a status
		}
	}
	w.count.fail = answer(http.StatusServiceUnavailable)
	if _, err := w.try("dev"); err == nil {
		t.Error("the error was swallowed")
	}
	w.expect("dev", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	w.count.fail = answer(http.StatusForbidden)
	if _, err := w.try("dev"); err == nil {
		t.Error("the error was swallowed")
	}
	w.expect("dev", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonFailed)
}

// TestCatalogueBroken: the administrator's mistake is said, not crashed over.
func TestCatalogueBroken(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.r.opts.Catalogue = func(context.Context) (catalogue.Catalogue, error) {
		return catalogue.Parse([]byte("default: v9.9.9"))
	}
	if _, err := w.try("dev"); err == nil {
		t.Error("a broken catalogue is no error")
	}
	w.expect("dev", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonFailed)
}
