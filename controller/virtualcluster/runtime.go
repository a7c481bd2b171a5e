package virtualcluster

import (
	"fmt"
	"strings"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// chooseRuntime finds the runtime of the node pods and the nodes that offer it.
// It stops nothing itself: what needs no pod goes on, and servers stop.
func chooseRuntime(s *Scope) error {
	var refusals []*stop
	for _, p := range s.candidates() {
		answer, refusal := s.ask(p)
		if refusal == nil {
			s.useRuntime(p, answer)
			return nil
		}
		refusals = append(refusals, refusal)
	}
	s.runtimeStop = combine(s.vc.Spec.Runtime.Profile, refusals)
	s.no(v1alpha1.ConditionRuntimeReady, s.runtimeStop.reason, s.runtimeStop.message)
	return nil
}

// candidates are the profiles that the spec lets us choose from.
func (s *Scope) candidates() []profile.Profile {
	asked := s.vc.Spec.Runtime.Profile
	if asked == "" || asked == v1alpha1.RuntimeAuto {
		return s.profiles
	}
	for _, p := range s.profiles {
		if p.Knowledge().Name == asked {
			return []profile.Profile{p}
		}
	}
	return nil
}

// ask finds out whether the host offers a runtime.
func (s *Scope) ask(p profile.Profile) (profile.Answer, *stop) {
	k := p.Knowledge()
	class := s.runtimeClasses[k.ClassName]
	if class == nil {
		return profile.Answer{}, wait(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonRuntimeClassMissing,
			"RuntimeClass %q of runtime %q is missing; vclusterctl install makes it", k.ClassName, k.Name)
	}
	q := profile.Question{Nodes: s.nodes, Handler: class.Handler}
	if class.Scheduling != nil {
		q.NodeSelector = class.Scheduling.NodeSelector
	}
	answer := p.Ask(q)
	if len(answer.Capable()) == 0 {
		return answer, wait(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonNoCapableNode,
			"no node offers runtime %q: %s", k.Name, answer.Message())
	}
	return answer, nil
}

// useRuntime settles on a profile. Where nodes have its seccomp profile, pods
// run on those only.
func (s *Scope) useRuntime(p profile.Profile, answer profile.Answer) {
	s.knowledge = p.Knowledge()
	s.shape = p.PodShape(profile.PodOptions{Seccomp: answer.Seccomp()})
	name := string(s.knowledge.Name)
	s.vc.Status.Runtime = &v1alpha1.RuntimeStatus{Servers: name}
	if len(s.vc.Spec.Pools) > 0 {
		s.vc.Status.Runtime.Pools = name
	}
	s.yes(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonReady,
		fmt.Sprintf("%d/%d nodes of the host offer runtime %q", len(answer.Capable()), len(answer.Nodes), name))
}

// combine says in one why no runtime can be used.
func combine(asked v1alpha1.RuntimeProfile, refusals []*stop) *stop {
	if len(refusals) == 0 {
		return stall(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonInvalidSpec,
			"spec.runtime.profile %q is not known to this controller; leave it out", asked)
	}
	words := make([]string, 0, len(refusals))
	for _, r := range refusals {
		words = append(words, r.message)
	}
	return wait(v1alpha1.ConditionRuntimeReady, refusals[0].reason, "%s", strings.Join(words, "; "))
}

// remedy adds to the words with which a pod was refused what can be done.
func (s *Scope) remedy(words string) string {
	if strings.Contains(words, "PodSecurity") && s.knowledge.PodSecurity.Level != "" {
		return fmt.Sprintf("%s; node pods need Pod Security level %q (%s): label the namespace %s=%s, or use another one",
			words, s.knowledge.PodSecurity.Level, s.knowledge.PodSecurity.Reason, profile.LabelEnforce, s.knowledge.PodSecurity.Level)
	}
	return words
}
