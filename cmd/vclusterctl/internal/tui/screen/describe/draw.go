package describe

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/belongings"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/phase"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/row"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/theme"
)

// draw makes the text anew.
func (d *Describe) draw() {
	p := &page{Describe: d, now: d.Now(), width: max(d.width, 20)}
	p.head()
	p.phases()
	p.conditions()
	p.isolation()
	p.timeline()
	p.resolved()
	p.pods()
	p.events()
	d.pane.SetLines(p.lines)
}

// page collects lines.
type page struct {
	*Describe

	now   time.Time
	width int
	lines []string
}

func (p *page) add(lines ...string) { p.lines = append(p.lines, lines...) }

func (p *page) section(title, remark string) {
	p.add("", p.Theme.Title.Render(" "+title)+p.Muted.Render("  "+remark))
}

// pair is a name and a value, which is wrapped below itself.
func (p *page) pair(name, value string) {
	p.hanging("   "+p.Muted.Render(p.Fit(name, 14))+" ", value, lipgloss.NewStyle())
}

// hanging puts a text of any length behind a beginning.
func (p *page) hanging(begin, text string, style lipgloss.Style) {
	indent := ansi.StringWidth(begin)
	text = p.Clean(text)
	lines := []string{text}
	if p.pane.Wrapped() {
		lines = theme.Wrap(text, max(p.width-indent, 10))
	}
	for i, line := range lines {
		if i > 0 {
			begin = strings.Repeat(" ", indent)
		}
		p.add(begin + style.Render(line))
	}
}

func (p *page) head() {
	vc, r := p.cluster, &p.target
	if p.gone {
		p.add(p.Bad.Render(" This cluster is deleted; this is what was known of it."))
	}
	p.pair("Cluster", vc.Namespace+"/"+vc.Name+", "+r.Age(p.now)+" old")
	p.pair("Status", joined(": ", r.Status, r.Detail))
	if r.Endpoint != "" {
		p.pair("Endpoint", r.Endpoint)
	}
	p.pair("Nodes", fmt.Sprintf("%d of %d ready", r.Nodes, r.Wanted))
	if left := r.Left(p.now); left != "" {
		p.pair("Deleted in", left)
	}
}

func joined(between string, texts ...string) string {
	var said []string
	for _, t := range texts {
		if t != "" {
			said = append(said, t)
		}
	}
	return strings.Join(said, between)
}

// phases are shown while the cluster comes up.
func (p *page) phases() {
	phases := phase.Of(p.cluster)
	if phase.Done(phases) || p.target.State == row.Paused || p.target.State == row.Deleting {
		return
	}
	p.section("Coming up", fmt.Sprintf("%s %d of %d", p.Bar(p.target.Passed, p.target.Steps, p.target.Steps), p.target.Passed, p.target.Steps))
	for _, f := range phases {
		sign, style := p.sign(f.State)
		p.hanging("   "+style.Render(sign)+" "+p.Fit(f.Name, 19)+" ", f.Detail, p.Muted)
	}
}

func (p *page) sign(s phase.State) (string, lipgloss.Style) {
	switch s {
	case phase.Passed:
		return p.Ready, p.Good
	case phase.Active:
		return p.Booting, p.Busy
	case phase.Failed:
		return p.Failed, p.Bad
	case phase.Waiting:
	}
	return p.Dot, p.Muted
}

func (p *page) conditions() {
	p.section("Conditions", "")
	if len(p.cluster.Status.Conditions) == 0 {
		p.add("   " + p.Muted.Render("The controller has not looked at it yet."))
	}
	for _, c := range p.cluster.Status.Conditions {
		sign, style := p.verdict(c)
		since := duration.HumanDuration(max(p.now.Sub(c.LastTransitionTime.Time), 0))
		reason := c.Reason
		if reason == c.Type {
			reason = ""
		}
		p.hanging("   "+style.Render(sign)+" "+p.Fit(p.Clean(c.Type), 18)+p.Muted.Render(p.Fit(since, 6))+" ", joined(": ", reason, c.Message), lipgloss.NewStyle())
	}
}

// verdict is how a condition is to be read: some are good when they are False.
func (p *page) verdict(c metav1.Condition) (string, lipgloss.Style) {
	inverse := c.Type == v1alpha1.ConditionStalled || c.Type == v1alpha1.ConditionExpiring
	switch {
	case c.Status == metav1.ConditionUnknown:
		return p.Unknown, p.Busy
	case (c.Status == metav1.ConditionTrue) != inverse:
		return p.Ready, p.Good
	}
	return p.Failed, p.Bad
}

// isolation is the proof. Who says so matters: a node's own word counts less
// than the host's.
func (p *page) isolation() {
	facts := p.cluster.Status.Isolation
	if len(facts) == 0 {
		return
	}
	held := 0
	for _, f := range facts {
		if f.Holds {
			held++
		}
	}
	p.section("Isolation", fmt.Sprintf("%d of %d facts hold", held, len(facts)))
	for _, f := range facts {
		sign, style, word := p.Ready, p.Good, "holds"
		if !f.Holds {
			sign, style, word = p.Failed, p.Bad, "BROKEN"
		}
		begin := "   " + style.Render(sign+" "+p.Fit(word, 6)) + " " + p.Fit(p.Clean(f.Name), 24) + " " +
			p.Muted.Render(p.Fit(strings.ToLower(string(f.Source)), 6))
		p.hanging(begin, f.Value, lipgloss.NewStyle())
	}
}

// timeline is a bar for every part of the boot: where it began and how long it
// took.
func (p *page) timeline() {
	entries := p.cluster.Status.Timeline
	if len(entries) < 2 {
		return
	}
	begin := entries[0].Time.Time
	total := entries[len(entries)-1].Time.Sub(begin)
	p.section("Boot of server-0", fmt.Sprintf("%.1fs", total.Seconds()))
	room := max(p.width-36, 10)
	for i, e := range entries[1:] {
		from, to := entries[i].Time.Sub(begin), e.Time.Sub(begin)
		bar := p.span(from, to, total, room)
		p.add("   " + p.Fit(p.Clean(e.Name), 16) + p.Busy.Render(bar) + p.Muted.Render(fmt.Sprintf(" %6.1fs +%.1fs", to.Seconds(), (to-from).Seconds())))
	}
}

// span is the part of a line that lies between two times.
func (p *page) span(from, to, total time.Duration, width int) string {
	if total <= 0 {
		return strings.Repeat(" ", width)
	}
	column := func(d time.Duration) int { return min(max(int(int64(width)*int64(d)/int64(total)), 0), width) }
	a, b := column(from), column(to)
	if a == b { // it took some time
		a, b = min(a, width-1), min(a, width-1)+1
	}
	return strings.Repeat(" ", a) + strings.Repeat(p.Full, b-a) + strings.Repeat(" ", width-b)
}

func (p *page) resolved() {
	r := p.cluster.Status.Resolved
	if r == nil {
		return
	}
	p.section("Chosen", "")
	distro := string(r.Distro)
	if r.DistroReason != "" {
		distro += " (" + r.DistroReason + ")"
	}
	for _, v := range [][2]string{
		{"Distro", distro},
		{"Version", r.Version},
		{"Image", r.Image},
		{"Runtime", p.target.Runtime},
		{"Pod CIDR", r.PodCIDR},
		{"Service CIDR", r.ServiceCIDR},
		{"Domain", r.ClusterDomain},
		{"Datastore", r.Datastore},
	} {
		p.pair(v[0], v[1])
	}
}

// unread says that pods or events are not known, if so.
func (p *page) unread(what string) bool {
	switch {
	case p.err != nil && !p.gotOnce:
		line, _ := p.Explain(p.err)
		p.hanging("   ", what+" cannot be read: "+line, p.Bad)
	case !p.gotOnce:
		p.add("   " + p.Muted.Render("Looking"+p.Ellipsis))
	default:
		return false
	}
	return true
}

func (p *page) pods() {
	p.section("Node pods", "")
	if p.unread("Pods") {
		return
	}
	if len(p.found.Pods) == 0 {
		p.add("   " + p.Muted.Render("None."))
	}
	for i := range p.found.Pods {
		pod := belongings.OfPod(&p.found.Pods[i])
		sign, style := p.Booting, p.Busy
		if pod.Ready {
			sign, style = p.Ready, p.Good
		}
		text := []string{pod.Status}
		if pod.Node != "" {
			text = append(text, "on "+pod.Node)
		}
		if pod.Restarts > 0 {
			text = append(text, fmt.Sprintf("%d restarts", pod.Restarts))
		}
		text = append(text, duration.HumanDuration(max(p.now.Sub(pod.Created), 0))+" old")
		p.hanging("   "+style.Render(sign)+" "+p.Fit(p.Clean(pod.Name), 26)+" ", strings.Join(text, ", "), lipgloss.NewStyle())
	}
}

func (p *page) events() {
	remark := ""
	if p.err != nil && p.gotOnce {
		remark = "as of before: they cannot be read now"
	}
	p.section("Events", remark)
	if p.unread("Events") {
		return
	}
	events := belongings.OfEvents(p.found.Events)
	if len(events) == 0 {
		p.add("   " + p.Muted.Render("None."))
	}
	for _, e := range slices.Backward(events) { // the youngest first
		style := lipgloss.NewStyle()
		if e.Warning() {
			style = p.Bad
		}
		text := e.Object + ": " + e.Message
		if e.Times > 1 {
			text += fmt.Sprintf(" (%d times)", e.Times)
		}
		since := duration.HumanDuration(max(p.now.Sub(e.At), 0))
		p.hanging("   "+p.Muted.Render(p.Fit(since, 6))+" "+style.Render(p.Fit(p.Clean(e.Reason), 18))+" ", text, lipgloss.NewStyle())
	}
}
