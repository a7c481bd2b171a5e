package virtualcluster

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// watchState tells when a server came back without what it had stored. A
// datastore gets a name when it is empty; the name that is heard when the nodes
// are ready for the first time goes on record, and another one later is a loss.
// A record that was lost itself starts anew with the next name: there is no
// alarm for what nobody knows. It does not hold Ready down.
func watchState(s *Scope) error {
	pod, id := s.reportedState()
	held := s.vc.Status.State
	switch {
	case id == "":
		s.repeatState()
	case held == nil && s.condition(v1alpha1.ConditionNodesReady).Status == metav1.ConditionTrue:
		s.vc.Status.State = &v1alpha1.StateStatus{ID: id}
		s.keptState()
	case held == nil:
		s.repeatState()
	case held.ID == id:
		s.repeatState()
	default:
		s.vc.Status.State = &v1alpha1.StateStatus{ID: id, LostAt: pod.CreationTimestamp.DeepCopy()}
		s.no(v1alpha1.ConditionStateKept, v1alpha1.ReasonStateLost, s.lostState(pod, held.ID, id))
	}
	return nil
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

// repeatState says again what is on record: a loss stays visible, because
// nothing else tells of it any more.
func (s *Scope) repeatState() {
	c := s.condition(v1alpha1.ConditionStateKept)
	switch held := s.vc.Status.State; {
	case held == nil:
		s.unknown(v1alpha1.ConditionStateKept, v1alpha1.ReasonPending, "what the servers store is noted when the nodes are ready for the first time")
	case held.LostAt == nil:
		s.keptState()
	case c.Status == metav1.ConditionFalse:
		s.no(v1alpha1.ConditionStateKept, c.Reason, c.Message)
	default: // the conditions were lost, the record was not
		s.no(v1alpha1.ConditionStateKept, v1alpha1.ReasonStateLost, "a server came up without the state of before at "+held.LostAt.UTC().Format(time.RFC3339))
	}
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
