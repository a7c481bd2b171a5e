package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/printable"
)

// ErrImage means that a node could not have the image.
var ErrImage = errors.New("the node has not got the image")

// mayMend are the kubelet's words for an image that it tries to get again, with
// ever longer pauses in between, the first one of 10 s. The second of them only
// says that there is a pause.
var mayMend = []string{"ErrImagePull", backOff, "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed"}

const backOff = "ImagePullBackOff"

// patience waits for an image that could not be had at first: a registry may be
// busy, or a name server away, for a moment.
type patience struct {
	long   time.Duration
	giveUp context.CancelCauseFunc
	tell   func(what string)

	timer *time.Timer
	// said is what the kubelet said last of what went wrong.
	said string
}

// see looks at a pod: with the first trouble the time begins to run, and it is over
// with it once the image is there.
func (p *patience) see(pod *corev1.Pod) {
	w := waitsForImage(pod)
	if w == nil {
		p.stop()
		return
	}
	if p.said == "" || w.Reason != backOff {
		p.said = fmt.Sprintf("%s: %s", w.Reason, w.Message)
	}
	if p.timer == nil {
		p.tell("So far " + printable.Line(p.said) + "; still waiting, in case it is being loaded.")
		p.timer = time.AfterFunc(p.long, func() { p.giveUp(ErrImage) })
	}
}

func (p *patience) stop() {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}

// failure is the end of it, in the kubelet's own words.
func (p *patience) failure() error {
	return fmt.Errorf("%w after %s: %s", ErrImage, p.long, p.said)
}

func waitsForImage(pod *corev1.Pod) *corev1.ContainerStateWaiting {
	for _, s := range pod.Status.ContainerStatuses {
		if w := s.State.Waiting; w != nil && slices.Contains(mayMend, w.Reason) {
			return w
		}
	}
	return nil
}
