package hostcheck

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/version"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// support says whether a runtime can carry whole clusters.
func support(_ *facts, w *way) []doctor.Finding {
	l, outcome := w.limit, doctor.Warning
	switch {
	case len(w.refusals) > 0:
		l, outcome = w.refusals[0], doctor.Problem
	case !w.alone:
		return nil
	}
	why := l.Why
	if l.Issue != "" {
		why += ", " + l.Issue
	}
	return one(doctor.Finding{
		Group: w.group(), Check: checkSupport, Outcome: outcome, Found: fmt.Sprintf("%s (%s)", l.What, why),
		Needed: "a runtime that carries nodes of both kinds, unless servers are all that is wanted of it", Fix: l.Remedy,
	})
}

func runtimeClass(f *facts, w *way) []doctor.Finding {
	needed := "RuntimeClass " + w.ClassName
	switch {
	case f.Classes.Err != nil:
		return unseen(w.group(), checkClass, f.Classes.Err)
	case w.class == nil:
		fix := f.Own("install")
		if !w.auto() {
			fix = installRuntime(f, w, nil) + ", which makes it too"
		}
		return one(doctor.Finding{Group: w.group(), Check: checkClass, Outcome: doctor.Warning, Found: "not there yet", Needed: needed, Fix: fix})
	case w.invalid != nil:
		return one(doctor.Finding{
			Group: w.group(), Check: checkClass, Outcome: doctor.Problem, Found: w.invalid.Error(), Needed: needed,
			Fix: f.Kubectl("annotate", "runtimeclass", w.ClassName, wrongAnnotation(w.class.Annotations)+"-"),
		})
	}
	return one(well(w.group(), checkClass, fmt.Sprintf("%s, for handler %s", w.class.Name, w.class.Handler)))
}

// wrongAnnotation is the one of a RuntimeClass that says something odd.
func wrongAnnotation(annotations map[string]string) string {
	if _, err := profile.UserNamespaceOf(annotations); err != nil {
		return profile.AnnotationUserNamespace
	}
	if _, err := profile.WritableCgroupOf(annotations); err != nil {
		return profile.AnnotationWritableCgroup
	}
	return profile.AnnotationAwaitNodes
}

// reason is what a reason of a profile's is about, and the command that mends it
// where there is one. The profile's own words are the remedy otherwise.
type reason struct {
	check string
	fix   func(f *facts, w *way, nodes []string) string
}

var reasons = map[string]reason{
	profile.ReasonNotLinux:          {check: checkOS},
	profile.ReasonForeignHandler:    {check: checkClass},
	profile.ReasonNotSelected:       {check: checkLabels},
	profile.ReasonKubeletTooOld:     {check: checkKubeletAge},
	profile.ReasonKernelTooOld:      {check: checkKernel},
	profile.ReasonContainerdTooOld:  {check: checkRuntime},
	profile.ReasonOtherRuntime:      {check: checkRuntime},
	profile.ReasonHandlerMissing:    {check: checkHandler, fix: installRuntime},
	profile.ReasonFeaturesNotStated: {check: checkUserns},
	profile.ReasonNoUserNamespaces:  {check: checkUserns},
}

// nodeProblems are what nodes lack, as the profile says it. Where others have it
// all, that is worth knowing and no more.
func nodeProblems(f *facts, w *way) []doctor.Finding {
	outcome := doctor.Problem
	if len(w.nodes) > 0 {
		outcome = doctor.Warning
	}
	var all []doctor.Finding
	for _, n := range w.answer.Nodes {
		for _, p := range n.Problems {
			found, remedy := split(p.Message)
			all = append(all, doctor.Finding{
				Group: w.group(), Check: reasons[p.Reason].check, Outcome: outcome, Found: found, Fix: remedy, Nodes: []string{n.Node},
			})
		}
	}
	all = doctor.PerNode(all)
	for i := range all {
		all[i].Fix = w.command(f, all[i])
	}
	return all
}

// command joins the command that mends a problem and the profile's own words. Of
// userns it does all of it; the programs of the others have to be there before.
func (w *way) command(f *facts, x doctor.Finding) string {
	for _, r := range reasons {
		if r.check == x.Check && r.fix != nil {
			if w.Name != v1alpha1.RuntimeUserns {
				return x.Fix + "; then: " + r.fix(f, w, x.Nodes)
			}
			return r.fix(f, w, x.Nodes) + ", which does this: " + x.Fix
		}
	}
	return x.Fix
}

// installRuntime prepares nodes.
func installRuntime(f *facts, w *way, _ []string) string {
	return f.Own("runtime", "install", string(w.Name))
}

// split parts the message of a profile's problem into what is wrong and the
// remedy.
func split(message string) (found, remedy string) {
	found, remedy, _ = strings.Cut(message, ": ")
	return found, remedy
}

// told are the versions that nodes tell, by what they are of.
var told = []struct {
	of, check string
	value     func(*corev1.Node) string
}{
	{profile.Kubernetes, checkKubeletAge, func(n *corev1.Node) string { return n.Status.NodeInfo.KubeletVersion }},
	{profile.Kernel, checkKernel, func(n *corev1.Node) string { return n.Status.NodeInfo.KernelVersion }},
	{profile.Containerd, checkRuntime, func(n *corev1.Node) string {
		return strings.Replace(n.Status.NodeInfo.ContainerRuntimeVersion, "://", " ", 1)
	}},
}

// nodeStrengths are what the nodes have that have it all.
func nodeStrengths(f *facts, w *way) []doctor.Finding {
	capable := f.capable(w)
	if len(capable) == 0 {
		return nil
	}
	var all []doctor.Finding
	for _, t := range told {
		i := slices.IndexFunc(w.Versions, func(m profile.Minimum) bool { return m.Of == t.of })
		values := distinct(capable, t.value)
		if i < 0 || len(values) == 0 {
			continue
		}
		ok := well(w.group(), t.check, few(values))
		ok.Nodes = namesOf(capable)
		if t.of != profile.Containerd || strings.HasPrefix(values[0], profile.Containerd) {
			ok.Needed = "at least " + w.Versions[i].Least
		}
		all = append(all, ok)
	}
	handler := well(w.group(), checkHandler, w.handler())
	handler.Nodes = namesOf(capable)
	if !w.OwnKernel {
		handler.Found += ", which says that it has user namespaces"
	}
	return append(all, handler)
}

func (w *way) handler() string {
	if w.class != nil && w.class.Handler != "" {
		return w.class.Handler
	}
	return w.Handler
}

// capable are the nodes that have all that they can be asked for.
func (f *facts) capable(w *way) []corev1.Node {
	var all []corev1.Node
	for _, n := range w.answer.Capable() {
		all = append(all, *f.node(n.Node))
	}
	return all
}

// node is one of those that were asked.
func (f *facts) node(name string) *corev1.Node {
	i := slices.IndexFunc(f.Nodes.Value, func(n corev1.Node) bool { return n.Name == name })
	return &f.Nodes.Value[i]
}

func namesOf(nodes []corev1.Node) []string {
	names := make([]string, 0, len(nodes))
	for i := range nodes {
		names = append(names, nodes[i].Name)
	}
	return names
}

// seccompProfiles says which nodes have the profile's own. Clusters run on those
// only if there are any, and unconfined if there are none.
func seccompProfiles(f *facts, w *way) []doctor.Finding {
	capable := w.answer.Capable()
	if w.Seccomp == nil || len(capable) == 0 {
		return nil
	}
	var without []string
	for _, n := range capable {
		if !n.Seccomp {
			without = append(without, n.Node)
		}
	}
	if len(without) == 0 {
		return one(well(w.group(), checkSeccomp, w.Seccomp.LocalhostProfile))
	}
	found := doctor.Finding{
		Group: w.group(), Check: checkSeccomp, Outcome: doctor.Warning, Nodes: without, Needed: w.Seccomp.LocalhostProfile + " and its label",
		Found: "no node pod is placed there, because others have the seccomp profile", Fix: installRuntime(f, w, without),
	}
	if len(without) == len(capable) {
		found.Found = "not there: node pods run without seccomp, and say so in the condition Isolated"
	}
	return one(found)
}

// trap is something known to go wrong that nodes do not tell.
type trap struct {
	runtime            v1alpha1.RuntimeProfile
	hits               func(*corev1.Node) bool
	found, needed, fix string
}

var allTraps = []trap{
	{
		runtime: v1alpha1.RuntimeSysbox, hits: ubuntuSince("25.04"),
		found:  "the distribution's AppArmor profile for fusermount3 keeps sysbox-fs from starting (nestybox/sysbox#947)",
		needed: "fusermount3 may mount below /var/lib/sysboxfs", fix: "allow it in /etc/apparmor.d/local/fusermount3, and restart sysbox",
	},
	{
		runtime: v1alpha1.RuntimeSysbox, hits: func(n *corev1.Node) bool {
			return strings.HasPrefix(n.Status.NodeInfo.ContainerRuntimeVersion, "containerd://2")
		},
		found:  "containerd 2 sets a sysctl that Sysbox may not on some nodes (nestybox/sysbox#1035); only a pod shows it",
		needed: "a node pod that starts", fix: "try it, and if it fails set enable_unprivileged_ports = false in containerd's CRI plug-in",
	},
}

func ubuntuSince(least string) func(*corev1.Node) bool {
	return func(n *corev1.Node) bool {
		name, is := strings.CutPrefix(n.Status.NodeInfo.OSImage, "Ubuntu ")
		if !is {
			return false
		}
		name, _, _ = strings.Cut(name, " ")
		v, err := version.ParseGeneric(name)
		return err == nil && v.AtLeast(version.MustParseGeneric(least))
	}
}

func traps(f *facts, w *way) []doctor.Finding {
	var all []doctor.Finding
	capable := f.capable(w)
	for _, t := range allTraps {
		hit := slices.DeleteFunc(slices.Clone(capable), func(n corev1.Node) bool { return !t.hits(&n) })
		if t.runtime == w.Name && len(hit) > 0 {
			all = append(all, doctor.Finding{
				Group: w.group(), Check: checkTraps, Outcome: doctor.Warning, Found: t.found, Needed: t.needed, Fix: t.fix, Nodes: namesOf(hit),
			})
		}
	}
	return all
}

// podSecurity compares the level that the namespace enforces with what the node
// pods need.
func podSecurity(f *facts, w *way) []doctor.Finding {
	switch {
	case missing(f.Object.Err):
		return nil
	case f.Object.Err != nil:
		return unseen(w.group(), checkPodSecurity, f.Object.Err)
	}
	labels := f.Object.Value.Labels
	level := labels[profile.LabelEnforce]
	if w.PodSecurity.Refusal(f.Namespace, labels) == "" {
		found := "namespace " + f.Namespace + " enforces " + level
		if level == "" {
			found = "namespace " + f.Namespace + " has no label, and the API server's default holds"
		}
		ok := well(w.group(), checkPodSecurity, found)
		ok.Needed = w.PodSecurity.Level
		return one(ok)
	}
	return one(doctor.Finding{
		Group: w.group(), Check: checkPodSecurity, Outcome: doctor.Problem,
		Found:  fmt.Sprintf("namespace %s enforces Pod Security level %s", f.Namespace, level),
		Needed: fmt.Sprintf("level %s: %s", w.PodSecurity.Level, w.PodSecurity.Reason),
		Fix:    f.Kubectl("label", "--overwrite", "namespace", f.Namespace, profile.LabelEnforce+"="+w.PodSecurity.Level) + ", or use another namespace with -n",
	})
}

// admission is what the API server says to a node pod, with all of its policies.
func admission(f *facts, w *way) []doctor.Finding {
	trial, tried := f.Trials[w.Name]
	switch {
	case !tried:
		return nil
	case trial.Err != nil:
		return unseen(w.group(), checkAdmission, trial.Err)
	case trial.Value == "":
		return one(well(w.group(), checkAdmission, "the API server lets a node pod in (asked by a dry run)"))
	}
	return one(doctor.Finding{
		Group: w.group(), Check: checkAdmission, Outcome: doctor.Problem, Found: "the API server refuses a node pod: " + strings.Join(strings.Fields(trial.Value), " "),
		Needed: "a policy that lets node pods in", Fix: "mend what it names, or use another namespace with -n",
	})
}
