package rollout

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// A pod ends also where nobody is left to take it away.
func TestPodEndsByItself(t *testing.T) {
	r := &Rollout{Params: Params{Image: "i", Grace: 5 * time.Minute}, namespace: &corev1.Namespace{}}
	if deadline := r.pod("a", nil).Spec.ActiveDeadlineSeconds; deadline == nil || *deadline != 360 {
		t.Errorf("the deadline is %v", deadline)
	}
}

// uidOf gives what is made in the fake the UID that a server would give.
func uidOf(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
	obj.SetUID("made")
	return c.Create(ctx, obj, opts...)
}

func TestSweep(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(*corev1.Namespace)
		age    time.Duration // of the namespace
		pod    time.Duration // since the last one was made; 0 for none
		gone   bool
		err    string
	}{
		"Killed":   {reason: "Nobody is at work any more.", age: time.Hour, pod: 13 * time.Minute, gone: true},
		"NoPod":    {reason: "It was killed before the first one.", age: 13 * time.Minute, gone: true},
		"AtWork":   {reason: "Many nodes take long together.", age: time.Hour, pod: 11 * time.Minute},
		"Begins":   {reason: "Another has just begun.", age: time.Second},
		"Longer":   {reason: "That run gives its nodes more time.", age: time.Hour, change: func(ns *corev1.Namespace) { ns.Annotations[mayTake] = "1h0m0s" }},
		"NotOurs":  {reason: "It has another name.", age: time.Hour, change: func(ns *corev1.Namespace) { ns.Name = "mine" }},
		"NoMark":   {reason: "It only has such a name.", age: time.Hour, change: func(ns *corev1.Namespace) { delete(ns.Labels, mark) }},
		"NotKnown": {reason: "Nobody knows how long it is needed.", age: time.Hour, change: func(ns *corev1.Namespace) { delete(ns.Annotations, mayTake) }, err: "by hand"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			now := time.Now()
			c := fake.NewClientBuilder().WithScheme(scheme.Scheme).WithInterceptorFuncs(interceptor.Funcs{Create: uidOf}).Build()
			r, err := Open(t.Context(), c, Params{Image: "i", Grace: 5 * time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			left := r.namespace.DeepCopy()
			left.Name, left.ResourceVersion, left.CreationTimestamp = prefix+"left", "", metav1.NewTime(now.Add(-tc.age))
			if tc.change != nil {
				tc.change(left)
			}
			made := []client.Object{left}
			if tc.pod > 0 {
				made = append(made, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: left.Name, Name: "p", CreationTimestamp: metav1.NewTime(now.Add(-tc.pod))}})
			}
			c = fake.NewClientBuilder().WithScheme(scheme.Scheme).WithObjects(made...).Build()
			gone, err := Sweep(t.Context(), c, now)
			var want []string
			if tc.gone {
				want = []string{left.Name}
			}
			if diff := cmp.Diff(want, gone); diff != "" || (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%s %v, -want, +got:\n%s", tc.reason, err, diff)
			}
			if err := c.Get(t.Context(), client.ObjectKeyFromObject(left), left); (err != nil) != tc.gone {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestSweepWithoutRights(t *testing.T) {
	c := fake.NewClientBuilder().WithScheme(scheme.Scheme).WithInterceptorFuncs(interceptor.Funcs{
		List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error {
			return errors.New("forbidden")
		},
	}).Build()
	if _, err := Sweep(t.Context(), c, time.Now()); err == nil || !strings.Contains(err.Error(), "forbidden") {
		t.Errorf("error %v", err)
	}
}
