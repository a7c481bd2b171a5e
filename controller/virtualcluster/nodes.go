package virtualcluster

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// watchNodes says whether every wanted node is Ready inside, and a pod can
// start there, from what a serving server reports.
func watchNodes(s *Scope) error {
	s.countPools()
	serving := readyPods(s.groupPods(cluster.ServerGroup))
	if len(serving) == 0 {
		s.vc.Status.Nodes = 0
		s.no(v1alpha1.ConditionNodesReady, v1alpha1.ReasonPending, "waiting for the control plane")
		return nil
	}
	report, ok := s.serverReport(serving)
	if _, once := served(report.Timeline); ok && once && !report.APIServing {
		s.vc.Status.Nodes = 0
		s.no(v1alpha1.ConditionNodesReady, v1alpha1.ReasonNotServing, "nobody can be asked: "+s.silent(report))
		return nil
	}
	ok = ok && report.APIServing
	if !ok && s.lacking(serving) {
		return nil
	}
	if !ok && s.settling && s.condition(v1alpha1.ConditionNodesReady).Status == metav1.ConditionTrue {
		s.comeBack(settlingTime)
		return nil
	}
	if !ok {
		s.unknown(v1alpha1.ConditionNodesReady, v1alpha1.ReasonNotProven, fmt.Sprintf(
			"pod %q does not report; the controller must be able to reach port %d of node pods", serving[0].Name, guestapi.Port))
		return nil
	}
	s.judgeNodes(report)
	return nil
}

func (s *Scope) countPools() {
	s.vc.Status.Pools = nil
	for _, g := range cluster.Pools(s.vc.Spec) {
		s.vc.Status.Pools = append(s.vc.Status.Pools, v1alpha1.PoolStatus{
			Name:    g.Name,
			Runtime: s.runtimeName(g),
			NodeGroupStatus: v1alpha1.NodeGroupStatus{
				Replicas:      g.Replicas,
				ReadyReplicas: int32(len(readyPods(s.groupPods(g.Name)))), //nolint:gosec // a count of pods
			},
		})
	}
}

// serverReport is the report of a server whose API serves, or else of any.
func (s *Scope) serverReport(serving []corev1.Pod) (guestapi.Report, bool) {
	var last guestapi.Report
	said := false
	for _, p := range serving {
		if snapshot, ok := s.reports[p.UID]; ok && !snapshot.Silent && !s.restarted(&p) {
			last, said = snapshot.Report, true
			if last.APIServing {
				break
			}
		}
	}
	return last, said
}

func (s *Scope) judgeNodes(report guestapi.Report) {
	found := s.compareNodes(report.Nodes)
	s.vc.Status.Nodes = int32(found.ready) //nolint:gosec // bounded by the size of a report
	status := metav1.ConditionFalse
	var t trouble
	switch {
	case len(found.missing) > 0:
		t = s.nodeTrouble(report, found.missing)
	case s.nodeProblem(report) != nil:
		t = *s.nodeProblem(report)
	case !s.wantsNodes() && found.ready == 0 && hasAccounts(report):
		status = metav1.ConditionTrue
		t = trouble{v1alpha1.ReasonReady, "no nodes are wanted: the servers run the control plane alone, and pods wait for a pool" + leftOver(found.left) + strange(found.strange) + s.outdated()}
	case !report.Schedulable:
		t = trouble{v1alpha1.ReasonBooting, fmt.Sprintf("%s Ready, but no pod can start there yet: %s",
			are(found.ready, "node"), lastMilestone(report.Timeline))}
	default:
		status = metav1.ConditionTrue
		t = trouble{v1alpha1.ReasonReady, are(found.ready, "node") + " Ready" + leftOver(found.left) + strange(found.strange) + without(s.degraded(report)) + s.outdated()}
	}
	s.set(v1alpha1.ConditionNodesReady, status, t.reason, t.message)
}

// hasAccounts says whether the API takes pods, were there a node for them.
func hasAccounts(report guestapi.Report) bool {
	return slices.ContainsFunc(report.Timeline, func(m guestapi.Milestone) bool { return m.Name == guestapi.MilestoneServiceAccount })
}

// comparison is what there is of nodes beside what is wanted.
type comparison struct {
	// missing are the wanted nodes that do not count, each with the reason; ready
	// counts the others.
	missing []string
	ready   int
	// left names nodes of ours that are no longer wanted, and strange nodes that
	// never were ours.
	left, strange []string
}

// compareNodes compares the nodes inside with those that are wanted. What is left
// of ours is taken out by a server; a tenant's own, and those of older node
// images, stay.
func (s *Scope) compareNodes(nodes []guestapi.NodeState) comparison {
	var c comparison
	states := map[string]guestapi.NodeState{}
	for _, n := range nodes {
		states[n.Name] = n
	}
	for _, e := range s.expectedNodes() {
		if why := s.notCounted(e, states[e.name]); why != "" {
			c.missing = append(c.missing, fmt.Sprintf("%s (%s)", e.name, why))
		} else {
			c.ready++
		}
		delete(states, e.name)
	}
	for _, name := range sortedKeys(states) {
		if s.wasOurs(states[name]) {
			c.left = append(c.left, name)
		} else {
			c.strange = append(c.strange, name)
		}
	}
	return c
}

// wasOurs says whether a node that is not wanted once was: a server has marked it
// as one of a group, or its name is the next one of a group that there is. A
// tenant may join nodes by hand, whose names are theirs to choose.
func (s *Scope) wasOurs(n guestapi.NodeState) bool {
	if n.Group != "" {
		return true
	}
	i := strings.LastIndexByte(n.Name, '-')
	if i < 0 {
		return false
	}
	ordinal, err := strconv.ParseUint(n.Name[i+1:], 10, 31)
	if err != nil || strconv.FormatUint(ordinal, 10) != n.Name[i+1:] {
		return false
	}
	group := n.Name[:i]
	return s.children.statefulSets[cluster.GroupName(s.vc.Name, group)] != nil ||
		slices.ContainsFunc(s.groups(), func(g cluster.Group) bool { return g.Name == group })
}

// maxLeft bounds how many left-over nodes a message names: what nodes there are
// is the tenant's to say.
const maxLeft = 5

// leftOver says what to do about nodes that are no longer wanted.
func leftOver(names []string) string {
	switch {
	case len(names) == 0:
		return ""
	case len(names) == 1:
		return fmt.Sprintf("; node %s is no longer wanted: kubectl delete node %[1]s inside", trim(names[0]))
	case len(names) > maxLeft:
		return fmt.Sprintf("; %d nodes are no longer wanted, %s among them: delete them with kubectl inside", len(names), trim(names[0]))
	default:
		joined := trim(strings.Join(names, " "))
		return fmt.Sprintf("; nodes %s are no longer wanted: kubectl delete node %[1]s inside", joined)
	}
}

// strange tells of nodes that are not ours: nobody here looks after them.
func strange(names []string) string {
	switch {
	case len(names) == 0:
		return ""
	case len(names) == 1:
		return fmt.Sprintf("; node %s is none of this cluster's pods, and is left alone", trim(names[0]))
	case len(names) > maxLeft:
		return fmt.Sprintf("; %d nodes, %s among them, are none of this cluster's pods, and are left alone", len(names), trim(names[0]))
	default:
		return fmt.Sprintf("; nodes %s are none of this cluster's pods, and are left alone", trim(strings.Join(names, " ")))
	}
}

// nodeTrouble explains the first node that is missing, by its pod if that is
// the cause, and names all.
func (s *Scope) nodeTrouble(report guestapi.Report, missing []string) trouble {
	all := "; missing: " + several(missing)
	for _, g := range s.groups() {
		pods := s.groupPods(g.Name)
		if len(readyPods(pods)) < int(g.Replicas) {
			t := s.groupTrouble(g, pods)
			return trouble{t.reason, t.message + all}
		}
	}
	if t := s.nodeProblem(report); t != nil {
		return trouble{t.reason, t.message + all}
	}
	return trouble{v1alpha1.ReasonBooting, fmt.Sprintf("%s not Ready: %s", are(len(missing), "node"), several(missing))}
}

// nodeProblem is what the first node with a problem says, servers first.
func (s *Scope) nodeProblem(server guestapi.Report) *trouble {
	reports := []guestapi.Report{server}
	for _, p := range s.livingPods() {
		if snapshot, ok := s.reports[p.UID]; ok {
			reports = append(reports, snapshot.Report)
		}
	}
	for _, r := range reports {
		if len(r.Problems) > 0 {
			return ptr.To(reported(r))
		}
	}
	return nil
}

func reported(report guestapi.Report) trouble {
	p := report.Problems[0]
	return trouble{v1alpha1.ReasonNodeProblem, fmt.Sprintf("node %q: %s: %s", report.NodeName, p.Reason, trim(p.Message))}
}

func are(n int, noun string) string {
	if n == 1 {
		return count(n, noun) + " is"
	}
	return count(n, noun) + " are"
}

// degraded is what the nodes do without: what a server says, and of others what
// no server does.
func (s *Scope) degraded(server guestapi.Report) []guestapi.Problem {
	out := slices.Clone(server.Degraded)
	for _, p := range s.livingPods() {
		for _, d := range s.reports[p.UID].Report.Degraded {
			if !slices.ContainsFunc(out, func(o guestapi.Problem) bool { return o.Reason == d.Reason }) {
				d.Message = s.reports[p.UID].Report.NodeName + ": " + d.Message
				out = append(out, d)
			}
		}
	}
	return out
}

// without says what the nodes run without.
func without(degraded []guestapi.Problem) string {
	if len(degraded) == 0 {
		return ""
	}
	names := make([]string, 0, len(degraded))
	for _, d := range degraded {
		names = append(names, d.Reason+" ("+trim(d.Message)+")")
	}
	return "; degraded: " + strings.Join(names, ", ")
}

// outdated says which pods were made from an older template. They are not
// replaced behind the user's back.
func (s *Scope) outdated() string {
	var names []string
	for _, p := range s.pods {
		set := s.children.statefulSets[cluster.GroupName(s.vc.Name, p.Labels[v1alpha1.LabelPool])]
		if set != nil && set.Status.UpdateRevision != "" && set.Status.ObservedGeneration == set.Generation &&
			p.Labels["controller-revision-hash"] != set.Status.UpdateRevision {
			names = append(names, p.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("; made from older settings, and replaced only when you delete them: pods %s", list(names))
}
