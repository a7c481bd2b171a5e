package virtualcluster

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// The controller's own milestones; all others are the guest's.
const (
	milestonePod   = "Pod"   // the pod of the node was made
	milestoneReady = "Ready" // the cluster was ready for the first time in this boot
)

// maxTimeline is what the API takes.
const maxTimeline = 32

// narrate shows the boot of the first server as it passes.
func narrate(s *Scope) error {
	first := cluster.GroupName(s.vc.Name, cluster.ServerGroup) + "-0"
	i := slices.IndexFunc(s.pods, func(p corev1.Pod) bool { return p.Name == first })
	if i < 0 {
		return nil
	}
	pod := &s.pods[i]
	if _, said := s.reports[pod.UID]; !said && s.settling && len(s.vc.Status.Timeline) > 0 {
		return nil
	}
	entries := []v1alpha1.TimelineEntry{{Name: milestonePod, Time: micro(pod.CreationTimestamp.Time)}}
	for _, m := range s.reports[pod.UID].Report.Timeline {
		entries = append(entries, v1alpha1.TimelineEntry{Name: m.Name, Time: micro(m.Time)})
	}
	s.vc.Status.Timeline = firstOfEach(append(entries, s.readyEntry(entries[0])...))
	return nil
}

// readyEntry is the moment when this boot became ready: once noted, it stays
// for as long as the pod does.
func (s *Scope) readyEntry(pod v1alpha1.TimelineEntry) []v1alpha1.TimelineEntry {
	held := s.vc.Status.Timeline
	if i := slices.IndexFunc(held, isReady); i > 0 && held[0].Time.Equal(&pod.Time) {
		return held[i : i+1]
	}
	if s.condition(v1alpha1.ConditionReady).Status != metav1.ConditionTrue {
		return nil
	}
	return []v1alpha1.TimelineEntry{{Name: milestoneReady, Time: micro(s.now)}}
}

// firstOfEach keeps the first entry of each name: names are keys.
func firstOfEach(entries []v1alpha1.TimelineEntry) []v1alpha1.TimelineEntry {
	var out []v1alpha1.TimelineEntry
	for _, e := range entries {
		known := slices.ContainsFunc(out, func(o v1alpha1.TimelineEntry) bool { return o.Name == e.Name })
		if e.Name != "" && !known && len(out) < maxTimeline {
			out = append(out, e)
		}
	}
	return out
}

// micro drops what the API cannot hold, or the status would seem to change with
// every look at it.
func micro(t time.Time) metav1.MicroTime {
	return metav1.NewMicroTime(t.Truncate(time.Microsecond))
}
