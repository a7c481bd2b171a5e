package virtualcluster

import (
	"context"
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// gate is an API server that says the same about every pod, and counts.
type gate struct {
	answer error
	asked  int
}

func (g *gate) client() client.Client {
	return fake.NewClientBuilder().WithInterceptorFuncs(interceptor.Funcs{
		Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
			g.asked++
			return g.answer
		},
	}).Build()
}

func TestRehearsal(t *testing.T) {
	pods := schema.GroupResource{Resource: "pods"}
	forbidden := apierrors.NewForbidden(pods, "dev-server-0", errors.New("quota exceeded"))
	boom := errors.New("boom")
	cases := map[string]struct {
		reason string
		answer error
		words  bool
		err    error
	}{
		"LetIn":       {reason: "Nothing to say.", answer: nil},
		"There":       {reason: "A pod that exists was let in.", answer: apierrors.NewAlreadyExists(pods, "dev-server-0")},
		"Forbidden":   {reason: "A quota or an admission said no.", answer: forbidden, words: true},
		"Invalid":     {reason: "So did validation.", answer: apierrors.NewInvalid(schema.GroupKind{Kind: "Pod"}, "dev-server-0", nil), words: true},
		"Unavailable": {reason: "That is no verdict.", answer: apierrors.NewInternalError(boom), err: apierrors.NewInternalError(boom)},
		"TooMany":     {reason: "Nor is that.", answer: apierrors.NewTooManyRequestsError("later"), err: apierrors.NewTooManyRequestsError("later")},
		"Broken":      {reason: "Nor is a broken connection.", answer: boom, err: boom},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			g := &gate{answer: tc.answer}
			r := newRehearsal(g.client())
			v, err := r.ask(t.Context(), types.NamespacedName{Name: "dev"}, aTrial("a"), noon)
			if (v.words != "") != tc.words || (err != nil) != (tc.err != nil) {
				t.Errorf("%s\nask() = %q, %v", tc.reason, v.words, err)
			}
		})
	}
}

func aTrial(image string) trial {
	return trial{group: "server", pod: &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "dev-server-0"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Image: image}}},
	}}
}

// TestRehearsalMemory: a question is asked once, then ever more seldom while it
// is refused, and anew when it changes.
func TestRehearsalMemory(t *testing.T) {
	g := &gate{answer: apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "x", errors.New("no"))}
	r := newRehearsal(g.client())
	key, now := types.NamespacedName{Name: "dev"}, noon
	ask := func(image string) verdict {
		t.Helper()
		v, err := r.ask(t.Context(), key, aTrial(image), now)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	var waits []time.Duration
	for range 9 {
		v := ask("a")
		ask("a") // from memory
		waits = append(waits, v.retry)
		now = now.Add(v.retry)
	}
	if g.asked != 9 {
		t.Errorf("asked %d times, want 9", g.asked)
	}
	if waits[0] != firstRetry || waits[1] != 2*firstRetry || waits[8] != lastRetry {
		t.Errorf("waits are %v", waits)
	}
	if v := ask("b"); g.asked != 10 || v.retry != firstRetry {
		t.Errorf("another question was asked %d times, waits %v", g.asked-9, v.retry)
	}
	g.answer = nil
	now = now.Add(lastRetry)
	if v := ask("b"); v.words != "" {
		t.Errorf("still refused: %s", v.words)
	}
	r.forget(key)
	if ask("b"); g.asked != 12 {
		t.Errorf("asked %d times, want 12: a cluster that is gone is forgotten", g.asked)
	}
}
