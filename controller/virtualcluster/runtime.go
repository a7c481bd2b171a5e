package virtualcluster

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	runtimeprobe "github.com/vclusterctl/vclusterctl/runtime/probe"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// choice is the runtime of the groups that ask for one and the same.
type choice struct {
	asked v1alpha1.Runtime
	// field of the spec that asks for it.
	field  string
	groups []cluster.Group

	// stop says why no pod of theirs can be made; the others are set where one
	// can.
	stop      *stop
	knowledge profile.Knowledge
	shape     profile.PodShape
	answer    profile.Answer
	// awaiting says that pods wait for a node to come; empty where one is there.
	awaiting string
}

// chooseRuntime finds the runtimes of the node pods and the nodes that offer
// them. It stops nothing itself: what needs no pod goes on, and servers stop.
func chooseRuntime(s *Scope) error {
	s.choices = s.askings()
	for _, c := range s.choices {
		s.chooseFor(c)
	}
	s.tellRuntime()
	return nil
}

// askings are the runtimes that groups ask for, each once, the servers' first.
func (s *Scope) askings() []*choice {
	var out []*choice
	for i, g := range s.groups() {
		at := slices.IndexFunc(out, func(c *choice) bool { return c.asked == g.Runtime })
		if at < 0 {
			at = len(out)
			out = append(out, &choice{asked: g.Runtime, field: s.runtimeField(i)})
		}
		out[at].groups = append(out[at].groups, g)
	}
	return out
}

// runtimeField is where the spec says the runtime of the group of this number.
func (s *Scope) runtimeField(i int) string {
	own, field := s.vc.Spec.Servers.Runtime, groupField(i)
	if i > 0 {
		own = s.vc.Spec.Pools[i-1].Runtime
	}
	if own == (v1alpha1.Runtime{}) {
		return "spec.runtime"
	}
	return field + ".runtime"
}

// groupField is where the spec has the group of a number.
func groupField(i int) string {
	if i == 0 {
		return "spec.servers"
	}
	return fmt.Sprintf("spec.pools[%d]", i-1)
}

// chooseFor settles what groups run under, or why nothing will do.
func (s *Scope) chooseFor(c *choice) {
	var refusals []*stop
	for _, p := range s.candidates(c) {
		refusal := s.tryRuntime(p, c)
		if refusal == nil {
			return
		}
		if refusals = append(refusals, refusal); refusal.stale {
			continue
		}
		if refusal.reason == v1alpha1.ReasonProbing || refusal.reason == v1alpha1.ReasonProbeInconclusive {
			// A weaker one is taken only where this one turns out not to work, and
			// that stronger ones are not there is nothing to wait for.
			c.stop = refusal
			return
		}
	}
	if i := slices.IndexFunc(refusals, func(r *stop) bool { return r.stale }); i >= 0 {
		c.stop = refusals[i]
		return
	}
	c.stop = combine(c, refusals)
}

// candidates are the profiles that the spec lets us choose from.
//
// "auto" takes the strongest that a probe has proven on a node, of those for
// which a node's own word would be enough, and no other, whatever nodes offer:
// Sysbox where a node's handler says that it has user namespaces, else userns.
// While a probe of the stronger one is under way it waits. A cluster keeps what it
// was made with: a runtime that appears on the host later changes no nodes that
// are there.
func (s *Scope) candidates(c *choice) []profile.Profile {
	auto := c.asked.Profile == v1alpha1.RuntimeAuto
	if held := s.heldRuntime(c); auto && held != nil {
		return []profile.Profile{held}
	}
	return slices.DeleteFunc(slices.Clone(s.profiles), func(p profile.Profile) bool {
		if auto {
			return p.Knowledge().OnlyByName != ""
		}
		return p.Knowledge().Name != c.asked.Profile
	})
}

// heldRuntime is the profile that the first of some groups has that is there,
// nil if there is none or it is none of ours.
func (s *Scope) heldRuntime(c *choice) profile.Profile {
	for _, g := range c.groups {
		if set := s.children.statefulSets[cluster.GroupName(s.vc.Name, g.Name)]; set != nil {
			return s.runtimeOf(&set.Spec.Template.Spec)
		}
	}
	return nil
}

// runtimeOf is the profile that a pod was made under, nil if it is none of ours.
// A RuntimeClass with a name of the site's is known by its handler, which never
// changes.
func (s *Scope) runtimeOf(spec *corev1.PodSpec) profile.Profile {
	if spec.RuntimeClassName == nil {
		return nil
	}
	for _, p := range s.profiles {
		if p.Knowledge().ClassName == *spec.RuntimeClassName {
			return p
		}
	}
	class := s.runtimeClasses[*spec.RuntimeClassName]
	for _, p := range s.profiles {
		if class != nil && p.Knowledge().Handles(class.Handler) {
			return p
		}
	}
	return nil
}

// tryRuntime settles on a profile if the host offers it and it takes the nodes
// that the groups are to have.
func (s *Scope) tryRuntime(p profile.Profile, c *choice) *stop {
	k := p.Knowledge()
	if refusal := s.fitsRuntime(k, c); refusal != nil {
		return refusal
	}
	name := either(c.asked.ClassName, k.ClassName)
	class := s.runtimeClasses[name]
	if class == nil {
		return wait(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonRuntimeClassMissing,
			"RuntimeClass %q of runtime %q is missing; %s", name, k.Name, classRemedy(k, c))
	}
	question, err := profile.QuestionOf(class, s.nodes)
	if err != nil {
		return wait(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonRuntimeClassInvalid, "RuntimeClass %q: %v", name, err)
	}
	answer := s.demandProof(p.Ask(question), k, class, s.runsPods(c))
	c.awaiting = ""
	if len(answer.Capable()) == 0 {
		if !profile.AwaitsNodes(class.Annotations) {
			return noNode(k, answer)
		}
		c.awaiting = awaiting(k, answer)
	}
	c.knowledge, c.answer = k, answer
	// Where nodes have the profile's seccomp profile, pods run on those only.
	c.shape = p.PodShape(question.PodOptions(answer.Seccomp()))
	c.shape.RuntimeClassName = name
	s.selectProven(c, class)
	return nil
}

// classRemedy says who makes a RuntimeClass: the installer makes those that
// "auto" can take, setting up nodes those of the others, and nobody here makes one
// with a name of the site's.
func classRemedy(k profile.Knowledge, c *choice) string {
	switch {
	case c.asked.ClassName != "" && c.asked.ClassName != k.ClassName:
		return fmt.Sprintf("correct %s.className, or leave it out for %q", c.field, k.ClassName)
	case k.OnlyByName == "":
		return "vclusterctl install makes it"
	default:
		return fmt.Sprintf("vclusterctl runtime install %s makes it, and so does the chart with runtimeClasses.%[1]s=true", k.Name)
	}
}

// fitsRuntime refuses nodes that a runtime does not support.
func (s *Scope) fitsRuntime(k profile.Knowledge, c *choice) *stop {
	for i, g := range s.groups() {
		if !c.has(g.Name) {
			continue
		}
		g.Block = s.onBlock(g, k)
		for _, l := range k.Refusals(s.nodesOf(g)) {
			return stall(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonRuntimeUnsupported,
				"%s cannot run under runtime %q: %s", groupField(i), k.Name, l)
		}
	}
	return nil
}

// has says whether a group is among those that a choice is for.
func (c *choice) has(group string) bool {
	return slices.ContainsFunc(c.groups, func(g cluster.Group) bool { return g.Name == group })
}

// nodesOf are the nodes of a group as a runtime sees them.
func (s *Scope) nodesOf(g cluster.Group) profile.Nodes {
	return profile.Nodes{
		Distro:    s.input.Resolved.Distro,
		Workers:   !s.runsNoPods(g),
		Ephemeral: g.Ephemeral(),
		Block:     g.Block,
		Resources: g.Resources,
	}
}

// combine says in one why no runtime can be used. What asks least of the host
// comes first: it is the nearest to be had.
func combine(c *choice, refusals []*stop) *stop {
	switch len(refusals) {
	case 0:
		return stall(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonInvalidSpec,
			"%s.profile %q is not known to this controller; leave it out", c.field, c.asked.Profile)
	case 1:
		return refusals[0]
	}
	words := make([]string, 0, len(refusals))
	for _, r := range slices.Backward(refusals) {
		words = append(words, r.message)
	}
	return wait(v1alpha1.ConditionRuntimeReady, reasonAmong(refusals), "%s", strings.Join(words, "; "))
}

// reasonAmong is the reason of several refusals: that a probe is to come, if it is
// for any of them, because probes are made for clusters that say so. Otherwise it
// is that of the nearest to be had.
func reasonAmong(refusals []*stop) string {
	for _, r := range slices.Backward(refusals) {
		if runtimeprobe.IsAwaited(r.reason) {
			return r.reason
		}
	}
	return refusals[len(refusals)-1].reason
}
