package hostcheck

import (
	"slices"
	"strings"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// Spot is a runtime on a node.
type Spot struct {
	Runtime v1alpha1.RuntimeProfile
	Node    string
}

// Proof is what a pod found out that tried.
type Proof struct {
	Verdict v1alpha1.ProbeVerdict
	Message string
	Checks  []v1alpha1.ProbeCheck
	// Source is who tried it, and when.
	Source string
}

// refutes says whether nodes cannot run there; those that run pods need more.
func (p Proof) refutes(workers bool) bool {
	return p.Verdict == v1alpha1.ProbeFailed || workers && p.Verdict == v1alpha1.ProbeControlPlaneOnly
}

// Candidate is where a node pod could be tried.
type Candidate struct {
	Spot

	Knowledge profile.Knowledge
	// Shape that node pods have there.
	Shape profile.PodShape
	// Kernel is what the node says of its own.
	Kernel string
}

// Candidates are where nodes say that they offer a runtime, and its RuntimeClass
// is there for pods to name.
func Candidates(o *Observation, profiles []profile.Profile) []Candidate {
	f := &facts{Observation: o}
	var all []Candidate
	for _, p := range profiles {
		w := f.wayOf(p)
		if w.class == nil || w.invalid != nil {
			continue
		}
		for _, n := range w.answer.Capable() {
			all = append(all, Candidate{
				Spot: Spot{Runtime: w.Name, Node: n.Node}, Knowledge: w.Knowledge, Kernel: f.node(n.Node).Status.NodeInfo.KernelVersion,
				Shape: p.PodShape(w.question.PodOptions(n.Seccomp)),
			})
		}
	}
	return all
}

// proofs is what was tried, and what nobody has tried yet.
func proofs(f *facts, w *way) []doctor.Finding {
	outcome := doctor.Problem
	if len(w.nodes) > 0 {
		outcome = doctor.Warning
	}
	var all []doctor.Finding
	var untried []string
	for _, n := range w.answer.Capable() {
		proof, tried := f.Proofs.Value[Spot{w.Name, n.Node}]
		if !tried {
			untried = append(untried, n.Node)
			continue
		}
		all = append(all, w.tried(n.Node, proof, outcome)...)
	}
	all = doctor.PerNode(all)
	if len(untried) == 0 || w.class == nil {
		return all
	}
	x := doctor.Finding{
		Group: w.group(), Check: checkProbe, Outcome: doctor.Unknown, Found: "nobody has tried it: this is what nodes say of themselves", Nodes: untried,
		Needed: "a probe pod that boots there", Fix: f.Own("doctor", "--probe", "-n", f.Namespace),
	}
	if f.Proofs.Err != nil {
		x.Found = "nodes say so of themselves, and whether it was tried is unknown: " + doctor.Why(f.Proofs.Err)
	}
	return append(all, x)
}

// tried is what one probe found.
func (w *way) tried(node string, p Proof, bad doctor.Outcome) []doctor.Finding {
	on := doctor.Finding{Group: w.group(), Check: checkProbe, Nodes: []string{node}, Found: p.Message + " (" + p.Source + ")"}
	switch {
	case p.Verdict == v1alpha1.ProbeInconclusive:
		on.Outcome, on.Needed, on.Fix = doctor.Unknown, "a probe pod that boots there", "what it says, and then again"
		return one(on)
	case !p.refutes(!w.alone):
		on.Outcome = doctor.OK
		return append(one(on), w.failed(node, p, doctor.Warning, v1alpha1.WeightComfort)...)
	}
	if all := w.failed(node, p, bad, v1alpha1.WeightBoot, v1alpha1.WeightPods); len(all) > 0 {
		return all
	}
	on.Outcome = bad
	return one(on)
}

// unneeded begins the remedy of what a probe missed and nobody needs: its message
// names it, and that is enough.
const unneeded = "nothing needs it"

// failed are the checks of a probe that went wrong and that weigh so much.
func (w *way) failed(node string, p Proof, outcome doctor.Outcome, weights ...v1alpha1.ProbeWeight) []doctor.Finding {
	var all []doctor.Finding
	for _, c := range p.Checks {
		if c.OK || !slices.Contains(weights, c.Weight) || strings.HasPrefix(c.Remedy, unneeded) {
			continue
		}
		all = append(all, doctor.Finding{
			Group: w.group(), Check: checkProbe, Outcome: outcome, Found: c.Name + ": " + c.Found, Needed: c.Needed, Fix: c.Remedy, Nodes: []string{node},
		})
	}
	return all
}
