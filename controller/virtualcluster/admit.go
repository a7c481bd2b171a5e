package virtualcluster

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// maxNameLength bounds the name of a StatefulSet: its pods carry it, a dash, a
// hash of ten characters in a label of at most 63.
const maxNameLength = 52

// check says whether something about a cluster is refused, and in which words.
type check func(*Scope) *stop

// admissions are asked in order; the first that refuses is what the user sees.
var admissions = []check{
	checkNames,    // children of this name can exist
	checkForeign,  // and nothing of somebody else's is there
	checkImage,    // the administrator allows the image
	checkConfig,   // and the raw settings
	checkNetwork,  // and what is reached outside
	checkPriority, // and system priorities
	checkClass,    // and RuntimeClasses that are not ours
}

// admit refuses what must not go on, before anything is made.
func admit(s *Scope) error {
	for _, c := range admissions {
		if stop := c(s); stop != nil {
			return stop
		}
	}
	return nil
}

// checkNames repeats what the CRD says, for objects older than its rules.
func checkNames(s *Scope) *stop {
	if errs := validation.IsDNS1035Label(s.vc.Name); len(errs) > 0 {
		return stall(v1alpha1.ConditionReady, v1alpha1.ReasonInvalidSpec,
			"metadata.name %q is no valid name for Services: %s; create the cluster under another name", s.vc.Name, errs[0])
	}
	for _, g := range s.groups() {
		if name := cluster.GroupName(s.vc.Name, g.Name); len(name) > maxNameLength {
			return stall(v1alpha1.ConditionReady, v1alpha1.ReasonInvalidSpec,
				"the name %q of group %q is longer than %d characters; shorten the name of the pool, or create the cluster under a shorter name",
				name, g.Name, maxNameLength)
		}
	}
	return nil
}

func checkForeign(s *Scope) *stop {
	if len(s.foreign) == 0 {
		return nil
	}
	f := s.foreign[0]
	if f.leaving {
		return wait(v1alpha1.ConditionReady, v1alpha1.ReasonNameConflict,
			"waiting for %s %q of %s to be deleted", f.kind, f.name, f.owner).again()
	}
	return stall(v1alpha1.ConditionReady, v1alpha1.ReasonNameConflict,
		"%s %q exists and belongs to %s; it is left alone: delete or rename it, or create the cluster under another name",
		f.kind, f.name, f.owner).again()
}

func checkImage(s *Scope) *stop {
	image := s.vc.Spec.Image
	if image == "" || s.policy.allowsImage(image) {
		return nil
	}
	return stall(v1alpha1.ConditionReady, v1alpha1.ReasonForbidden,
		"spec.image %q is not allowed (%s); leave it out, or ask the administrator to allow it with the controller's --allow-image",
		image, describe("image", s.policy.AllowedImages))
}

// checkConfig repeats what the CRD says of the keys, for objects older than its
// rules, and asks whether raw settings are allowed at all.
func checkConfig(s *Scope) *stop {
	if refused := v1alpha1.RefusedConfigKeys(s.vc.Spec.Config); len(refused) > 0 {
		return stall(v1alpha1.ConditionReady, v1alpha1.ReasonReservedConfig,
			"spec.config cannot have the keys %s: they are neither COMPONENT.FLAG nor a key of K3s, or the product sets the flag; remove them", list(refused))
	}
	if own := v1alpha1.K3sConfigKeys(s.vc.Spec.Config); len(own) > 0 && s.vc.Spec.Distro != v1alpha1.DistroK3s {
		return stall(v1alpha1.ConditionReady, v1alpha1.ReasonReservedConfig,
			"spec.config cannot have the keys %s, which only K3s knows; write COMPONENT.FLAG, or create the cluster with spec.distro k3s", list(own))
	}
	if len(s.vc.Spec.Config) > 0 && !s.policy.AllowConfig {
		return stall(v1alpha1.ConditionReady, v1alpha1.ReasonForbidden,
			"spec.config is not allowed; remove it, or ask the administrator to allow it with the controller's --allow-config")
	}
	return nil
}

// checkNetwork asks about every destination: a policy of the host may keep the
// namespace off it, and the cluster's own would open it.
func checkNetwork(s *Scope) *stop {
	for i, rule := range s.vc.Spec.Network.Allow {
		if s.policy.allowsNetwork(rule.CIDR) {
			continue
		}
		return stall(v1alpha1.ConditionReady, v1alpha1.ReasonForbidden,
			"spec.network.allow[%d].cidr %q is not allowed (%s); remove it, or ask the administrator to allow it with the controller's --allow-network",
			i, rule.CIDR, s.policy.describeNetworks())
	}
	return nil
}

// systemPriority begins the names of the classes that Kubernetes keeps for
// itself: their pods push others off a node.
const systemPriority = "system-"

func checkPriority(s *Scope) *stop {
	if s.policy.AllowSystemPriority {
		return nil
	}
	spec := s.vc.Spec
	field, class := "spec.servers.priorityClassName", spec.Servers.PriorityClassName
	for i := 0; i < len(spec.Pools) && !strings.HasPrefix(class, systemPriority); i++ {
		field, class = fmt.Sprintf("spec.pools[%d].priorityClassName", i), spec.Pools[i].PriorityClassName
	}
	if !strings.HasPrefix(class, systemPriority) {
		return nil
	}
	return stall(v1alpha1.ConditionReady, v1alpha1.ReasonForbidden,
		"%s %q is not allowed; choose another PriorityClass, or ask the administrator to allow it with the controller's --allow-system-priority",
		field, class)
}

// checkClass asks about every RuntimeClass with a name that is not the profile's
// own: what stands behind it is the site's to know.
func checkClass(s *Scope) *stop {
	for _, c := range s.askings() {
		class := c.asked.ClassName
		switch {
		case class == "":
		case c.asked.Profile == v1alpha1.RuntimeAuto: // older than the CRD's rule
			return stall(v1alpha1.ConditionReady, v1alpha1.ReasonInvalidSpec,
				"%s.className %q needs the profile beside it, because what pods of that class look like depends on it; set %[1]s.profile, or leave the class out", c.field, class)
		case !s.isOwnClass(c.asked) && !s.policy.allowsClass(class):
			return stall(v1alpha1.ConditionReady, v1alpha1.ReasonForbidden,
				"%s.className %q is not allowed (%s); leave it out, or ask the administrator to allow it with the controller's --allow-runtime-class",
				c.field, class, describe("RuntimeClass", s.policy.AllowedRuntimeClasses))
		}
	}
	return nil
}

// isOwnClass says whether a class is the one that its profile has anyway.
func (s *Scope) isOwnClass(asked v1alpha1.Runtime) bool {
	return slices.ContainsFunc(s.profiles, func(p profile.Profile) bool {
		k := p.Knowledge()
		return k.Name == asked.Profile && k.ClassName == asked.ClassName
	})
}

// Policy is what the administrator allows beyond what a VirtualCluster needs.
// Whoever may create one must not gain what they could not do before.
type Policy struct {
	// AllowedImages are patterns of the image references that spec.image may
	// have. A "*" stands for any characters but "/", at the end of a pattern
	// for any at all.
	AllowedImages []string
	// AllowConfig lets spec.config set raw flags of the components inside.
	AllowConfig bool
	// AllowNetwork are the ranges that destinations in spec.network.allow must
	// be inside of.
	AllowNetwork []netip.Prefix
	// AllowedRuntimeClasses are patterns, as those of images, of the
	// RuntimeClasses that a runtime.className may name.
	AllowedRuntimeClasses []string
	// AllowSystemPriority lets node pods have the PriorityClasses that
	// Kubernetes keeps for itself.
	AllowSystemPriority bool
}

func (p Policy) allowsNetwork(cidr string) bool {
	asked, err := netip.ParsePrefix(cidr)
	return err == nil && slices.ContainsFunc(p.AllowNetwork, func(allowed netip.Prefix) bool {
		return allowed.Bits() <= asked.Bits() && allowed.Contains(asked.Addr())
	})
}

func (p Policy) describeNetworks() string {
	if len(p.AllowNetwork) == 0 {
		return "no destination is"
	}
	ranges := make([]string, 0, len(p.AllowNetwork))
	for _, allowed := range p.AllowNetwork {
		ranges = append(ranges, allowed.String())
	}
	return "allowed: " + list(ranges)
}

func (p Policy) allowsImage(image string) bool { return matches(p.AllowedImages, image) }

func (p Policy) allowsClass(name string) bool { return matches(p.AllowedRuntimeClasses, name) }

// matches says whether a name is one that any pattern is for.
func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if prefix, ok := strings.CutSuffix(pattern, "*"); ok && !strings.Contains(prefix, "*") {
			return strings.HasPrefix(name, prefix)
		}
		ok, err := path.Match(pattern, name)
		return err == nil && ok
	})
}

// describe says which of a kind of things are allowed.
func describe(kind string, patterns []string) string {
	if len(patterns) == 0 {
		return "no " + kind + " is"
	}
	return "allowed: " + list(patterns)
}

// list joins what a message names.
func list(items []string) string {
	if len(items) == 0 {
		return "none"
	}
	quoted := make([]string, 0, len(items))
	for _, i := range items {
		quoted = append(quoted, fmt.Sprintf("%q", i))
	}
	return strings.Join(quoted, ", ")
}
