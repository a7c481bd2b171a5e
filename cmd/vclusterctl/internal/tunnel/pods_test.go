package tunnel

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// listThenWatch tells client-go that the fake cannot stream a list.
type listThenWatch struct{ client.WithWatch }

func (*listThenWatch) IsWatchListSemanticsUnSupported() bool { return true }

func pod(name, cluster, role string, ready corev1.ConditionStatus, change ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: name, Labels: map[string]string{v1alpha1.LabelCluster: cluster, v1alpha1.LabelRole: role}},
		Status:     corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
	}
	for _, c := range change {
		c(p)
	}
	return p
}

func going(p *corev1.Pod) {
	p.DeletionTimestamp, p.Finalizers = &metav1.Time{Time: time.Unix(1, 0)}, []string{"x/y"}
}

func TestFind(t *testing.T) {
	const yes, no = corev1.ConditionTrue, corev1.ConditionFalse
	cases := map[string]struct {
		reason string
		pods   []client.Object
		avoid  string
		// later comes into being after the search has begun.
		later *corev1.Pod
		want  string
	}{
		"One":       {reason: "The pod that serves.", pods: []client.Object{pod("a", "dev", "server", yes)}, want: "a"},
		"Again":     {reason: "The only one, even if it failed before.", pods: []client.Object{pod("a", "dev", "server", yes)}, avoid: "a", want: "a"},
		"Another":   {reason: "Another one than that which failed.", pods: []client.Object{pod("a", "dev", "server", yes), pod("b", "dev", "server", yes)}, avoid: "a", want: "b"},
		"SecondBad": {reason: "The other one is not forgotten.", pods: []client.Object{pod("a", "dev", "server", yes), pod("b", "dev", "server", yes)}, avoid: "b", want: "a"},
		"Waits": {
			reason: "What does not serve, goes, is of another cluster or no server is not taken; it is waited for one that is.",
			pods: []client.Object{
				pod("a", "dev", "server", no), pod("b", "dev", "server", yes, going),
				pod("c", "other", "server", yes), pod("d", "dev", "agent", yes),
			},
			later: pod("e", "dev", "server", yes), want: "e",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := &listThenWatch{fake.NewClientBuilder().WithObjects(tc.pods...).Build()}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			if tc.later != nil {
				time.AfterFunc(50*time.Millisecond, func() {
					if err := c.Create(ctx, tc.later); err != nil {
						t.Error(err)
					}
				})
			}
			got, err := Servers{Client: c, Namespace: "team", Cluster: "dev"}.Find(ctx, tc.avoid)
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Errorf("%s\nFind(): %v, -want, +got:\n%s", tc.reason, err, diff)
			}
		})
	}
}

func TestFindEnds(t *testing.T) {
	c := &listThenWatch{fake.NewClientBuilder().Build()}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got, err := (Servers{Client: c, Namespace: "team", Cluster: "dev"}).Find(ctx, ""); err == nil {
		t.Errorf("Find() without any pod: got %q", got)
	}
}
