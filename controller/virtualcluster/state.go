package virtualcluster

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// watchState tells when a server came back without what it had stored. A
// datastore gets a name when it is empty. The first one that is heard goes on
// record: who names it is an API that serves, and whoever has the kubeconfig may
// have stored something by then, nodes or no nodes. Another one later is a loss,
// unless it is that of a state that was lost before: then there was a backup. A
// record that was lost itself starts anew with the next name: there is no alarm
// for what nobody knows. It does not hold Ready down.
func watchState(s *Scope) error {
	pod, id := s.reportedState()
	held := s.vc.Status.State
	switch {
	case id == "":
		s.repeatState()
	case held == nil:
		s.vc.Status.State = &v1alpha1.StateStatus{ID: id}
		s.keptState()
	case held.ID == id:
		s.repeatState()
	default:
		s.changeState(*held, pod, id)
	}
	return nil
}

// changeState records that a pod came up on another state than the one that is
// on record.
func (s *Scope) changeState(held v1alpha1.StateStatus, pod *corev1.Pod, id string) {
	now := &v1alpha1.StateStatus{ID: id}
	s.vc.Status.State = now
	switch i := slices.IndexFunc(held.Lost, func(l v1alpha1.LostState) bool { return l.ID == id }); {
	case i < 0:
		now.Lost = lose(held, pod.CreationTimestamp)
		now.LostAt = pod.CreationTimestamp.DeepCopy()
		s.no(v1alpha1.ConditionStateKept, v1alpha1.ReasonStateLost, s.lostState(pod, held.ID, id))
	case i == 0:
		s.yes(v1alpha1.ConditionStateKept, v1alpha1.ReasonRestored, foundState(pod, held.ID, id))
	default: // with what was lost before it still away
		now.Lost = held.Lost[:i]
		now.LostAt = now.Lost[i-1].At.DeepCopy()
		s.no(v1alpha1.ConditionStateKept, v1alpha1.ReasonStateLost, foundState(pod, held.ID, id)+"; "+earlierLoss(now))
	}
}

// maxLost is how many lost states are on record.
const maxLost = 8

// lose are the states that are lost with the one on record. The first, with
// which all comes back, stays among them.
func lose(held v1alpha1.StateStatus, at metav1.Time) []v1alpha1.LostState {
	lost := append(slices.Clone(held.Lost), v1alpha1.LostState{ID: held.ID, At: at})
	if len(lost) > maxLost {
		lost = slices.Delete(lost, 1, len(lost)-maxLost+1)
	}
	return lost
}

// reportedState is the name of what a server stores, once for each boot.
func (s *Scope) reportedState() (*corev1.Pod, string) {
	for i, p := range s.pods {
		if p.Labels[v1alpha1.LabelPool] != cluster.ServerGroup || p.DeletionTimestamp != nil {
			continue
		}
		if snapshot, ok := s.reports[p.UID]; ok && snapshot.StateID != "" {
			return &s.pods[i], snapshot.StateID
		}
	}
	return nil, ""
}

// repeatState says again what is on record: a loss stays visible until what was
// lost is back, because nothing else tells of it any more.
func (s *Scope) repeatState() {
	c := s.condition(v1alpha1.ConditionStateKept)
	switch held := s.vc.Status.State; {
	case held == nil:
		s.unknown(v1alpha1.ConditionStateKept, v1alpha1.ReasonPending, "what the servers store is noted when the API first serves")
	case held.LostAt == nil && c.Reason == v1alpha1.ReasonRestored:
		s.yes(v1alpha1.ConditionStateKept, c.Reason, c.Message)
	case held.LostAt == nil:
		s.keptState()
	case c.Status == metav1.ConditionFalse:
		s.no(v1alpha1.ConditionStateKept, c.Reason, c.Message)
	default: // the conditions were lost, the record was not
		s.no(v1alpha1.ConditionStateKept, v1alpha1.ReasonStateLost, earlierLoss(held))
	}
}

func earlierLoss(held *v1alpha1.StateStatus) string {
	return "a server came up without the state of before at " + held.LostAt.UTC().Format(time.RFC3339)
}

func (s *Scope) keptState() {
	s.yes(v1alpha1.ConditionStateKept, v1alpha1.ReasonKept, "the servers run on the state that they were first seen with")
}

// lostState says what was lost, when, why, and what to do.
func (s *Scope) lostState(p *corev1.Pod, before, now string) string {
	group := cluster.Servers(s.vc.Spec)
	why := "spec.servers.storage.ephemeral keeps it no longer than a pod lives"
	remedy := "a cluster that has to outlive its pods needs a persistent volume: create one without ephemeral"
	if !group.Ephemeral() {
		claim := cluster.StateClaimName(s.vc.Name, group.Name, 0)
		why = fmt.Sprintf("its volume, PersistentVolumeClaim %q, is another one, or was emptied", claim)
		remedy = "if there is a backup of the volume, put it back and delete the pod"
	}
	return fmt.Sprintf("pod %q, made at %s, came up without the state of before (%s, now %s), because %s; all objects inside are gone, and the API began anew under the same identity, "+
		"so kubeconfigs still work: apply the workloads again; %s", p.Name, p.CreationTimestamp.UTC().Format(time.RFC3339), before, now, why, remedy)
}

// foundState says what is there again, and what no longer is.
func foundState(p *corev1.Pod, before, now string) string {
	return fmt.Sprintf("pod %q, made at %s, came up with a state that was lost (%s): the objects in it are there again, and those that were made meanwhile (in %s) are not",
		p.Name, p.CreationTimestamp.UTC().Format(time.RFC3339), now, before)
}
