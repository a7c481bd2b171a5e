package truth

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// ready is the status of a cluster in which all is well.
func ready() *v1alpha1.VirtualCluster {
	vc := &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Name: "dev", UID: "u", Generation: 2}}
	vc.Status = v1alpha1.VirtualClusterStatus{
		ObservedGeneration: 2, IdentityFingerprint: "f", Endpoint: "https://10.0.0.1:6443", Nodes: 1,
		Servers: &v1alpha1.NodeGroupStatus{Replicas: 1, ReadyReplicas: 1},
	}
	vc.Status.KubeconfigSecretRef = &corev1.LocalObjectReference{Name: "dev-kubeconfig"}
	for _, c := range []string{
		v1alpha1.ConditionReady, v1alpha1.ConditionRuntimeReady, v1alpha1.ConditionControlPlaneReady,
		v1alpha1.ConditionNodesReady, v1alpha1.ConditionKubeconfigReady, v1alpha1.ConditionIsolated,
	} {
		set(vc, c, metav1.ConditionTrue, v1alpha1.ReasonReady)
	}
	return vc
}

func set(vc *v1alpha1.VirtualCluster, condition string, status metav1.ConditionStatus, reason string) {
	c := metav1.Condition{Type: condition, Status: status, Reason: reason, Message: "why", ObservedGeneration: vc.Generation}
	for i := range vc.Status.Conditions {
		if vc.Status.Conditions[i].Type == condition {
			vc.Status.Conditions[i] = c
			return
		}
	}
	vc.Status.Conditions = append(vc.Status.Conditions, c)
}

func TestCheck(t *testing.T) {
	const no = metav1.ConditionFalse
	cases := map[string]struct {
		reason string
		change func(*v1alpha1.VirtualCluster)
		want   string // in the error; empty for none
	}{
		"Ahead":    {"Nobody has seen that spec.", func(vc *v1alpha1.VirtualCluster) { vc.Status.ObservedGeneration = 3 }, "ahead of generation 2"},
		"Newer":    {"A part is not newer than the whole.", func(vc *v1alpha1.VirtualCluster) { vc.Status.ObservedGeneration = 1 }, "is about generation 2"},
		"Summary":  {"Ready is the sum.", func(vc *v1alpha1.VirtualCluster) { set(vc, "NodesReady", no, "Booting") }, "Ready is True and NodesReady is not"},
		"Violated": {"Not safe to miss.", func(vc *v1alpha1.VirtualCluster) { set(vc, "Isolated", no, "Violated") }, "violated"},
		"Stalled":  {"It goes on or it does not.", func(vc *v1alpha1.VirtualCluster) { set(vc, "Stalled", metav1.ConditionTrue, "X") }, "both True"},
		"TwoReasons": {"One cause is told.", func(vc *v1alpha1.VirtualCluster) {
			set(vc, "Ready", no, "Y")
			set(vc, "Stalled", metav1.ConditionTrue, "X")
		}, "because of X"},
		"NoServer":   {"Somebody has to serve.", func(vc *v1alpha1.VirtualCluster) { vc.Status.Servers.ReadyReplicas = 0 }, "no server is ready"},
		"NoIdentity": {"No server starts before that.", func(vc *v1alpha1.VirtualCluster) { vc.Status.IdentityFingerprint = "" }, "no identity"},
		"Uncounted":  {"A missing node is seen.", func(vc *v1alpha1.VirtualCluster) { vc.Spec.Pools = []v1alpha1.Pool{{Name: "a"}} }, "1 of 2 nodes"},
		"PodGone": {"The cluster inside knows late.", func(vc *v1alpha1.VirtualCluster) {
			vc.Spec.Pools, vc.Status.Nodes = []v1alpha1.Pool{{Name: "a", Replicas: ptr.To[int32](2)}}, 3
			vc.Status.Pools = []v1alpha1.PoolStatus{{Name: "a", NodeGroupStatus: v1alpha1.NodeGroupStatus{Replicas: 2, ReadyReplicas: 1}}}
		}, "1 of 2 pods of pool a"},
		"ServerGone": {"A server is a node, too.", func(vc *v1alpha1.VirtualCluster) {
			vc.Spec.Servers.Replicas, vc.Status.Nodes = ptr.To[int32](3), 3
		}, "not all of 3 servers"},
		"NoAPI":    {"Nobody could be asked.", func(vc *v1alpha1.VirtualCluster) { set(vc, "ControlPlaneReady", no, "Booting") }, "NodesReady is True and ControlPlaneReady is not"},
		"NoSecret": {"It has to be found.", func(vc *v1alpha1.VirtualCluster) { vc.Status.KubeconfigSecretRef = nil }, "names no Secret"},
		"Silent":   {"A reader wants to know why.", func(vc *v1alpha1.VirtualCluster) { set(vc, "Ready", no, "") }, "without a reason"},
		"Twice": {"Types are keys.", func(vc *v1alpha1.VirtualCluster) {
			vc.Status.Conditions = append(vc.Status.Conditions, vc.Status.Conditions[0])
		}, "twice"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			vc := ready()
			tc.change(vc)
			if err := Check(vc); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s\nCheck() = %v, want words %q", tc.reason, err, tc.want)
			}
		})
	}
}

func TestCheckFindsNothing(t *testing.T) {
	pending, noRuntime := ready(), ready()
	set(pending, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonPending)
	set(noRuntime, v1alpha1.ConditionRuntimeReady, metav1.ConditionFalse, v1alpha1.ReasonRuntimeClassMissing)
	for _, vc := range []*v1alpha1.VirtualCluster{ready(), pending, noRuntime, {}} {
		if err := Check(vc); err != nil {
			t.Errorf("Check() = %v for a status without a contradiction", err)
		}
	}
}

func TestFollows(t *testing.T) {
	cases := map[string]func(*v1alpha1.VirtualCluster){
		"identity":           func(vc *v1alpha1.VirtualCluster) { vc.Status.IdentityFingerprint = "other" },
		"observedGeneration": func(vc *v1alpha1.VirtualCluster) { vc.Status.ObservedGeneration = 1 },
		"resolved":           func(vc *v1alpha1.VirtualCluster) { vc.Status.Resolved = nil },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			before := ready()
			before.Status.Resolved = &v1alpha1.Resolved{Image: "a"}
			after := before.DeepCopy()
			if err := Follows(before, after); err != nil {
				t.Errorf("Follows() = %v although nothing changed", err)
			}
			change(after)
			if err := Follows(before, after); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("Follows() = %v, want the %s named", err, name)
			}
			after.UID = "another"
			if err := Follows(before, after); err != nil {
				t.Errorf("Follows() = %v for another cluster of the same name", err)
			}
		})
	}
}
