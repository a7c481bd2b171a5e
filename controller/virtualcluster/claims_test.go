package virtualcluster

import (
	"cmp"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// somebodysClaim is a volume that a user made.
func (w *world) somebodysClaim(name string, owners ...metav1.OwnerReference) *corev1.PersistentVolumeClaim {
	w.t.Helper()
	claim := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.ns, Name: name, OwnerReferences: owners},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: *quantity("1Gi")}},
		},
	}
	w.create(claim)
	return claim
}

func poolOf(replicas int32) func(*v1alpha1.VirtualCluster) {
	return func(vc *v1alpha1.VirtualCluster) {
		vc.Spec.Pools = []v1alpha1.Pool{{Name: "work", Replicas: ptr.To(replicas)}}
	}
}

// TestForeignVolume: a StatefulSet would take a volume of the right name over,
// and delete it with the cluster. So nothing is made beside one.
func TestForeignVolume(t *testing.T) {
	cases := map[string]struct{ claim, remedy string }{
		"Server": {"state-dev-server-0", "create the cluster under another name"},
		"Pool":   {"state-dev-work-1", `give pool "work" another name`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			claim := w.somebodysClaim(tc.claim)
			w.newCluster("dev", poolOf(2))
			if result := w.reconcile("dev"); result.RequeueAfter == 0 {
				t.Error("nothing will look again when the volume is gone")
			}
			c := w.expect("dev", v1alpha1.ConditionReady, no, v1alpha1.ReasonNameConflict)
			w.expect("dev", v1alpha1.ConditionStalled, yes, v1alpha1.ReasonNameConflict)
			if !strings.Contains(c.Message, tc.claim) || !strings.Contains(c.Message, tc.remedy) {
				t.Errorf("the message does not say %q and %q: %s", tc.claim, tc.remedy, c.Message)
			}
			if n := len(w.owned("dev")); n > 0 {
				t.Errorf("%d objects were made", n)
			}
			if err := w.client.Delete(t.Context(), claim); err != nil {
				t.Fatal(err)
			}
			// No controller is there to take the protection off.
			w.get(claim.Name, claim)
			claim.Finalizers = nil
			if err := w.client.Update(t.Context(), claim); err != nil {
				t.Fatal(err)
			}
			w.settle("dev")
			if !w.exists("dev-server", &appsv1.StatefulSet{}) {
				t.Error("the servers are still missing")
			}
		})
	}
}

// TestForeignVolumeOfMore: so is one that a pool would only grow into, while
// the nodes that run go on.
func TestForeignVolumeOfMore(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", poolOf(1))
	w.settle("dev")
	w.somebodysClaim("state-dev-work-1")
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionReady, no, v1alpha1.ReasonProgressing)

	vc := w.vc("dev")
	vc.Spec.Pools[0].Replicas = ptr.To[int32](2)
	if err := w.client.Update(t.Context(), vc); err != nil {
		t.Fatal(err)
	}
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionReady, no, v1alpha1.ReasonNameConflict)
	w.expect("dev", v1alpha1.ConditionKubeconfigReady, yes, v1alpha1.ReasonReady)
	set := &appsv1.StatefulSet{}
	if w.get("dev-work", set); *set.Spec.Replicas != 1 {
		t.Errorf("the pool grew to %d", *set.Spec.Replicas)
	}
}

// TestEphemeralVolume: nodes without volumes adopt none.
func TestEphemeralVolume(t *testing.T) {
	w := newWorld(t)
	w.somebodysClaim("state-dev-server-0")
	w.newCluster("dev", func(vc *v1alpha1.VirtualCluster) { vc.Spec.Servers.Storage.Ephemeral = ptr.To(true) })
	w.settle("dev")
	if !w.exists("dev-server", &appsv1.StatefulSet{}) {
		t.Error("a cluster without volumes is kept off somebody's")
	}
}

// TestCheckClaim: whose a volume is, is told by who controls it.
func TestCheckClaim(t *testing.T) {
	owner := func(kind, name, uid string) *metav1.OwnerReference {
		return &metav1.OwnerReference{Kind: kind, Name: name, UID: types.UID("u-" + uid), Controller: ptr.To(true)}
	}
	cases := map[string]struct {
		reason string
		owner  *metav1.OwnerReference
		want   kind
	}{
		"Orphan":     {"A StatefulSet deleted without its pods leaves it.", nil, ""},
		"Ours":       {"Its StatefulSet is there.", owner("StatefulSet", "dev-work", "set"), ""},
		"Surplus":    {"Its pod is still there.", owner("Pod", "dev-work-1", "pod"), ""},
		"Former":     {"Garbage collection is going to delete it.", owner("StatefulSet", "dev-work", "old"), waiting},
		"FormerPod":  {"The pool shrank a moment ago.", owner("Pod", "dev-work-1", "old"), waiting},
		"Somebody's": {"Labels are anybody's to set.", owner("StatefulSet", "db", "db"), stalled},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := withPool(aScope(aPod(func(p *corev1.Pod) { p.UID = "u-pod" })), 2)
			s.vc.Spec.Pools[0].Name = "work"
			s.children.statefulSets = map[string]*appsv1.StatefulSet{"dev-work": {ObjectMeta: metav1.ObjectMeta{UID: "u-set"}}}
			claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
				Name: "state-dev-work-1", Labels: map[string]string{v1alpha1.LabelCluster: "dev", v1alpha1.LabelPool: "work"},
			}}
			if tc.owner != nil {
				claim.OwnerReferences = []metav1.OwnerReference{*tc.owner}
			}
			s.claims = map[string]*corev1.PersistentVolumeClaim{claim.Name: claim}
			var got kind
			if stop := s.checkClaims(s.groups()[1]); stop != nil {
				got = stop.kind
			}
			if got != tc.want {
				t.Errorf("%s\ncheckClaims() = %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

// TestOwnClaim: a volume that names the cluster as its owner is its own, and goes
// when it goes.
func TestOwnClaim(t *testing.T) {
	gone := metav1.Now()
	set := metav1.OwnerReference{Kind: "StatefulSet", Name: "dev-server", UID: "u-old", Controller: ptr.To(true)}
	cluster := func(uid types.UID) metav1.OwnerReference {
		return metav1.OwnerReference{Kind: v1alpha1.VirtualClusterKind, Name: "dev", UID: uid}
	}
	cases := map[string]struct {
		reason  string
		owners  []metav1.OwnerReference
		leaving *metav1.Time
		labels  string
		want    kind
	}{
		"Own":        {reason: "Its StatefulSet was deleted by hand.", owners: []metav1.OwnerReference{cluster("u")}},
		"OwnAndSet":  {reason: "Nothing deletes what one living owner is left of.", owners: []metav1.OwnerReference{cluster("u"), set}},
		"Leaving":    {reason: "Somebody deleted it.", owners: []metav1.OwnerReference{cluster("u")}, leaving: &gone, want: waiting},
		"Former":     {reason: "Garbage collection is going to delete it.", owners: []metav1.OwnerReference{cluster("former")}, want: waiting},
		"Unlabelled": {reason: "Whoever made it did not take it for one of a node.", owners: []metav1.OwnerReference{cluster("u")}, labels: "other", want: stalled},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := aScope()
			s.vc.UID = "u"
			s.vc.CreationTimestamp = metav1.Now()
			claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
				Name: "state-dev-server-0", OwnerReferences: tc.owners, DeletionTimestamp: tc.leaving,
				Labels: map[string]string{v1alpha1.LabelCluster: cmp.Or(tc.labels, "dev"), v1alpha1.LabelPool: "server"},
			}}
			s.claims = map[string]*corev1.PersistentVolumeClaim{claim.Name: claim}
			s.children.statefulSets = nil
			var got kind
			if stop := s.checkClaims(s.groups()[0]); stop != nil {
				got = stop.kind
			}
			if got != tc.want {
				t.Errorf("%s\ncheckClaims() = %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}
