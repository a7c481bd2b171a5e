package virtualcluster

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// watchControlPlane says whether the inner API serves: a server pod is ready as
// soon as its API server is.
func watchControlPlane(s *Scope) error {
	group := cluster.Servers(s.vc.Spec)
	pods := s.groupPods(group.Name)
	ready := readyPods(pods)
	s.vc.Status.Servers = &v1alpha1.NodeGroupStatus{Replicas: group.Replicas, ReadyReplicas: int32(len(ready))} //nolint:gosec // a count of pods
	if len(ready) > 0 {
		s.yes(v1alpha1.ConditionControlPlaneReady, v1alpha1.ReasonReady,
			fmt.Sprintf("%d/%d servers serve the API", len(ready), group.Replicas))
		return nil
	}
	t := s.groupTrouble(group, pods)
	s.no(v1alpha1.ConditionControlPlaneReady, t.reason, t.message)
	return nil
}

func readyPods(pods []corev1.Pod) []corev1.Pod {
	var out []corev1.Pod
	for _, p := range pods {
		if podReady(&p) {
			out = append(out, p)
		}
	}
	return out
}

// groupTrouble says why a group does not serve (yet). The first cause found
// upstream of the others is the one to mend.
func (s *Scope) groupTrouble(g cluster.Group, pods []corev1.Pod) trouble {
	if words := s.refusals[g.Name]; words != "" {
		return trouble{v1alpha1.ReasonPodRejected, fmt.Sprintf(
			"the host refuses the pods of group %q: %s", g.Name, s.remedy(g.Name, words))}
	}
	for i := range pods {
		if t, bad := s.hostTrouble(&pods[i]); bad {
			return t
		}
		if t, bad := podTrouble(&pods[i]); bad {
			return s.withFields(s.steady(t), g, &pods[i])
		}
	}
	if len(pods) == 0 {
		return s.noPods(g)
	}
	for _, p := range pods {
		if !podReady(&p) {
			return s.booting(&p)
		}
	}
	return trouble{v1alpha1.ReasonProgressing, fmt.Sprintf("waiting for the pods of group %q", g.Name)}
}

// withFields adds to the scheduler's words which fields of the spec decide where
// a pod can go. A StorageClass that is not there is not among those words: they
// speak of a volume then. Where they do not, the volume may be Pending, too: most
// classes make it when its pod has a place.
func (s *Scope) withFields(t trouble, g cluster.Group, p *corev1.Pod) trouble {
	if t.reason != v1alpha1.ReasonUnschedulable {
		return t
	}
	field := "spec.servers"
	if g.Name != cluster.ServerGroup {
		field = fmt.Sprintf("spec.pools[%s]", g.Name)
	}
	aboutVolumes := speaksOfVolumes(podCondition(p, corev1.PodScheduled).Message)
	for _, v := range p.Spec.Volumes {
		if class := s.pendingClass(v); class != "" && aboutVolumes {
			t.message += fmt.Sprintf("; its volume is Pending: check that %s.storage.className %q is a StorageClass that there is, and can make volumes there", field, class)
		}
	}
	t.message += fmt.Sprintf("; look at nodeSelector, tolerations, affinity and resources of %s", field)
	if strings.Contains(t.message, "were unschedulable") {
		t.message += ", and at drained nodes: kubectl uncordon lets pods onto one again"
	}
	return t
}

// volumeWords are the scheduler's where no volume is there or can be made. How many
// a node may have is not among them, nor is the space for files of pods.
var volumeWords = []string{"persistentvolumeclaim", "persistent volumes", "storageclass", "free storage"}

// speaksOfVolumes says whether the scheduler found that a volume is in the way.
func speaksOfVolumes(words string) bool {
	words = strings.ToLower(words)
	return slices.ContainsFunc(volumeWords, func(w string) bool { return strings.Contains(words, w) })
}

// pendingClass is the StorageClass that a volume of a pod waits for.
func (s *Scope) pendingClass(v corev1.Volume) string {
	if v.PersistentVolumeClaim == nil {
		return ""
	}
	c := s.claims[v.PersistentVolumeClaim.ClaimName]
	if c == nil || c.Status.Phase != corev1.ClaimPending {
		return ""
	}
	return ptr.Deref(c.Spec.StorageClassName, "")
}

func (s *Scope) noPods(g cluster.Group) trouble {
	if s.stopped != nil && s.stopped.condition != v1alpha1.ConditionControlPlaneReady {
		return trouble{v1alpha1.ReasonPending, fmt.Sprintf("nothing runs yet, because of %s", s.stopped.reason)}
	}
	if s.stopped != nil {
		return trouble{s.stopped.reason, s.stopped.message}
	}
	return trouble{v1alpha1.ReasonProgressing, fmt.Sprintf(
		"waiting for the first pod of StatefulSet %q", cluster.GroupName(s.vc.Name, g.Name))}
}

// booting says how far the node in a pod has got.
func (s *Scope) booting(p *corev1.Pod) trouble {
	snapshot, ok := s.reports[p.UID]
	if !ok {
		if t, bad := sandboxTrouble(p); bad {
			return t
		}
		return trouble{v1alpha1.ReasonBooting, fmt.Sprintf("pod %q: the node starts", p.Name)}
	}
	if problems := snapshot.Report.Problems; len(problems) > 0 {
		return trouble{v1alpha1.ReasonNodeProblem, fmt.Sprintf(
			"pod %q: %s: %s", p.Name, problems[0].Reason, trim(problems[0].Message))}
	}
	if at, ok := served(snapshot.Report.Timeline); ok && unreadySince(p).After(at) {
		return trouble{v1alpha1.ReasonNotServing, s.silent(snapshot.Report)}
	}
	return trouble{v1alpha1.ReasonBooting, fmt.Sprintf(
		"pod %q: the node boots, %s", p.Name, lastMilestone(snapshot.Report.Timeline))}
}

// served says when a node first served its purpose in this boot; false if it
// has not.
func served(timeline []guestapi.Milestone) (time.Time, bool) {
	for _, m := range timeline {
		if m.Name == guestapi.MilestoneAPI || m.Name == guestapi.MilestoneJoined {
			return m.Time, true
		}
	}
	return time.Time{}, false
}

// unreadySince is when a pod stopped being ready, or began without. The kubelet
// sees a node serve only after the node itself does: a pod that is not ready yet
// has not stopped serving.
func unreadySince(p *corev1.Pod) time.Time {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status != corev1.ConditionTrue {
			return c.LastTransitionTime.Time
		}
	}
	return time.Time{}
}

// silent says that a node no longer does what it did.
func (s *Scope) silent(report guestapi.Report) string {
	pod := cluster.GroupName(s.vc.Name, report.NodeName)
	what := "its API server served and does not answer any more"
	if report.Role == guestapi.RoleAgent {
		what = "its kubelet was healthy and does not answer any more"
	}
	return fmt.Sprintf("node %q: %s; it is started again by itself, and kubectl exec %s -- journalctl -b -p warning shows why it stopped",
		report.NodeName, what, pod)
}

func lastMilestone(timeline []guestapi.Milestone) string {
	if len(timeline) == 0 {
		return "no milestone passed yet"
	}
	return "last milestone " + timeline[len(timeline)-1].Name
}
