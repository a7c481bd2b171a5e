package probe

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

const (
	// patience is how long a node may fail to make the pod before that counts: a
	// node that has just come tries its network plug-in for a while.
	patience = 20 * time.Second
	// bootTime is what systemd gets, many times what it takes.
	bootTime = 60 * time.Second
	// silence is how long after its deadline a pod may stay unfinished before
	// its node is to blame.
	silence = 60 * time.Second
)

// Observed is what the API server says of a probe pod.
type Observed struct {
	Knowledge profile.Knowledge
	Pod       *corev1.Pod
	// Events of the pod; none where they cannot be read.
	Events []corev1.Event
	// NodeKernel is what the node says in status.nodeInfo.kernelVersion.
	NodeKernel string
}

// Progress is how far a probe has come.
type Progress struct {
	Done bool
	// Result is valid once the probe is done.
	Result Result
	// Message says what the pod is doing.
	Message string
	// Recheck is after which time to look again, if nothing changes before.
	Recheck time.Duration
}

// Read says how far a probe has come.
func Read(o Observed, now time.Time) Progress {
	c := containerOf(o.Pod)
	switch {
	case o.Pod.Status.Reason == "DeadlineExceeded":
		return done(overdue(o))
	case c != nil && c.State.Terminated != nil:
		return done(ended(o, c.State.Terminated))
	case o.Pod.Status.Phase == corev1.PodFailed || o.Pod.Status.Phase == corev1.PodSucceeded:
		return done(inconclusive("node %q did not run the probe pod: %s: %s", o.Pod.Spec.NodeName,
			cmp.Or(o.Pod.Status.Reason, "no reason given"), cmp.Or(o.Pod.Status.Message, "no message")))
	case c != nil && c.State.Running != nil:
		return booting(c.State.Running.StartedAt.Time, now)
	case c != nil && c.State.Waiting != nil && c.State.Waiting.Reason != "ContainerCreating":
		return held(o, c.State.Waiting, now)
	default:
		return starting(o, now)
	}
}

func done(r Result) Progress { return Progress{Done: true, Result: r} }

func containerOf(pod *corev1.Pod) *corev1.ContainerStatus {
	i := slices.IndexFunc(pod.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool { return c.Name == ContainerName })
	if i < 0 {
		return nil
	}
	return &pod.Status.ContainerStatuses[i]
}

// ended reads what a pod left behind. What is no report there are the words of
// the runtime.
func ended(o Observed, t *corev1.ContainerStateTerminated) Result {
	if !strings.HasPrefix(strings.TrimSpace(t.Message), "{") {
		return didNotStart(fmt.Sprintf("it ended with code %d and without a report (%s)", t.ExitCode,
			strings.Join(slices.DeleteFunc([]string{t.Reason, t.Message}, func(s string) bool { return s == "" }), ": ")), startRemedy(o.Knowledge))
	}
	report, err := finding.Decode([]byte(t.Message))
	if err != nil {
		return inconclusive("the probe pod's report cannot be used: %v", err)
	}
	return Judge(o.Knowledge, report, o.NodeKernel)
}

func startRemedy(k profile.Knowledge) string {
	return fmt.Sprintf("check handler %q on the node, and that the node image is of this release", k.Handler)
}

func booting(since, now time.Time) Progress {
	if left := since.Add(bootTime).Sub(now); left > 0 {
		return Progress{Message: "the node image boots", Recheck: left}
	}
	return done(didNotStart(fmt.Sprintf("the node image has not booted after %s", bootTime),
		"kubectl logs and dmesg on the node may say why, for example a denied mount; a node image older than this release has no probe in it"))
}

// held tells of a container that the kubelet does not start.
func held(o Observed, w *corev1.ContainerStateWaiting, now time.Time) Progress {
	said := strings.TrimSuffix(w.Reason+": "+w.Message, ": ")
	switch w.Reason {
	case "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull":
		return done(inconclusive("node %q does not get the node image: %s", o.Pod.Spec.NodeName, said))
	case "CreateContainerConfigError", "CreateContainerError", "RunContainerError":
		return done(didNotStart(said, startRemedy(o.Knowledge)))
	default:
		return Progress{Message: said, Recheck: untilSilent(o.Pod, now)}
	}
}

// starting is everything before there is a container.
func starting(o Observed, now time.Time) Progress {
	trouble := sandboxTrouble(o.Events)
	age := now.Sub(o.Pod.CreationTimestamp.Time)
	switch {
	case trouble != "" && age >= patience:
		return done(didNotStart(trouble, startRemedy(o.Knowledge)))
	case trouble != "":
		return Progress{Message: short(trouble), Recheck: patience - age}
	case untilSilent(o.Pod, now) <= 0:
		return done(inconclusive("node %q does not take the probe pod up: is its kubelet running?", o.Pod.Spec.NodeName))
	default:
		// Nobody watches events, and the pod itself says nothing of them.
		return Progress{Message: "the node makes the pod, or pulls the node image", Recheck: patience - age%patience}
	}
}

func untilSilent(pod *corev1.Pod, now time.Time) time.Duration {
	return pod.CreationTimestamp.Add(Deadline*time.Second + silence).Sub(now)
}

func overdue(o Observed) Result {
	if trouble := sandboxTrouble(o.Events); trouble != "" {
		return didNotStart(trouble, startRemedy(o.Knowledge))
	}
	return inconclusive("the probe pod did not get ready within %d minutes; pulling the node image may take longer than that: pull it on the node", Deadline/60)
}

// sandboxTrouble is why the node cannot make the pod, by its latest word.
func sandboxTrouble(all []corev1.Event) string {
	var latest *corev1.Event
	for i := range all {
		e := &all[i]
		told := e.Reason == "FailedCreatePodSandBox" || e.Reason == "FailedMount"
		if told && (latest == nil || !when(e).Before(when(latest))) {
			latest = e
		}
	}
	if latest == nil {
		return ""
	}
	return latest.Message
}

func when(e *corev1.Event) time.Time {
	if !e.LastTimestamp.IsZero() {
		return e.LastTimestamp.Time
	}
	return e.EventTime.Time
}
