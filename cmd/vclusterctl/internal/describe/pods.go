package describe

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/belongings"
)

func (p *page) pods(pods []corev1.Pod, err error) {
	p.list("Node pods", len(pods), err, "POD", "ROLE", "READY", "STATUS", "RESTARTS", "NODE", "AGE")
	for i := range pods {
		pod := belongings.OfPod(&pods[i])
		ready := "no"
		if pod.Ready {
			ready = "yes"
		}
		p.row("", pod.Name, pod.Role, ready, pod.Status, fmt.Sprint(pod.Restarts), orNone(pod.Node), p.age(pod.Created))
	}
	p.unread(err)
}

func (p *page) events(events []corev1.Event, err error) {
	p.list("Events", len(events), err, "LAST", "TYPE", "REASON", "OBJECT", "MESSAGE")
	for _, e := range belongings.OfEvents(events) {
		last := p.age(e.At)
		if e.Times > 1 {
			last += fmt.Sprintf(" (x%d)", e.Times)
		}
		p.row("", last, e.Type, e.Reason, e.Object, e.Message)
	}
	p.unread(err)
}

// list begins a section of n rows, of which there may be none because they could
// not be read.
func (p *page) list(title string, n int, err error, columns ...string) {
	if n == 0 && err != nil {
		p.section(title)
		return
	}
	p.section(title, columns...)
	if n == 0 {
		p.row("", "<none>")
	}
}

// unread says that there may be more.
func (p *page) unread(err error) {
	if err == nil {
		return
	}
	_ = p.w.Flush() // into memory; the columns are not as wide as this
	p.row("  cannot be read: " + strings.Join(strings.Fields(err.Error()), " "))
}

// SortPods puts servers before pools, and each group in the order of its
// ordinals.
func SortPods(pods []corev1.Pod) {
	slices.SortFunc(pods, func(a, b corev1.Pod) int {
		if server := compareBool(isServer(a), isServer(b)); server != 0 {
			return server
		}
		return cmp.Or(cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
}

func isServer(pod corev1.Pod) bool { return pod.Labels[v1alpha1.LabelRole] == "server" }

// compareBool puts true first.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
