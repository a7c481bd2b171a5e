package rollout

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/wait"
)

// run is one pod on a node.
type run struct {
	*Rollout

	pod   *corev1.Pod
	image *patience
	// over says whether nobody waits for the outcome any more.
	over func() bool
	left string
	// seen is closed with the first state of the pod that was seen.
	seen  chan struct{}
	once  sync.Once
	tells sync.Mutex
}

// Run runs this program on a node and returns what it has left in Result. The
// API server may go away meanwhile: on a node of the control plane it does.
//
// Where it is no longer wanted it is asked to end, upon which it puts back what it
// has begun; what it says of that is returned beside the error.
func (r *Rollout) Run(ctx context.Context, node string, args []string) (string, error) {
	x := &run{Rollout: r, pod: r.pod(node, args), seen: make(chan struct{})}
	if err := r.client.Create(ctx, x.pod); err != nil {
		return "", fmt.Errorf("make a pod on node %q: %w", node, err)
	}
	if err := x.watch(ctx); err != nil {
		return x.left, fmt.Errorf("run %s on node %q: %w", r.Image, node, err)
	}
	return x.left, nil
}

// watch watches the pod until it has ended. If nobody wants it any more it is asked
// to end, and watched until it has.
func (x *run) watch(ctx context.Context) error {
	wanted, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	x.over, x.image = func() bool { return wanted.Err() != nil }, &patience{long: x.Grace / patient, giveUp: giveUp, tell: x.tell}
	defer x.image.stop()
	watching, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	recalled := make(chan struct{})
	stop := context.AfterFunc(wanted, func() {
		defer close(recalled)
		x.recall(watching, cancel)
	})
	err := wait.Until(watching, x.client, x.pod, &corev1.PodList{}, x.see)
	cancel(nil)
	if !stop() {
		<-recalled
	}
	return x.why(context.Cause(wanted), err)
}

// why says why a pod was given up, and what came of that: a pod that was asked to
// end may have said nothing, or go on.
func (x *run) why(cause, err error) error {
	switch {
	case cause == nil:
		return err
	case errors.Is(cause, ErrImage) && errors.Is(err, errSilent):
		return x.image.failure() // it has not begun
	case errors.Is(cause, ErrImage):
		cause = x.image.failure()
	}
	if err == nil {
		return cause
	}
	return fmt.Errorf("%w; and then: %w", cause, err)
}

// see looks at a state of the pod.
func (x *run) see(p *corev1.Pod, exists bool) (done bool, err error) {
	x.once.Do(func() { close(x.seen) })
	x.left, done, err = outcome(p)
	switch {
	case done || err != nil:
		return done, err
	case exists:
		x.image.see(p)
		return false, nil
	case x.over():
		return true, nil // it has ended as it was asked to, and nobody saw how
	}
	return false, fmt.Errorf("pod %q is gone before it has ended", p.Name)
}

func (x *run) tell(what string) {
	x.tells.Lock()
	defer x.tells.Unlock()
	x.Tell(what)
}

// errStays means that a pod does not end.
var errStays = errors.New("it does not end though it was asked to")

// deaf is how long nothing may be heard of a pod before it is asked to end all the
// same.
const deaf = 10 * time.Second

// recall asks the pod to end, and gives up where it does not.
func (x *run) recall(ctx context.Context, giveUp context.CancelCauseFunc) {
	x.tell("Waiting until what is on the node has ended.")
	select {
	case <-x.seen: // what it says from now on is heard
	case <-ctx.Done():
		return
	case <-time.After(deaf):
	}
	if err := client.IgnoreNotFound(x.client.Delete(ctx, x.pod.DeepCopy())); err != nil {
		giveUp(err) // Close tries it again
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(x.Grace):
		giveUp(errStays)
	}
}
