package harness

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// How much of each kind of evidence is shown.
const (
	mostEvents = 30
	mostLines  = 60
	mostBytes  = 8 << 10
)

// noise is what kubelets without the memory controller say every ten seconds: it
// would be all that is seen of a journal.
var noise = regexp.MustCompile(`\b(eviction_manager|cri_stats_provider)\.go:`)

// Diagnose tells what there is to see of a namespace in which something failed.
func (h *Host) Diagnose(ctx context.Context, namespace string) string {
	var b strings.Builder
	section := func(title, text string, err error) {
		fmt.Fprintf(&b, "\n--- %s\n%s", title, tail(text))
		if err != nil {
			fmt.Fprintf(&b, "(%v)\n", err)
		}
	}
	text, err := h.clusters(ctx, namespace)
	section("virtual clusters in "+namespace, text, err)
	pods, err := h.pods(ctx, namespace)
	section("pods", describePods(pods), err)
	text, err = h.events(ctx, namespace)
	section("events", text, err)
	text, err = h.ControllerLog(ctx, mostLines)
	section("controller", text, err)
	for _, p := range pods {
		if p.Labels[v1alpha1.LabelRole] == "" || p.Status.Phase != corev1.PodRunning {
			continue
		}
		text, err = h.Exec(ctx, namespace, p.Name, "journalctl", "--no-pager", "--output=short-monotonic", fmt.Sprintf("--lines=%d", 10*mostLines))
		section("journal of "+p.Name, withoutNoise(text), err)
	}
	return b.String()
}

// ControllerLog is the end of the controller's log.
func (h *Host) ControllerLog(ctx context.Context, lines int64) (string, error) {
	pods, err := h.pods(ctx, ControllerNamespace)
	if err != nil || len(pods) == 0 {
		return "", err
	}
	return h.Logs(ctx, ControllerNamespace, pods[0].Name, lines)
}

func (h *Host) clusters(ctx context.Context, namespace string) (string, error) {
	var list v1alpha1.VirtualClusterList
	err := h.List(ctx, &list, client.InNamespace(namespace))
	var b strings.Builder
	for i := range list.Items {
		fmt.Fprintf(&b, "%s:%s\n", list.Items[i].Name, Conditions(&list.Items[i]))
	}
	return b.String(), err
}

func (h *Host) pods(ctx context.Context, namespace string) ([]corev1.Pod, error) {
	var list corev1.PodList
	err := h.List(ctx, &list, client.InNamespace(namespace))
	return list.Items, err
}

func describePods(pods []corev1.Pod) string {
	var b strings.Builder
	for _, p := range pods {
		fmt.Fprintf(&b, "%s: %s %s %s\n", p.Name, p.Status.Phase, p.Status.Reason, p.Status.Message)
		for _, c := range p.Status.ContainerStatuses {
			fmt.Fprintf(&b, "  ready=%t restarts=%d state=%+v last=%+v\n", c.Ready, c.RestartCount, c.State, c.LastTerminationState)
		}
	}
	return b.String()
}

func (h *Host) events(ctx context.Context, namespace string) (string, error) {
	var list corev1.EventList
	err := h.List(ctx, &list, client.InNamespace(namespace))
	slices.SortFunc(list.Items, func(a, b corev1.Event) int {
		return a.CreationTimestamp.Compare(b.CreationTimestamp.Time)
	})
	var b strings.Builder
	for _, e := range list.Items[max(0, len(list.Items)-mostEvents):] {
		fmt.Fprintf(&b, "%s %s/%s %s x%d: %s\n", e.Type, e.InvolvedObject.Kind, e.InvolvedObject.Name, e.Reason, e.Count, e.Message)
	}
	return b.String(), err
}

// withoutNoise keeps the last lines that may tell something.
func withoutNoise(journal string) string {
	lines := slices.DeleteFunc(strings.Split(journal, "\n"), noise.MatchString)
	return strings.Join(lines[max(0, len(lines)-mostLines):], "\n")
}

// tail keeps the end of a text.
func tail(s string) string {
	if len(s) > mostBytes {
		s = "...\n" + s[len(s)-mostBytes:]
	}
	return strings.ToValidUTF8(s, "?")
}
