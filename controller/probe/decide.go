package probe

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	runtimeprobe "github.com/vclusterctl/vclusterctl/runtime/probe"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// action is what to do about one subject.
type action struct {
	// report to make; nil where there is one, or none is needed.
	create *v1alpha1.RuntimeReport
	// report that is there, and the status it should have; nil if it has it.
	report *v1alpha1.RuntimeReport
	status *v1alpha1.RuntimeReportStatus
	// start is a pod to make. What the API server says against it becomes part
	// of the status, and attempt is which one it is.
	start   *corev1.Pod
	input   string
	attempt int32
	// labels to set on the node, or to take away where empty.
	node   *corev1.Node
	labels map[string]string
	// remove is a pod that has done its work, or has none.
	remove *corev1.Pod
}

// plan is what to do, and when to look again though nothing changes.
type plan struct {
	actions []action
	recheck time.Duration
}

func (p *plan) again(d time.Duration) {
	if d > 0 && (p.recheck == 0 || d < p.recheck) {
		p.recheck = d
	}
}

// decide says what to do.
func (w *world) decide() (plan, error) {
	var p plan
	var errs []error
	busy := w.busy()
	wanted := map[string]bool{}
	for _, s := range w.subjects() {
		a, keeps, err := w.about(s, busy, &p)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if a.start != nil {
			busy[s.node.Name]++
		}
		if s.pod != nil && keeps {
			wanted[s.pod.Name] = true
		}
		p.actions = append(p.actions, a)
	}
	for _, name := range slices.Sorted(maps.Keys(w.pods)) {
		if pod := w.pods[name]; !wanted[name] && pod.DeletionTimestamp == nil {
			p.actions = append(p.actions, action{remove: pod})
		}
	}
	return p, errors.Join(errs...)
}

// busy counts the probe pods by node: those that end still take their place.
func (w *world) busy() map[string]int {
	out := map[string]int{}
	for _, pod := range w.pods {
		out[pod.Spec.NodeName]++
	}
	return out
}

func (w *world) room(busy map[string]int, node string) bool {
	total := 0
	for _, n := range busy {
		total += n
	}
	return busy[node] == 0 && total < w.most
}

// about decides over one subject; keeps says whether its pod is of further use.
func (w *world) about(s subject, busy map[string]int, p *plan) (a action, keeps bool, err error) {
	o := w.ask(s)
	a = action{report: s.report, node: s.node}
	if o.refusal != "" {
		if s.report != nil {
			a.setStatus(statusOf(s, o, v1alpha1.StateNotOffered, o.refusal, s.report.Status.Probe))
		}
		a.labels = changed(s.node, unproven(s.knowledge.Name))
		return a, false, nil
	}
	pod, input, err := w.draft(s, o)
	if err != nil {
		return action{}, true, err
	}
	if s.report == nil {
		a.create = newReport(s)
		a.report = a.create
	}
	last := a.report.Status.Probe
	if s.pod != nil && s.pod.DeletionTimestamp == nil && s.pod.Annotations[annotationInput] == input {
		progress := runtimeprobe.Read(runtimeprobe.Observed{
			Knowledge: s.knowledge, Pod: s.pod, Events: w.events[s.pod.UID], NodeKernel: s.node.Status.NodeInfo.KernelVersion,
		}, w.now)
		if keeps = !progress.Done; keeps {
			p.again(progress.Recheck)
		} else {
			last = outcome(progress.Result, w.image, input, attemptOf(s.pod), endOf(s.pod, w.now))
		}
	}
	w.settle(&a, s, o, last, input)
	if s.pod != nil || !ready(s.node) {
		return a, keeps, nil
	}
	if due := w.due(s.knowledge, last, input); due > 0 {
		p.again(due)
	} else if due == 0 && w.room(busy, s.node.Name) {
		a.launch(pod, input, last)
	}
	return a, keeps, nil
}

// settle says what the outcome of the last probe means for report and node. What
// was not good enough is history once something has changed: who waits is to wait
// for the next one.
func (w *world) settle(a *action, s subject, o offer, last *v1alpha1.ReportedProbe, input string) {
	if last == nil {
		a.setStatus(statusOf(s, o, v1alpha1.StateProbing, "a probe pod is to find out what node pods could do there", nil))
		a.labels = changed(s.node, unproven(s.knowledge.Name)) // of what is on no record
		return
	}
	state, message := v1alpha1.RuntimeState(last.Verdict), last.Message
	if last.Input != input && !good(s.knowledge, last.Verdict) || w.staleFor(s.knowledge, last) {
		state, message = v1alpha1.StateProbing, "a probe pod is to find out whether this is still so: "+last.Message
	}
	a.setStatus(statusOf(s, o, state, message, last))
	a.labels = changed(s.node, proven(s.knowledge.Name, last.Verdict))
}

// due is when the next probe is to be made: 0 for now, negative for never.
func (w *world) due(k profile.Knowledge, last *v1alpha1.ReportedProbe, input string) time.Duration {
	switch {
	case last == nil || last.Input != input || w.staleFor(k, last):
		return 0
	case good(k, last.Verdict):
		return -1
	default:
		return max(last.Time.Add(backoff(input, last.Failures, w.longest(k))).Sub(w.now), 0)
	}
}

// good says whether a verdict is the best that a runtime can come to: one that
// is for control planes alone runs no pods inside.
func good(k profile.Knowledge, v v1alpha1.ProbeVerdict) bool {
	forServers := slices.ContainsFunc(k.Limits, func(l profile.Limit) bool { return l.Reason == profile.LimitWorkers })
	return v == v1alpha1.ProbePassed || forServers && v == v1alpha1.ProbeControlPlaneOnly
}

const (
	firstPause = 15 * time.Second
	lastPause  = time.Hour
	// waitedPause takes its place while a cluster waits: what mends a node, such
	// as a module that is loaded or a sysctl that is set, is nowhere to be seen.
	waitedPause = 4 * time.Minute
)

// backoff is how long to wait after a number of failures, at most the longest. Up to a quarter more
// keeps nodes that failed together from being probed together; it is a different
// quarter for each, and the same one whenever it is asked for.
func backoff(input string, failures int32, longest time.Duration) time.Duration {
	pause := firstPause
	for i := int32(1); i < failures && pause < longest; i++ {
		pause = min(2*pause, longest)
	}
	share, err := strconv.ParseUint(digest(input + strconv.Itoa(int(failures)))[:4], 16, 32)
	if err != nil {
		return pause
	}
	return pause + pause*time.Duration(share)/(4*0x10000)
}

// launch plans a probe pod.
func (a *action) launch(pod *corev1.Pod, input string, last *v1alpha1.ReportedProbe) {
	a.start, a.input, a.attempt = pod, input, 1
	if last != nil && last.Input == input {
		a.attempt = last.Failures + 1
	}
	if pod.Annotations == nil {
		pod.Annotations = map[string]string{}
	}
	pod.Annotations[annotationInput] = input
	pod.Annotations[annotationAttempt] = strconv.Itoa(int(a.attempt))
}

func attemptOf(pod *corev1.Pod) int32 {
	n, err := strconv.ParseInt(pod.Annotations[annotationAttempt], 10, 32)
	if err != nil {
		return 1
	}
	return int32(n)
}

// endOf is when a pod ended: the same whenever it is asked for, as far as the
// kubelet says. The clock of its node may be wrong: no pod ends before it is made,
// nor later than now, or its node would not be probed again for as long.
func endOf(pod *corev1.Pod, now time.Time) time.Time {
	end := now
	for _, c := range pod.Status.ContainerStatuses {
		if t := c.State.Terminated; t != nil && !t.FinishedAt.IsZero() {
			end = t.FinishedAt.Time
			break
		}
	}
	if made := pod.CreationTimestamp.Time; end.Before(made) {
		end = made
	}
	if end.After(now) {
		end = now
	}
	return end
}

// outcome is a result as a report has it.
func outcome(r runtimeprobe.Result, image, input string, attempt int32, at time.Time) *v1alpha1.ReportedProbe {
	out := &v1alpha1.ReportedProbe{
		Time: metav1.NewTime(at.Truncate(time.Second)), Verdict: r.Verdict, Message: cut(r.Message),
		Image: image, Input: input, Checks: r.Checks,
	}
	if r.Verdict != v1alpha1.ProbePassed {
		out.Failures = attempt
	}
	return out
}

// statusOf puts a status together.
func statusOf(s subject, o offer, state v1alpha1.RuntimeState, message string, last *v1alpha1.ReportedProbe) v1alpha1.RuntimeReportStatus {
	return v1alpha1.RuntimeReportStatus{State: state, Message: cut(message), Handler: o.handler, Node: nodeOf(s.node), Probe: last}
}

// maxMessage is what the API takes of a message.
const maxMessage = 2048

func cut(s string) string { return strings.ToValidUTF8(s[:min(len(s), maxMessage)], "") }

// setStatus plans a status unless the report has it.
func (a *action) setStatus(status v1alpha1.RuntimeReportStatus) {
	if !equality.Semantic.DeepEqual(a.report.Status, status) {
		a.status = &status
	}
}

// proven are the labels that a verdict leads to: an inconclusive one changes
// nothing, because it says nothing of the node.
func proven(name v1alpha1.RuntimeProfile, v v1alpha1.ProbeVerdict) map[string]string {
	labels := unproven(name)
	switch v {
	case v1alpha1.ProbePassed:
		labels[runtimeprobe.NodeLabel(name, true)] = v1alpha1.NodeLabelProven
		labels[runtimeprobe.NodeLabel(name, false)] = v1alpha1.NodeLabelProven
	case v1alpha1.ProbeControlPlaneOnly:
		labels[runtimeprobe.NodeLabel(name, false)] = v1alpha1.NodeLabelProven
	case v1alpha1.ProbeInconclusive:
		return nil
	case v1alpha1.ProbeFailed:
	}
	return labels
}

func unproven(name v1alpha1.RuntimeProfile) map[string]string {
	return map[string]string{runtimeprobe.NodeLabel(name, true): "", runtimeprobe.NodeLabel(name, false): ""}
}

// changed are those of the labels that a node does not have like that.
func changed(node *corev1.Node, labels map[string]string) map[string]string {
	out := map[string]string{}
	for key, value := range labels {
		if node.Labels[key] != value {
			out[key] = value
		}
	}
	return out
}
