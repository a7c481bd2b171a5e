package clustercheck

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/access"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/belongings"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/printable"
)

func sortedNames[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// api says whether the API inside answers, and by which way.
func api(f *facts) []doctor.Finding {
	if f.Inner == nil {
		return nil
	}
	if err := f.Inner.Err; err != nil {
		return one(f.unreachable(err))
	}
	way := "directly"
	if f.Inner.Value.Tunnelled {
		way = "through the API server of the host"
	}
	return ok(groupInside, checkAPI, fmt.Sprintf("it answers from here, %s", way))
}

// unreachable tells an API that does not answer from one that who asks has no
// way to.
func (f *facts) unreachable(err error) doctor.Finding {
	if apierrors.IsForbidden(err) {
		return doctor.Unseen(groupInside, checkAPI, err)
	}
	x := doctor.Finding{
		Group: groupInside, Check: checkAPI, Outcome: doctor.Problem, Found: "the API inside does not answer: " + printable.Line(err.Error()),
		Needed: "an API that answers", Fix: f.Own("logs") + " --unit kube-apiserver --unit k3s --unit etcd",
	}
	var no *access.UnreachableError
	if errors.As(err, &no) && isReady(f.Cluster) {
		x.Found = "the API inside answers the controller, but not from here: " + printable.Line(err.Error())
		x.Fix = "look for a proxy or firewall between here and the host, and see docs/access.md"
	}
	return x
}

// answered says whether the API inside has said anything.
func (f *facts) answered() bool { return f.Inner != nil && f.Inner.Err == nil }

func innerNodes(f *facts) []doctor.Finding {
	if !f.answered() {
		return nil
	}
	var all []doctor.Finding
	ready := 0
	for i := range f.Inner.Value.Nodes {
		n := &f.Inner.Value.Nodes[i]
		if why := troubleOf(n); why != "" {
			all = append(all, doctor.Finding{
				Group: groupInside, Check: checkNodes, Outcome: doctor.Problem, Found: fmt.Sprintf("node %s inside: %s", n.Name, why),
				Needed: "a node that is Ready", Fix: f.Program("logs", f.Cluster.Name+"/"+n.Name, "-n", f.Cluster.Namespace, "--unit", "kubelet"),
			})
			continue
		}
		ready++
	}
	if ready == 0 && len(all) == 0 {
		return one(doctor.Finding{Group: groupInside, Check: checkNodes, Outcome: doctor.Problem, Found: "no node has registered inside", Needed: "at least that of a server", Fix: f.Own("logs") + " --unit kubelet"})
	}
	if ready > 0 {
		all = append(all, finding(groupInside, checkNodes, doctor.OK, fmt.Sprintf("%d of %d Ready", ready, len(f.Inner.Value.Nodes))))
	}
	return all
}

// systemPatience is how long after the cluster is ready its own pods may start.
const systemPatience = 2 * time.Minute

// systemPods looks at what makes nodes a cluster: names, above all. Others of a
// tenant's are not looked at.
func systemPods(f *facts) []doctor.Finding {
	if !f.answered() {
		return nil
	}
	var bad []string
	for i := range f.Inner.Value.System {
		p := &f.Inner.Value.System[i]
		if row := belongings.OfPod(p); !row.Ready && p.Status.Phase != corev1.PodSucceeded {
			bad = append(bad, fmt.Sprintf("%s (%s)", p.Name, printable.Line(row.Status)))
		}
	}
	if len(bad) == 0 {
		return ok(groupInside, checkSystem, counted(len(f.Inner.Value.System), "pod")+" of kube-system, all ready")
	}
	if c := meta.FindStatusCondition(f.Cluster.Status.Conditions, v1alpha1.ConditionReady); c != nil && f.Now.Sub(c.LastTransitionTime.Time) < systemPatience {
		return ok(groupInside, checkSystem, "still starting, which is well so shortly after the first node: "+few(bad))
	}
	return one(doctor.Finding{
		Group: groupInside, Check: checkSystem, Outcome: doctor.Warning, Found: "pods of kube-system inside are not ready: " + few(bad),
		Needed: "all of them ready: CoreDNS is among them", Fix: f.kubectlInside("get pods -n kube-system"),
	})
}

func few(all []string) string {
	const most = 3
	if len(all) <= most {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
}

// How long before its end a certificate is worth a warning. The controller makes
// the client's anew when a third of its year is left, so one that is older was
// forgotten; nothing makes an authority anew.
const (
	clientNotice    = 100 * 24 * time.Hour
	authorityNotice = 365 * 24 * time.Hour
)

func certificates(f *facts) []doctor.Finding {
	if f.Cluster.Status.KubeconfigSecretRef == nil {
		return nil
	}
	if f.Access.Err != nil {
		return f.noCertificates(f.Access.Err)
	}
	a := f.Access.Value
	for _, c := range []struct {
		name, fix string
		end       time.Time
		notice    time.Duration
	}{
		{"the administrator's certificate", "nothing by hand: the controller makes it anew; if it does not, " + f.Kubectl("delete", "secret", f.Cluster.Status.KubeconfigSecretRef.Name, "-n", f.Cluster.Namespace), a.Client, clientNotice},
		{"the certificate authority", "move the workloads to another cluster before then", a.Authority, authorityNotice},
	} {
		switch left := c.end.Sub(f.Now); {
		case left <= 0:
			return one(doctor.Finding{Group: groupKept, Check: checkCertificates, Outcome: doctor.Problem, Found: c.name + " has ended, " + f.ago(c.end), Needed: "one that is valid", Fix: c.fix})
		case left < c.notice:
			return one(doctor.Finding{Group: groupKept, Check: checkCertificates, Outcome: doctor.Warning, Found: c.name + " ends in " + duration.HumanDuration(left), Needed: "more than " + duration.HumanDuration(c.notice), Fix: c.fix})
		}
	}
	return ok(groupKept, checkCertificates, fmt.Sprintf("the administrator's ends in %s, the authority in %s", duration.HumanDuration(a.Client.Sub(f.Now)), duration.HumanDuration(a.Authority.Sub(f.Now))))
}

func (f *facts) noCertificates(err error) []doctor.Finding {
	if apierrors.IsNotFound(err) {
		return one(doctor.Finding{
			Group: groupKept, Check: checkCertificates, Outcome: doctor.Problem, Found: "the kubeconfig Secret is gone", Needed: "Secret " + f.Cluster.Status.KubeconfigSecretRef.Name,
			Fix: "nothing by hand: the controller makes it anew while it runs",
		})
	}
	return unseen(groupKept, checkCertificates, err)
}

func volumes(f *facts) []doctor.Finding {
	if len(f.Pods.Value) == 0 {
		return nil
	}
	var all []doctor.Finding
	worst, known := "", false
	var most uint64
	for _, name := range sortedNames(f.Usage.Value) {
		u := f.Usage.Value[name]
		if u.Capacity == 0 {
			continue
		}
		p := percent(u.Used, u.Capacity)
		if !known || p > most {
			worst, most, known = fmt.Sprintf("%s of %s used by pod %s", size(u.Used), size(u.Capacity), name), p, true
		}
		if p < nearlyFull {
			continue
		}
		x := doctor.Finding{
			Group: groupKept, Check: checkVolume, Outcome: doctor.Warning, Found: fmt.Sprintf("the state volume of pod %s is nearly full: %s of %s", name, size(u.Used), size(u.Capacity)),
			Needed: "room for what is written inside", Fix: "delete what is not needed inside, or enlarge the volume",
		}
		if p >= full {
			x.Outcome, x.Found = doctor.Problem, strings.Replace(x.Found, "nearly full", "full", 1)
		}
		all = append(all, x)
	}
	switch {
	case len(all) > 0:
		return all
	case known:
		return ok(groupKept, checkVolume, worst)
	case f.Usage.Err != nil:
		return unseen(groupKept, checkVolume, f.Usage.Err)
	}
	return nil
}

// recent is how far back warnings matter that nothing else tells of.
const recent = 10 * time.Minute

// since is when warnings begin to matter: what was told while the cluster came
// up is over once it is up.
func (f *facts) since() time.Time {
	since := f.Now.Add(-recent)
	if c := meta.FindStatusCondition(f.Cluster.Status.Conditions, v1alpha1.ConditionReady); isReady(f.Cluster) && c.LastTransitionTime.After(since) {
		return c.LastTransitionTime.Time
	}
	return since
}

func warnings(f *facts) []doctor.Finding {
	if f.Events.Err != nil {
		return unseen(groupEvents, checkWarnings, f.Events.Err)
	}
	var all []doctor.Finding
	for _, e := range belongings.OfEvents(f.Events.Value) {
		if !e.Warning() || e.At.Before(f.since()) {
			continue
		}
		all = append(all, finding(groupEvents, checkWarnings, doctor.Warning, fmt.Sprintf("%s, %s: %s: %s", f.ago(e.At), e.Object, e.Reason, e.Message)))
	}
	if len(all) == 0 {
		return ok(groupEvents, checkWarnings, "none in the last "+duration.HumanDuration(recent))
	}
	return all[max(0, len(all)-mostWarnings):]
}

// mostWarnings bounds how many are shown: describe has them all.
const mostWarnings = 5
