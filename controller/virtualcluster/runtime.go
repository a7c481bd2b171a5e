package virtualcluster

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// chooseRuntime finds the runtime of the node pods and the nodes that offer it.
// It stops nothing itself: what needs no pod goes on, and servers stop.
func chooseRuntime(s *Scope) error {
	var refusals []*stop
	for _, p := range s.candidates() {
		refusal := s.tryRuntime(p)
		if refusal == nil {
			return nil
		}
		refusals = append(refusals, refusal)
	}
	s.runtimeStop = combine(s.vc.Spec.Runtime.Profile, refusals)
	s.no(v1alpha1.ConditionRuntimeReady, s.runtimeStop.reason, s.runtimeStop.message)
	return nil
}

// candidates are the profiles that the spec lets us choose from.
//
// "auto" was meant to take the strongest that a probe has proven on a node.
// There are no probes yet, so it takes the strongest of those for which a node's
// own word is enough, and no other, whatever nodes offer: Sysbox where a node's
// handler says that it has user namespaces, else userns. A cluster keeps what it
// was made with: a runtime that appears on the host later changes no nodes that
// are there.
func (s *Scope) candidates() []profile.Profile {
	asked := s.vc.Spec.Runtime.Profile
	auto := asked == "" || asked == v1alpha1.RuntimeAuto
	if held := s.heldRuntime(); auto && held != nil {
		return []profile.Profile{held}
	}
	return slices.DeleteFunc(slices.Clone(s.profiles), func(p profile.Profile) bool {
		if auto {
			return p.Knowledge().OnlyByName != ""
		}
		return p.Knowledge().Name != asked
	})
}

// heldRuntime is the profile that the servers have, nil if there are none or it
// is none of ours.
func (s *Scope) heldRuntime() profile.Profile {
	set := s.children.statefulSets[cluster.GroupName(s.vc.Name, cluster.ServerGroup)]
	if set == nil {
		return nil
	}
	return s.runtimeOf(&set.Spec.Template.Spec)
}

// runtimeOf is the profile that a pod was made under, nil if it is none of ours.
func (s *Scope) runtimeOf(spec *corev1.PodSpec) profile.Profile {
	i := slices.IndexFunc(s.profiles, func(p profile.Profile) bool {
		return spec.RuntimeClassName != nil && p.Knowledge().ClassName == *spec.RuntimeClassName
	})
	if i < 0 {
		return nil
	}
	return s.profiles[i]
}

// tryRuntime settles on a profile if the host offers it and it takes the nodes
// that the cluster is to have.
func (s *Scope) tryRuntime(p profile.Profile) *stop {
	k := p.Knowledge()
	if refusal := s.fitsRuntime(k); refusal != nil {
		return refusal
	}
	class := s.runtimeClasses[k.ClassName]
	if class == nil {
		return wait(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonRuntimeClassMissing,
			"RuntimeClass %q of runtime %q is missing; %s", k.ClassName, k.Name, classRemedy(k))
	}
	question, err := s.question(class)
	if err != nil {
		return wait(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonRuntimeClassInvalid, "RuntimeClass %q: %v", k.ClassName, err)
	}
	answer := p.Ask(question)
	if len(answer.Capable()) == 0 {
		return wait(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonNoCapableNode,
			"no node offers runtime %q: %s", k.Name, answer.Message())
	}
	// Where nodes have the profile's seccomp profile, pods run on those only.
	s.useRuntime(k, p.PodShape(profile.PodOptions{Seccomp: answer.Seccomp(), UserNamespace: question.UserNamespace}), answer)
	return nil
}

// question is what to find out about the nodes for pods of a RuntimeClass.
func (s *Scope) question(class *nodev1.RuntimeClass) (profile.Question, error) {
	by, err := profile.UserNamespaceOf(class.Annotations)
	q := profile.Question{Nodes: s.nodes, Handler: class.Handler, UserNamespace: by}
	if class.Scheduling != nil {
		q.NodeSelector = class.Scheduling.NodeSelector
	}
	return q, err
}

// classRemedy says who makes a RuntimeClass: the installer makes those that
// "auto" can take.
func classRemedy(k profile.Knowledge) string {
	if k.OnlyByName == "" {
		return "vclusterctl install makes it"
	}
	return fmt.Sprintf("the chart makes it with runtimeClasses.%s=true", k.Name)
}

// fitsRuntime refuses nodes that a runtime does not support.
func (s *Scope) fitsRuntime(k profile.Knowledge) *stop {
	for i, g := range s.groups() {
		field := "spec.servers"
		if i > 0 {
			field = fmt.Sprintf("spec.pools[%d]", i-1)
		}
		for _, l := range k.Refusals(s.nodesOf(g)) {
			return stall(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonRuntimeUnsupported,
				"%s cannot run under runtime %q: %s", field, k.Name, l)
		}
	}
	return nil
}

// nodesOf are the nodes of a group as a runtime sees them. All nodes run pods:
// there are no servers without a kubelet.
func (s *Scope) nodesOf(g cluster.Group) profile.Nodes {
	return profile.Nodes{
		Distro:    s.input.Resolved.Distro,
		Workers:   true,
		Ephemeral: g.Ephemeral(),
		Resources: g.Resources,
	}
}

func (s *Scope) useRuntime(k profile.Knowledge, shape profile.PodShape, answer profile.Answer) {
	s.knowledge, s.shape = k, shape
	name := string(k.Name)
	s.vc.Status.Runtime = &v1alpha1.RuntimeStatus{Servers: name}
	if len(s.vc.Spec.Pools) > 0 {
		s.vc.Status.Runtime.Pools = name
	}
	s.yes(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonReady,
		fmt.Sprintf("%d/%d nodes of the host offer runtime %q", len(answer.Capable()), len(answer.Nodes), name))
}

// combine says in one why no runtime can be used. What asks least of the host
// comes first: it is the nearest to be had.
func combine(asked v1alpha1.RuntimeProfile, refusals []*stop) *stop {
	switch len(refusals) {
	case 0:
		return stall(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonInvalidSpec,
			"spec.runtime.profile %q is not known to this controller; leave it out", asked)
	case 1:
		return refusals[0]
	}
	words := make([]string, 0, len(refusals))
	for _, r := range slices.Backward(refusals) {
		words = append(words, r.message)
	}
	return wait(v1alpha1.ConditionRuntimeReady, refusals[len(refusals)-1].reason, "%s", strings.Join(words, "; "))
}

// remedy adds to the words with which a pod was refused what can be done.
func (s *Scope) remedy(words string) string {
	if strings.Contains(words, "PodSecurity") && s.knowledge.PodSecurity.Level != "" {
		return fmt.Sprintf("%s; node pods need Pod Security level %q (%s): label the namespace %s=%s, or use another one",
			words, s.knowledge.PodSecurity.Level, s.knowledge.PodSecurity.Reason, profile.LabelEnforce, s.knowledge.PodSecurity.Level)
	}
	return words
}
