package virtualcluster

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/report"
	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// Names of the facts of isolation.
const (
	factPrivileged     = "privileged"
	factUserNamespace  = "userNamespace"
	factHostNamespaces = "hostNamespaces"
	factHostPaths      = "hostPaths"
	factToken          = "serviceAccountToken"
	factCapabilities   = "capabilities"
	factSeccomp        = "seccompProfile"
	factProcMount      = "procMount"
	factUIDMap         = "uidMap"
	factGIDMap         = "gidMap"
	factSeccompMode    = "seccompMode"
	factNoNewPrivs     = "noNewPrivs"
	factKernel         = "kernel"
)

const none = "none"

// seccompFacts may fail without breaking the isolation: the user namespace and
// the capabilities still hold.
var seccompFacts = []string{factSeccomp, factSeccompMode, probed(finding.Seccomp)}

// prove gathers the facts of isolation of all node pods: from the pods as the
// host admitted them, which no tenant can touch, and from what the guests found
// before a tenant could be there.
func prove(s *Scope) error {
	held := s.vc.Status.Isolation
	facts := &ledger{}
	silent := 0
	pods := s.livingPods()
	for i := range pods {
		p := &pods[i]
		own := s.hasOwnKernel(p)
		facts.add(p, hostFacts(p, own))
		facts.add(p, s.probeFacts(p))
		if snapshot, ok := s.reports[p.UID]; ok {
			facts.add(p, guestFacts(snapshot.Facts, own))
			facts.add(p, s.kernelFacts(p, snapshot.Facts, own))
		} else {
			silent++
		}
	}
	found := s.remember(held, facts.list)
	if silent > 0 && s.settling {
		found = keepGuest(held, found)
	}
	s.vc.Status.Isolation = found
	s.judgeIsolation(len(pods), silent)
	return nil
}

// ledger merges facts about several pods: of each, the worst is kept.
type ledger struct{ list []v1alpha1.IsolationFact }

func (l *ledger) add(p *corev1.Pod, facts []v1alpha1.IsolationFact) {
	for _, f := range facts {
		i := slices.IndexFunc(l.list, func(o v1alpha1.IsolationFact) bool { return o.Name == f.Name })
		switch {
		case i < 0:
			if !f.Holds {
				f.Value = p.Name + ": " + f.Value
			}
			l.list = append(l.list, f)
		case l.list[i].Holds && !f.Holds:
			f.Value = p.Name + ": " + f.Value
			l.list[i] = f
		}
	}
}

// remember keeps a bad word of a guest that the status holds, while a pod is
// there that it can be about: after a restart of the controller the first
// report seen is not the first of the boot.
func (s *Scope) remember(held, found []v1alpha1.IsolationFact) []v1alpha1.IsolationFact {
	since := s.condition(v1alpha1.ConditionIsolated).LastTransitionTime
	older := slices.ContainsFunc(s.pods, func(p corev1.Pod) bool { return p.CreationTimestamp.Before(&since) })
	for _, f := range held {
		i := slices.IndexFunc(found, func(o v1alpha1.IsolationFact) bool { return o.Name == f.Name })
		switch {
		case f.Source != v1alpha1.SourceGuest || f.Holds || !older:
		case i < 0:
			found = append(found, f)
		case found[i].Holds:
			found[i] = f
		}
	}
	return found
}

// keepGuest keeps what guests said before, while they have not been asked again.
func keepGuest(held, found []v1alpha1.IsolationFact) []v1alpha1.IsolationFact {
	for _, f := range held {
		known := slices.ContainsFunc(found, func(o v1alpha1.IsolationFact) bool { return o.Name == f.Name })
		if f.Source == v1alpha1.SourceGuest && !known {
			found = append(found, f)
		}
	}
	return found
}

func (s *Scope) judgeIsolation(pods, silent int) {
	var broken, noSeccomp []string
	for _, f := range s.vc.Status.Isolation {
		switch {
		case f.Holds:
		case slices.Contains(seccompFacts, f.Name):
			noSeccomp = append(noSeccomp, f.Name+"="+f.Value)
		default:
			broken = append(broken, f.Name+"="+f.Value)
		}
	}
	const condition = v1alpha1.ConditionIsolated
	switch {
	case pods == 0:
		s.unknown(condition, v1alpha1.ReasonPending, "no node pod exists yet")
	case len(broken) > 0:
		s.no(condition, v1alpha1.ReasonViolated, "the node pods are not isolated: "+strings.Join(broken, ", ")+
			"; something in the host changed them, for example an admission webhook")
	case silent > 0 && s.settling && s.known(condition):
		s.comeBack(settlingTime)
	case silent > 0:
		s.unknown(condition, v1alpha1.ReasonNotProven, fmt.Sprintf(
			"the pods are unprivileged as admitted; waiting for %s to report what it found inside", count(silent, "node")))
	case len(noSeccomp) > 0:
		s.no(condition, v1alpha1.ReasonSeccompOff, "the node pods run without a seccomp profile ("+strings.Join(noSeccomp, ", ")+")"+s.seccompRemedy())
	default:
		s.yes(condition, v1alpha1.ReasonProven, fmt.Sprintf("%s proven unprivileged, by the host and from within", are(pods, "node pod"))+s.openNodes())
	}
}

// openNodes says that the fence around the pods has a gap.
func (s *Scope) openNodes() string {
	if s.host.ClosesNodes() {
		return ""
	}
	return fmt.Sprintf("; the host has more than %d nodes, whose own addresses they can reach", cluster.MaxClosedNodes)
}

// seccompRemedy says how pods get the profile.
func (s *Scope) seccompRemedy() string {
	var p *profile.Seccomp
	for _, c := range s.choices {
		p = cmp.Or(p, c.knowledge.Seccomp)
	}
	if p == nil {
		return ""
	}
	return fmt.Sprintf("; put the profile %q on the nodes of the host, label them %s=%s, and delete the pods, which are made anew with it",
		p.LocalhostProfile, p.NodeLabel, p.NodeLabelValue)
}

// hasOwnKernel says whether a pod was admitted under a runtime that gives it a
// kernel of its own.
func (s *Scope) hasOwnKernel(p *corev1.Pod) bool {
	under := s.runtimeOf(&p.Spec)
	return under != nil && under.Knowledge().OwnKernel
}

// hostFacts are what the admitted pod says. With a kernel of its own it needs no
// user namespace: what it may do, it may do there.
func hostFacts(p *corev1.Pod, own bool) []v1alpha1.IsolationFact {
	spec := &p.Spec
	privileged, caps, seccomp, proc := securityOf(spec)
	spaces, paths, token := hostNamespaces(spec), hostPaths(spec), tokens(spec)
	userns, how := usernsOf(p, own)
	return []v1alpha1.IsolationFact{
		hostFact(factPrivileged, fmt.Sprint(privileged), !privileged),
		hostFact(factUserNamespace, how, userns),
		hostFact(factHostNamespaces, orNone(spaces), len(spaces) == 0),
		hostFact(factHostPaths, orNone(paths), len(paths) == 0),
		hostFact(factToken, orNone(token), len(token) == 0),
		// Capabilities and an unmasked /proc reach no further than the user
		// namespace.
		hostFact(factCapabilities, orNone(caps), userns),
		hostFact(factProcMount, proc, userns),
		hostFact(factSeccomp, seccomp, own || seccomp != string(corev1.SeccompProfileTypeUnconfined)),
	}
}

// usernsOf says whether, and in which words, a pod is kept off the ids of its
// host.
func usernsOf(p *corev1.Pod, own bool) (bool, string) {
	switch {
	case p.Spec.HostUsers != nil && !*p.Spec.HostUsers:
		return true, "true"
	case own:
		return true, "not needed: a kernel of its own"
	case profile.AsksCRIO(p.Annotations):
		return true, "asked of CRI-O"
	default:
		return false, "false"
	}
}

func hostFact(name, value string, holds bool) v1alpha1.IsolationFact {
	return v1alpha1.IsolationFact{Name: name, Value: cut(value, maxQuoted), Source: v1alpha1.SourceHost, Holds: holds}
}

// securityOf sums up the security contexts of all containers of a pod.
func securityOf(spec *corev1.PodSpec) (privileged bool, caps []string, seccomp, proc string) {
	seccomp, proc = profileOf(nil), string(corev1.DefaultProcMount)
	if spec.SecurityContext != nil {
		seccomp = profileOf(spec.SecurityContext.SeccompProfile)
	}
	for _, c := range securityContexts(spec) {
		privileged = privileged || ptr.Deref(c.Privileged, false)
		if c.Capabilities != nil {
			for _, add := range c.Capabilities.Add {
				caps = append(caps, string(add))
			}
		}
		if c.SeccompProfile != nil {
			seccomp = profileOf(c.SeccompProfile)
		}
		if c.ProcMount != nil {
			proc = string(*c.ProcMount)
		}
	}
	slices.Sort(caps)
	return privileged, slices.Compact(caps), seccomp, proc
}

func securityContexts(spec *corev1.PodSpec) []*corev1.SecurityContext {
	var out []*corev1.SecurityContext
	for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
		if c.SecurityContext != nil {
			out = append(out, c.SecurityContext)
		}
	}
	for _, c := range spec.EphemeralContainers {
		if c.SecurityContext != nil {
			out = append(out, c.SecurityContext)
		}
	}
	return out
}

// profileOf names a seccomp profile; none set means unconfined, unless the
// kubelet is told otherwise, which nobody here can see.
func profileOf(p *corev1.SeccompProfile) string {
	switch {
	case p == nil:
		return string(corev1.SeccompProfileTypeUnconfined)
	case p.LocalhostProfile != nil:
		return string(p.Type) + " " + *p.LocalhostProfile
	default:
		return string(p.Type)
	}
}

func hostNamespaces(spec *corev1.PodSpec) []string {
	var out []string
	for name, shared := range map[string]bool{"network": spec.HostNetwork, "pid": spec.HostPID, "ipc": spec.HostIPC} {
		if shared {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func hostPaths(spec *corev1.PodSpec) []string {
	var out []string
	for _, v := range spec.Volumes {
		if v.HostPath != nil {
			out = append(out, v.HostPath.Path)
		}
	}
	return out
}

// tokens names the volumes that hold a token of the host's API.
func tokens(spec *corev1.PodSpec) []string {
	var out []string
	for _, v := range spec.Volumes {
		if v.Projected == nil {
			continue
		}
		for _, source := range v.Projected.Sources {
			if source.ServiceAccountToken != nil {
				out = append(out, v.Name)
			}
		}
	}
	return out
}

// guestFacts are what the node found about itself.
func guestFacts(f guestapi.Facts, own bool) []v1alpha1.IsolationFact {
	fact := func(name, value string, holds bool) v1alpha1.IsolationFact {
		return v1alpha1.IsolationFact{Name: name, Value: cut(value, maxQuoted), Source: v1alpha1.SourceGuest, Holds: holds}
	}
	return []v1alpha1.IsolationFact{
		fact(factUIDMap, strings.Join(f.UIDMap, ", "), own || !report.MapsToRoot(f.UIDMap)),
		fact(factGIDMap, strings.Join(f.GIDMap, ", "), own || !report.MapsToRoot(f.GIDMap)),
		fact(factSeccompMode, f.SeccompMode, own || f.SeccompMode == report.SeccompFilter),
		// A node cannot have this one, because SYS_ADMIN rules it out; the
		// user namespace is what holds.
		fact(factNoNewPrivs, fmt.Sprint(f.NoNewPrivs), true),
	}
}

// kernelFacts are for a node that should have a kernel of its own: it is not that
// of the host's node.
func (s *Scope) kernelFacts(p *corev1.Pod, f guestapi.Facts, own bool) []v1alpha1.IsolationFact {
	node := s.hostNode(p.Spec.NodeName)
	if !own || node == nil {
		return nil
	}
	other := f.Kernel != "" && f.Kernel != node.Status.NodeInfo.KernelVersion
	return []v1alpha1.IsolationFact{{Name: factKernel, Value: cut(f.Kernel, maxQuoted), Source: v1alpha1.SourceGuest, Holds: other}}
}

func orNone(items []string) string {
	if len(items) == 0 {
		return none
	}
	return strings.Join(items, " ")
}
