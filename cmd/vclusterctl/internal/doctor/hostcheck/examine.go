package hostcheck

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// Params say what to make of an observation.
type Params struct {
	// Profiles to look at, the strongest isolation first.
	Profiles []profile.Profile
	// Named says that these were asked for by name: nothing else will do.
	Named bool
	// Program is the version of this program.
	Program string
	// Own and Kubectl say how the user would call this program and kubectl.
	Own, Kubectl func(words ...string) string
}

// facts are what the checks work on.
type facts struct {
	Params
	*Observation

	// unusable says for nodes on which no pod can be placed why.
	unusable map[string]unusable
	ways     []*way
}

// way is a runtime on this host.
type way struct {
	profile.Knowledge

	// class is its RuntimeClass, nil if there is none, and invalid what is wrong
	// with it.
	class   *nodev1.RuntimeClass
	invalid error
	// question is what the nodes were asked, answer what they say.
	question profile.Question
	answer   profile.Answer
	// refusals are limits that any servers hit; alone is set where only servers
	// that run no pods hit none, and limit is then what others hit.
	refusals []profile.Limit
	alone    bool
	limit    profile.Limit
	// nodes are where its pods can be placed and run, as far as nodes say.
	nodes []string
	// qualifies says whether a cluster could run under it, here and in this
	// namespace.
	qualifies bool
	findings  []doctor.Finding
}

func (w *way) group() string { return groupRuntime + string(w.Name) }

// Examine makes a report of what was seen.
func Examine(o *Observation, p Params) doctor.Report {
	f := &facts{Params: p, Observation: o, unusable: unusableNodesOf(o.Nodes.Value)}
	for _, p := range p.Profiles {
		f.ways = append(f.ways, f.wayOf(p))
	}
	var findings []doctor.Finding
	for _, check := range hostChecks {
		findings = append(findings, check(f)...)
	}
	for _, w := range f.ways {
		for _, check := range runtimeChecks {
			w.findings = append(w.findings, check(f, w)...)
		}
		w.qualifies = len(w.nodes) > 0 && doctor.First(w.findings, doctor.Problem) == nil
	}
	for _, w := range f.ways {
		if f.matters(w) {
			findings = append(findings, w.findings...)
		}
	}
	for _, check := range lastChecks {
		findings = append(findings, check(f)...)
	}
	return f.report(findings)
}

// wayOf asks the nodes about a runtime, as the controller does.
func (f *facts) wayOf(p profile.Profile) *way {
	w := &way{Knowledge: p.Knowledge()}
	w.class = classOf(f.Observation, w.ClassName)
	w.refusals = w.Refusals(easiest(true))
	if len(w.refusals) > 0 && len(w.Refusals(easiest(false))) == 0 {
		w.alone, w.limit, w.refusals = true, w.refusals[0], nil
	}
	q := profile.Question{Nodes: f.Nodes.Value}
	if f.Nodes.Err != nil {
		q.Nodes = nil
	}
	if w.class != nil {
		q, w.invalid = profile.QuestionOf(w.class, q.Nodes)
	} else if made := p.RuntimeClass(profile.ClassOptions{}); made.Scheduling != nil {
		q.NodeSelector = made.Scheduling.NodeSelector
	}
	w.question, w.answer = q, p.Ask(q)
	for _, n := range w.answer.Capable() {
		proof := f.Proofs.Value[Spot{w.Name, n.Node}]
		if _, no := f.unusable[n.Node]; !no && !proof.refutes(!w.alone) {
			w.nodes = append(w.nodes, n.Node)
		}
	}
	return w
}

// easiest are the nodes that runtimes have least against.
func easiest(workers bool) profile.Nodes {
	return profile.Nodes{
		Distro: v1alpha1.DistroK8s, Workers: workers, Ephemeral: true,
		Resources: corev1.ResourceRequirements{Limits: plenty()},
	}
}

// auto says whether clusters that name no runtime can get this one.
func (w *way) auto() bool { return w.OnlyByName == "" }

// matters says whether somebody wants to know all about a runtime: where it was
// asked for, where a node has it, and, if nothing can be used, where it would be
// taken by itself.
func (f *facts) matters(w *way) bool {
	if f.Named || len(w.answer.Capable()) > 0 {
		return true
	}
	return w.auto() && !slices.ContainsFunc(f.ways, func(other *way) bool { return other.qualifies })
}

// chosen is the runtime that a cluster gets which names none, or if there is none
// the first that can be had by name; nil if no runtime can be used.
func (f *facts) chosen() *way {
	var byName *way
	for _, w := range f.ways {
		switch {
		case w.qualifies && w.auto():
			return w
		case w.qualifies && byName == nil:
			byName = w
		}
	}
	return byName
}

// nearest is the runtime that asks least of the host, of those that somebody
// would want.
func (f *facts) nearest() *way {
	for _, w := range slices.Backward(f.ways) {
		if f.Named || w.auto() {
			return w
		}
	}
	return nil
}

// well is the finding of a check that found nothing wrong.
func well(group, check, found string) doctor.Finding {
	return doctor.Finding{Group: group, Check: check, Outcome: doctor.OK, Found: found}
}

func one(f doctor.Finding) []doctor.Finding { return []doctor.Finding{f} }

// unseen is the finding about what could not be asked.
func unseen(group, check string, err error) []doctor.Finding {
	return one(doctor.Unseen(group, check, err))
}
