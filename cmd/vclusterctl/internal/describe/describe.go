package describe

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/printable"
)

// Input is what is known of a cluster.
type Input struct {
	Cluster *v1alpha1.VirtualCluster
	// Pods are its node pods.
	Pods []corev1.Pod
	// Events are about the cluster or its pods.
	Events []corev1.Event
	// PodsErr and EventsErr say why there may be more of them.
	PodsErr, EventsErr error
	// Now is what ages are counted to.
	Now time.Time
}

// Write writes the description.
func Write(w io.Writer, in Input) error {
	var text bytes.Buffer
	p := &page{now: in.Now, w: tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)}
	p.head(in.Cluster)
	p.resolved(in.Cluster.Status.Resolved)
	p.conditions(in.Cluster.Status.Conditions)
	p.isolation(in.Cluster.Status)
	p.timeline(in.Cluster.Status.Timeline)
	p.pods(in.Pods, in.PodsErr)
	p.events(in.Events, in.EventsErr)
	if err := p.w.Flush(); err != nil {
		return err
	}
	_, err := w.Write(trailingSpace.ReplaceAll(text.Bytes(), nil))
	return err
}

// trailingSpace is left by empty cells at the end of a row.
var trailingSpace = regexp.MustCompile(`(?m) +$`)

// page collects the sections.
type page struct {
	w   *tabwriter.Writer
	now time.Time
}

// row is one line, whatever is in its cells: what is quoted of nodes is a tenant's.
func (p *page) row(cells ...string) {
	shown := make([]string, 0, len(cells))
	for _, c := range cells {
		shown = append(shown, printable.Text(c))
	}
	fmt.Fprintln(p.w, strings.Join(shown, "\t"))
}

// section starts a section with columns of its own.
func (p *page) section(title string, columns ...string) {
	p.row()
	_ = p.w.Flush() // into memory, which does not fail
	p.row(title + ":")
	if len(columns) > 0 {
		p.row(append([]string{""}, columns...)...)
	}
}

func (p *page) head(vc *v1alpha1.VirtualCluster) {
	p.row("Name:", vc.Name)
	p.row("Namespace:", vc.Namespace)
	p.row("Age:", p.age(vc.CreationTimestamp.Time))
	p.row("Ready:", ready(vc))
	if vc.Spec.Lifecycle.IsPaused() {
		p.row("Paused:", "yes, its nodes start again with: vclusterctl resume "+vc.Name)
	}
	if at := vc.Status.ExpiresAt; at != nil {
		p.row("Expires:", p.until(at.Time))
	}
	p.row("Endpoint:", orNone(vc.Status.Endpoint))
	if ref := vc.Status.KubeconfigSecretRef; ref != nil {
		p.row("Kubeconfig:", "Secret "+ref.Name)
	}
	if r := vc.Status.Runtime; r != nil {
		p.row("Runtime:", runtimes(r))
	}
	if s := vc.Status.Servers; s != nil {
		p.row("Servers:", fmt.Sprintf("%d of %d ready", s.ReadyReplicas, s.Replicas)+alone(vc.Status.Resolved))
	}
	for _, pool := range vc.Status.Pools {
		p.row("Pool "+pool.Name+":", fmt.Sprintf("%d of %d ready", pool.ReadyReplicas, pool.Replicas)+under(vc.Status.Runtime, pool))
	}
}

// alone says of servers that they are no nodes.
func alone(r *v1alpha1.Resolved) string {
	if !r.IsControlPlaneOnly() {
		return ""
	}
	return ", the control plane only"
}

// under says the runtime of a pool, where pools have different ones.
func under(r *v1alpha1.RuntimeStatus, pool v1alpha1.PoolStatus) string {
	if r == nil || pool.Runtime == "" || pool.Runtime == r.Pools {
		return ""
	}
	return ", under " + pool.Runtime
}

func ready(vc *v1alpha1.VirtualCluster) string {
	c := meta.FindStatusCondition(vc.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case vc.DeletionTimestamp != nil:
		return "no, it is being deleted"
	case c == nil || vc.Status.ObservedGeneration < vc.Generation:
		return "unknown, the controller has not taken it up yet"
	case c.Status == metav1.ConditionTrue:
		return "yes"
	}
	return "no, " + c.Reason + ": " + c.Message
}

func runtimes(r *v1alpha1.RuntimeStatus) string {
	if r.Pools == "" || r.Pools == r.Servers {
		return r.Servers
	}
	return fmt.Sprintf("%s (servers), %s (pools)", r.Servers, r.Pools)
}

func (p *page) resolved(r *v1alpha1.Resolved) {
	if r == nil {
		return
	}
	p.section("Resolved")
	distro := string(r.Distro)
	if r.DistroReason != "" {
		distro += " (" + r.DistroReason + ")"
	}
	for _, v := range [][2]string{
		{"Distro", distro},
		{"Version", r.Version},
		{"Image", r.Image},
		{"Pod CIDR", r.PodCIDR},
		{"Service CIDR", r.ServiceCIDR},
		{"Cluster domain", r.ClusterDomain},
		{"Datastore", r.Datastore},
		{"Template", r.TemplateRevision},
	} {
		p.row("", v[0], v[1])
	}
}

func (p *page) conditions(conditions []metav1.Condition) {
	p.section("Conditions", "TYPE", "STATUS", "SINCE", "REASON", "MESSAGE")
	for _, c := range conditions {
		p.row("", c.Type, string(c.Status), p.age(c.LastTransitionTime.Time), c.Reason, c.Message)
	}
}

// isolation is the proof that the node pods are what they should be. Who says
// so matters: a node's own word counts less than the host's.
func (p *page) isolation(status v1alpha1.VirtualClusterStatus) {
	if len(status.Isolation) == 0 {
		return
	}
	p.section("Isolation", "PROPERTY", "VERDICT", "SOURCE", "VALUE")
	for _, f := range status.Isolation {
		verdict := "holds"
		if !f.Holds {
			verdict = "DOES NOT HOLD"
		}
		p.row("", f.Name, verdict, strings.ToLower(string(f.Source)), f.Value)
	}
}

func (p *page) timeline(entries []v1alpha1.TimelineEntry) {
	if len(entries) == 0 {
		return
	}
	p.section("Boot of server-0", "MILESTONE", "AFTER", "TOOK", "AT")
	previous := entries[0].Time.Time
	for _, e := range entries {
		at := e.Time.Time
		p.row("", e.Name, seconds(at.Sub(entries[0].Time.Time)), seconds(at.Sub(previous)), at.UTC().Format(time.TimeOnly))
		previous = at
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }

func (p *page) age(t time.Time) string {
	if t.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(p.now.Sub(t))
}

// until is when something is to happen.
func (p *page) until(t time.Time) string {
	stamp := t.UTC().Format(time.RFC3339)
	if left := t.Sub(p.now); left > 0 {
		return "in " + duration.HumanDuration(left) + ", at " + stamp
	}
	return "now, since " + stamp
}

func orNone(s string) string {
	if s == "" {
		return "<none>"
	}
	return s
}
