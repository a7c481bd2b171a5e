package virtualcluster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	runtimeprobe "github.com/vclusterctl/vclusterctl/runtime/probe"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// tellRuntime says what groups run under, or why some of them cannot be made.
// Where all ask for the same, nobody is named.
func (s *Scope) tellRuntime() {
	s.runtimeStop = nil
	var said, refused, awaited []string
	for _, c := range s.choices {
		if c.stop == nil {
			said = append(said, s.prefix(c)+s.offers(c))
			if c.awaiting != "" {
				awaited = append(awaited, s.prefix(c)+c.awaiting)
			}
			continue
		}
		c.stop.message = s.prefix(c) + c.stop.message
		refused = append(refused, c.stop.message)
		if s.runtimeStop == nil || weightOf(c.stop) > weightOf(s.runtimeStop) {
			s.runtimeStop = c.stop
		}
	}
	switch {
	case s.runtimeStop == nil && len(awaited) > 0:
		s.no(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonAwaitingNode, strings.Join(awaited, "; "))
	case s.runtimeStop == nil:
		s.yes(v1alpha1.ConditionRuntimeReady, v1alpha1.ReasonReady, strings.Join(said, "; "))
	default:
		all := *s.runtimeStop
		all.message = strings.Join(refused, "; ")
		s.runtimeStop = &all
		s.no(v1alpha1.ConditionRuntimeReady, all.reason, all.message)
	}
	s.nameRuntimes()
}

// weightOf says which of several stops gives its reason to all: one that only the
// user can end, or else one that a probe may, because probes are made for clusters
// that say so.
func weightOf(s *stop) int {
	switch {
	case s.kind == stalled:
		return 2
	case runtimeprobe.IsAwaited(s.reason):
		return 1
	default:
		return 0
	}
}

// prefix names the groups of a choice where there are others.
func (s *Scope) prefix(c *choice) string {
	if len(s.choices) == 1 {
		return ""
	}
	var who, pools []string
	for _, g := range c.groups {
		if g.Name == cluster.ServerGroup {
			who = append(who, "servers")
		} else {
			pools = append(pools, fmt.Sprintf("%q", g.Name))
		}
	}
	switch {
	case len(pools) == 1:
		who = append(who, "pool "+pools[0])
	case len(pools) > 1:
		who = append(who, "pools "+strings.Join(pools, ", "))
	}
	return strings.Join(who, " and ") + ": "
}

// nameRuntimes writes the profiles into the status. While none is known, what it
// says stays.
func (s *Scope) nameRuntimes() {
	servers := s.runtimeName(cluster.Servers(s.vc.Spec))
	var pools []string
	for _, g := range cluster.Pools(s.vc.Spec) {
		if name := s.runtimeName(g); name != "" && !slices.Contains(pools, name) {
			pools = append(pools, name)
		}
	}
	if servers == "" && len(pools) == 0 {
		return
	}
	now := v1alpha1.RuntimeStatus{Servers: servers, Pools: strings.Join(pools, ",")}
	now.Summary = now.Servers
	if now.Pools != "" && now.Pools != now.Servers {
		now.Summary = strings.TrimPrefix(now.Servers+"/"+now.Pools, "/")
	}
	s.vc.Status.Runtime = &now
}

// runtimeName is the profile of a group: the one chosen, or while none can be,
// the one that its nodes have.
func (s *Scope) runtimeName(g cluster.Group) string {
	if c := s.choiceOf(g.Name); c != nil && c.stop == nil {
		return string(c.knowledge.Name)
	}
	set := s.children.statefulSets[cluster.GroupName(s.vc.Name, g.Name)]
	if set == nil {
		return ""
	}
	if p := s.runtimeOf(&set.Spec.Template.Spec); p != nil {
		return string(p.Knowledge().Name)
	}
	return ""
}

// choiceOf is what was chosen for a group, nil before that.
func (s *Scope) choiceOf(group string) *choice {
	i := slices.IndexFunc(s.choices, func(c *choice) bool { return c.has(group) })
	if i < 0 {
		return nil
	}
	return s.choices[i]
}

// shapeOf is what the pods of a group look like under the runtime chosen.
func (s *Scope) shapeOf(g cluster.Group) profile.PodShape {
	if c := s.choiceOf(g.Name); c != nil {
		return c.shape
	}
	return profile.PodShape{}
}

// noRuntime says why a group cannot be made. One that is there follows the spec
// with or without a runtime, and of a new cluster nothing is made while any of
// its groups has none.
func (s *Scope) noRuntime(g cluster.Group) error {
	if s.children.statefulSets[cluster.GroupName(s.vc.Name, g.Name)] != nil {
		return nil
	}
	if len(s.children.statefulSets) == 0 && s.runtimeStop != nil {
		return s.runtimeStop
	}
	if c := s.choiceOf(g.Name); c != nil && c.stop != nil {
		return c.stop
	}
	return nil
}

// remedy adds to the words with which a pod of a group was refused what can be
// done.
func (s *Scope) remedy(group, words string) string {
	c := s.choiceOf(group)
	if c == nil || !strings.Contains(words, "PodSecurity") || c.knowledge.PodSecurity.Level == "" {
		return words
	}
	needs := c.knowledge.PodSecurity
	return fmt.Sprintf("%s; node pods need Pod Security level %q (%s): label the namespace %s=%s, or use another one%s",
		words, needs.Level, needs.Reason, profile.LabelEnforce, needs.Level, s.fitting(words))
}
