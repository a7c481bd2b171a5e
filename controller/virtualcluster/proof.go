package virtualcluster

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	runtimeprobe "github.com/vclusterctl/vclusterctl/runtime/probe"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// proofs are the reports of probes by node and profile. Nil means that nodes are
// taken at their word.
type proofs map[v1alpha1.RuntimeReportSpec]*v1alpha1.RuntimeReport

// observeProofs reads what probes have found.
func (r *Reconciler) observeProofs(ctx context.Context, s *Scope) error {
	if !r.opts.Probed {
		return nil
	}
	var list v1alpha1.RuntimeReportList
	if err := r.client.List(ctx, &list); err != nil {
		return fmt.Errorf("list RuntimeReports: %w", err)
	}
	s.proofs = proofsOf(list.Items, s.nodes)
	return nil
}

// proofsOf leaves out what was found on a node whose name another one has now.
func proofsOf(reports []v1alpha1.RuntimeReport, nodes []corev1.Node) proofs {
	hosts := make(map[string]*corev1.Node, len(nodes))
	for i := range nodes {
		hosts[nodes[i].Name] = &nodes[i]
	}
	out := proofs{}
	for i := range reports {
		r := &reports[i]
		if host := hosts[r.Spec.NodeName]; host == nil || runtimeprobe.IsAbout(r, host) {
			out[r.Spec] = r
		}
	}
	return out
}

// demandProof leaves those nodes capable on which a probe passed, and says of the
// others what it found. Probes are made for the RuntimeClasses of the profiles: of
// one with a name of the site's the nodes' word is all there is.
func (s *Scope) demandProof(answer profile.Answer, k profile.Knowledge, class *nodev1.RuntimeClass, workers bool) profile.Answer {
	if s.proofs == nil || class.Name != k.ClassName {
		return answer
	}
	hosts := make(map[string]*corev1.Node, len(s.nodes))
	for i := range s.nodes {
		hosts[s.nodes[i].Name] = &s.nodes[i]
	}
	label := runtimeprobe.NodeLabel(k.Name, workers)
	out := profile.Answer{Nodes: slices.Clone(answer.Nodes)}
	for i := range out.Nodes {
		n := &out.Nodes[i]
		if host := hosts[n.Node]; n.Capable() && host.Labels[label] != v1alpha1.NodeLabelProven {
			n.Problems = []profile.Problem{s.unproven(host, k, workers)}
		}
	}
	return out
}

// unproven says why a node that offers a runtime counts for nothing. What failed is
// told apart from what is still to come: nobody waits for a failure to pass.
func (s *Scope) unproven(host *corev1.Node, k profile.Knowledge, workers bool) profile.Problem {
	probing := func(message string) profile.Problem {
		return profile.Problem{Reason: v1alpha1.ReasonProbing, Message: message}
	}
	report := s.proofs[v1alpha1.RuntimeReportSpec{NodeName: host.Name, Profile: string(k.Name)}]
	if !nodeReady(*host) {
		return profile.Problem{Reason: v1alpha1.ReasonPending, Message: "is not Ready, and is probed when it is"}
	}
	if report == nil || report.Status.Probe == nil {
		return probing("a probe pod boots the node image there")
	}
	switch verdict := v1alpha1.ProbeVerdict(report.Status.State); {
	case qualifies(verdict, workers) && report.Status.Message != report.Status.Probe.Message:
		return profile.Problem{Reason: v1alpha1.ReasonProbeInconclusive, Message: "passed its probe, but " + cut(report.Status.Message, maxQuoted)}
	case qualifies(verdict, workers):
		return probing("passed its probe, and is being labelled") // the report is written first
	case verdict == v1alpha1.ProbeInconclusive:
		return profile.Problem{Reason: v1alpha1.ReasonProbeInconclusive, Message: "the probe came to nothing, and is made again: " + cut(report.Status.Message, maxQuoted)}
	case verdict == v1alpha1.ProbeFailed, verdict == v1alpha1.ProbeControlPlaneOnly:
		failed := profile.Problem{Reason: v1alpha1.ReasonProbeFailed, Message: cut(report.Status.Message, maxQuoted)}
		if runtimeprobe.IsStale(report.Status.Probe, s.vc.CreationTimestamp.Time, s.now) {
			failed.Reason = problemStale
		}
		return failed
	default: // what is on record is of a node that was another, or said something else
		return probing("a probe pod boots the node image there")
	}
}

// problemStale is of nodes that failed before the cluster was made: a probe is made
// again for it, where it has no other runtime to take.
const problemStale = "ProbeStale"

// qualifies says whether a verdict is enough for nodes.
func qualifies(v v1alpha1.ProbeVerdict, workers bool) bool {
	return v == v1alpha1.ProbePassed || v == v1alpha1.ProbeControlPlaneOnly && !workers
}

// noNode says why no node is good for a runtime.
func noNode(k profile.Knowledge, answer profile.Answer) *stop {
	switch {
	case blames(answer, v1alpha1.ReasonProbing):
		return wait(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonProbing,
			"finding out whether runtime %q works: %s", k.Name, wordsOf(blamed(answer, v1alpha1.ReasonProbing)))
	case blames(answer, v1alpha1.ReasonProbeInconclusive):
		return wait(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonProbeInconclusive,
			"no node has proven runtime %q yet: %s", k.Name, wordsOf(blamed(answer, v1alpha1.ReasonProbeInconclusive)))
	case blames(answer, problemStale):
		again := wait(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonProbing,
			"finding out whether runtime %q works now, which it did not before: %s", k.Name, wordsOf(blamed(answer, problemStale)))
		again.stale = true
		return again
	case blames(answer, v1alpha1.ReasonPending):
		return wait(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonPending,
			"no node has proven runtime %q yet: %s", k.Name, wordsOf(answer))
	case blames(answer, v1alpha1.ReasonProbeFailed):
		return wait(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonProbeFailed,
			"no node passed the probe of runtime %q: %s; kubectl get runtimereports has it all; probes are made again every few minutes while a cluster waits, and at once after kubectl annotate runtimereport %s.%s --overwrite %s=\"$(date)\"",
			k.Name, wordsOf(answer), blamed(answer, v1alpha1.ReasonProbeFailed).Nodes[0].Node, k.Name, v1alpha1.AnnotationProbe)
	default:
		return wait(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonNoCapableNode,
			"no node offers runtime %q: %s", k.Name, answer.Message())
	}
}

// maxWords bounds what a condition says of nodes: each may have its own trouble.
const maxWords = 2048

func wordsOf(answer profile.Answer) string { return cut(answer.Message(), maxWords) }

// blames says whether any node has a problem of some kinds.
func blames(answer profile.Answer, reasons ...string) bool {
	return len(blamed(answer, reasons...).Nodes) > 0
}

// blamed are the nodes that have a problem of some kinds.
func blamed(answer profile.Answer, reasons ...string) profile.Answer {
	return profile.Answer{Nodes: slices.DeleteFunc(slices.Clone(answer.Nodes), func(n profile.NodeAnswer) bool {
		return !slices.ContainsFunc(n.Problems, func(p profile.Problem) bool { return slices.Contains(reasons, p.Reason) })
	})}
}

// selectProven has pods run where a probe passed. The scheduler knows nothing of
// reports, so nodes that passed have a label.
func (s *Scope) selectProven(c *choice, class *nodev1.RuntimeClass) {
	if s.proofs == nil || class.Name != c.knowledge.ClassName || profile.AwaitsNodes(class.Annotations) {
		return
	}
	selector := maps.Clone(c.shape.NodeSelector)
	if selector == nil {
		selector = map[string]string{}
	}
	selector[runtimeprobe.NodeLabel(c.knowledge.Name, s.runsPods(c))] = v1alpha1.NodeLabelProven
	c.shape.NodeSelector = selector
}

// runsPods says whether any group of a choice has nodes that run pods.
func (s *Scope) runsPods(c *choice) bool {
	return slices.ContainsFunc(c.groups, func(g cluster.Group) bool { return s.nodesOf(g).Workers })
}

// offers says which nodes offer the runtime of a choice, on whose word, and which
// failed to prove it.
func (s *Scope) offers(c *choice) string {
	said := fmt.Sprintf("%d/%d nodes of the host offer runtime %q", len(c.answer.Capable()), len(c.answer.Nodes), c.knowledge.Name)
	switch {
	case s.proofs == nil && s.oneNamespace:
		return said + ", by their own word: a controller for one namespace probes none"
	case s.proofs == nil:
		return said
	case c.shape.RuntimeClassName != c.knowledge.ClassName:
		return said + ", by their own word: RuntimeClasses of the site's are not probed"
	case blames(c.answer, v1alpha1.ReasonProbeFailed, problemStale):
		return said + ", as a probe found there; " + wordsOf(blamed(c.answer, v1alpha1.ReasonProbeFailed, problemStale))
	default:
		return said + ", as a probe found there"
	}
}

// reportChanged keeps the details of reports from waking every cluster.
func reportChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		old, ok := e.ObjectOld.(*v1alpha1.RuntimeReport)
		updated, ok2 := e.ObjectNew.(*v1alpha1.RuntimeReport)
		return !ok || !ok2 || old.Status.State != updated.Status.State || old.Status.Message != updated.Status.Message ||
			(old.Status.Probe == nil) != (updated.Status.Probe == nil) ||
			!equality.Semantic.DeepEqual(checksOf(old), checksOf(updated))
	}}
}

func checksOf(r *v1alpha1.RuntimeReport) []v1alpha1.ProbeCheck {
	if r.Status.Probe == nil {
		return nil
	}
	return r.Status.Probe.Checks
}

// awaiting says that pods wait for a node that is yet to come.
func awaiting(k profile.Knowledge, answer profile.Answer) string {
	return fmt.Sprintf("pods wait for a node with runtime %q, as the RuntimeClass allows; now: %s",
		k.Name, wordsOf(answer))
}
