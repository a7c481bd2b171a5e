package rollout

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// node plays a kubelet: a pod goes through the states, each of which comes some
// time after the one before.
type node struct {
	client.WithWatch

	t      *testing.T
	states []corev1.ContainerState
	after  time.Duration
	// watched is closed once somebody watches: the fake tells nothing of what came
	// after a list and before that.
	watched chan struct{}
	once    sync.Once
	done    chan struct{}
	// last is what a program says that is asked to end.
	last *corev1.ContainerState
	// stays is true of one that does not hear it, and refuses is why nobody can
	// tell it.
	stays   bool
	refuses error
}

func (n *node) Watch(ctx context.Context, list client.ObjectList, opts ...client.ListOption) (watch.Interface, error) {
	w, err := n.WithWatch.Watch(ctx, list, opts...)
	if _, is := list.(*corev1.PodList); is {
		n.once.Do(func() { close(n.watched) })
	}
	return w, err
}

func (n *node) Delete(ctx context.Context, obj client.Object, opts ...client.DeleteOption) error {
	if pod, is := obj.(*corev1.Pod); is {
		<-n.watched
		if n.last != nil {
			now := &corev1.Pod{}
			if err := n.Get(ctx, client.ObjectKeyFromObject(pod), now); err != nil {
				return err
			}
			now.Status.ContainerStatuses = []corev1.ContainerStatus{{State: *n.last}}
			if err := n.Status().Update(ctx, now); err != nil {
				return err
			}
		}
		if n.stays || n.refuses != nil {
			return n.refuses
		}
	}
	return n.WithWatch.Delete(ctx, obj, opts...)
}

// IsWatchListSemanticsUnSupported tells client-go that the fake cannot stream a
// list.
func (*node) IsWatchListSemanticsUnSupported() bool { return true }

func newNode(t *testing.T, after time.Duration, states ...corev1.ContainerState) *node {
	t.Helper()
	n := &node{t: t, states: states, after: after, watched: make(chan struct{}), done: make(chan struct{})}
	byName := func(o client.Object) []string { return []string{o.GetName()} }
	n.WithWatch = fake.NewClientBuilder().WithScheme(scheme.Scheme).WithStatusSubresource(&corev1.Pod{}).
		WithIndex(&corev1.Pod{}, "metadata.name", byName).WithIndex(&corev1.Namespace{}, "metadata.name", byName).
		WithInterceptorFuncs(interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			if err := c.Create(ctx, obj, opts...); err != nil {
				return err
			}
			if pod, is := obj.(*corev1.Pod); is {
				go n.run(context.WithoutCancel(ctx), c, pod.DeepCopy())
			}
			return nil
		}}).Build()
	return n
}

func (n *node) run(ctx context.Context, c client.WithWatch, pod *corev1.Pod) {
	defer close(n.done)
	<-n.watched
	for _, s := range n.states {
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{State: s}}
		if err := c.Status().Update(ctx, pod); err != nil {
			n.t.Errorf("the kubelet: %v", err)
		}
		<-time.After(n.after)
	}
}

func waiting(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

const ending = "Waiting until what is on the node has ended."

func TestPatience(t *testing.T) {
	const (
		long = time.Second
		busy = "So far ErrImagePull: the registry is busy; still waiting, in case it is being loaded."
	)
	failed, paused := waiting("ErrImagePull", "the registry is busy"), waiting("ImagePullBackOff", "Back-off pulling image")
	runs := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	said := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Message: "{}"}}
	cases := map[string]struct {
		reason string
		after  time.Duration
		states []corev1.ContainerState
		told   []string
		err    string
	}{
		"AtOnce": {reason: "Nothing went wrong.", states: []corev1.ContainerState{waiting("ContainerCreating", ""), runs, said}},
		"Mends":  {reason: "The kubelet tries again.", after: long / 50, states: []corev1.ContainerState{failed, paused, failed, paused, runs, said}, told: []string{busy}},
		"Works":  {reason: "What is at work is not cut off for it.", after: long / 2, states: []corev1.ContainerState{failed, runs, runs, said}, told: []string{busy}},
		"Never":  {reason: "The reason is told, and not that there is a pause.", after: long / 4, states: []corev1.ContainerState{failed, paused}, told: []string{busy, ending}, err: "after 1s: ErrImagePull: the registry is busy"},
		"Pause":  {reason: "It is all that somebody sees who comes late.", states: []corev1.ContainerState{paused}, told: []string{"So far ImagePullBackOff: Back-off pulling image; still waiting, in case it is being loaded.", ending}, err: "ImagePullBackOff: Back-off"},
		"Final":  {reason: "No time mends a name that is none.", states: []corev1.ContainerState{waiting("InvalidImageName", "x y")}, err: "InvalidImageName: x y"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var told []string
			n := newNode(t, tc.after, tc.states...)
			r, err := Open(t.Context(), n, Params{Image: "i", Grace: patient * long, Tell: func(what string) { told = append(told, what) }})
			if err != nil {
				t.Fatal(err)
			}
			left, err := r.Run(t.Context(), "a", nil)
			<-n.done
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) || err == nil && left != "{}" {
				t.Errorf("%s got %q, %v", tc.reason, left, err)
			}
			if final := name == "Final"; tc.err != "" && errors.Is(err, ErrImage) == final {
				t.Errorf("%s it is called for want of an image: %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.told, told); diff != "" {
				t.Errorf("%s told, -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Whoever gives up has the program on the node end, and hears how it leaves it.
func TestRecall(t *testing.T) {
	runs := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	cases := map[string]struct {
		reason  string
		states  []corev1.ContainerState
		last    *corev1.ContainerState
		stays   bool
		refuses error
		want    string
		err     string
	}{
		"Says":   {reason: "It has put everything back, or has just done it.", states: []corev1.ContainerState{runs}, last: &corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Message: "put back"}}, want: "put back"},
		"Silent": {reason: "It was killed.", states: []corev1.ContainerState{runs}, last: &corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137}}, err: "context canceled; and then: it has said nothing, and ended with code 137"},
		"Gone":   {reason: "It had not begun.", err: "context canceled"},
		"Stays":  {reason: "Its kubelet is dead, and nobody knows.", states: []corev1.ContainerState{runs}, stays: true, err: "context canceled; and then: it does not end though it was asked to"},
		"Denied": {reason: "It was not even asked to.", states: []corev1.ContainerState{runs}, refuses: errors.New("pods is forbidden"), err: "context canceled; and then: pods is forbidden"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t, 0, tc.states...)
			n.last, n.stays, n.refuses = tc.last, tc.stays, tc.refuses
			grace := time.Minute
			if tc.stays {
				grace = time.Second
			}
			ctx, cancel := context.WithCancel(t.Context())
			var told []string
			r, err := Open(ctx, n, Params{Image: "i", Grace: grace, Tell: func(what string) { told = append(told, what) }})
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				<-n.done
				cancel()
			}()
			left, err := r.Run(ctx, "a", nil)
			if left != tc.want || !errors.Is(err, context.Canceled) || !strings.HasSuffix(strings.TrimSuffix(err.Error(), " ()"), tc.err) || !cmp.Equal(told, []string{ending}) {
				t.Errorf("%s got %q, %v, told %q", tc.reason, left, err, told)
			}
			var pods corev1.PodList
			if err := n.List(t.Context(), &pods); err != nil || len(pods.Items) > 0 != (tc.stays || tc.refuses != nil) {
				t.Errorf("%s %d pods are left, %v", tc.reason, len(pods.Items), err)
			}
		})
	}
}

// Pods use the Secrets of their own namespace only.
func TestPullSecrets(t *testing.T) {
	n := newNode(t, 0)
	given := corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: "registry", UID: "u", ResourceVersion: "7", Labels: map[string]string{"of": "others"}},
		Type:       corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{corev1.DockerConfigJsonKey: []byte("{}")},
	}
	r, err := Open(t.Context(), n, Params{Image: "i", Grace: time.Minute, PullSecrets: []corev1.Secret{given, given}})
	if err != nil {
		t.Fatal(err)
	}
	var twin corev1.Secret
	if err := n.Get(t.Context(), client.ObjectKey{Namespace: r.Namespace(), Name: "registry"}, &twin); err != nil {
		t.Fatal(err)
	}
	if twin.Type != given.Type || !cmp.Equal(twin.Data, given.Data) || len(twin.Labels) > 0 {
		t.Errorf("%+v", twin)
	}
	if names := r.pod("a", nil).Spec.ImagePullSecrets; len(names) == 0 || names[0].Name != "registry" {
		t.Errorf("the pod names %v", names)
	}
}

// What cannot be made ready leaves no place for privileged pods behind.
func TestOpenFails(t *testing.T) {
	c := fake.NewClientBuilder().WithScheme(scheme.Scheme).WithIndex(&corev1.Namespace{}, "metadata.name", func(o client.Object) []string { return []string{o.GetName()} }).
		WithInterceptorFuncs(interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			if _, is := obj.(*corev1.Secret); is {
				return errors.New("forbidden")
			}
			return c.Create(ctx, obj, opts...)
		}}).Build()
	_, err := Open(t.Context(), &node{WithWatch: c}, Params{Image: "i", Grace: time.Minute, PullSecrets: []corev1.Secret{{ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: "registry"}}}})
	if err == nil || !strings.Contains(err.Error(), `pull secret "registry" of namespace "system"`) {
		t.Errorf("error %v", err)
	}
	var left corev1.NamespaceList
	if err := c.List(t.Context(), &left); err != nil || len(left.Items) > 0 {
		t.Errorf("%d namespaces are left, %v", len(left.Items), err)
	}
}
