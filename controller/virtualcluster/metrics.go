package virtualcluster

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

var (
	readySeconds = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "vclusterctl_cluster_ready_seconds",
		Help:    "Time from the creation of a virtual cluster until it was ready for the first time.",
		Buckets: []float64{2, 4, 6, 8, 10, 12, 15, 20, 30, 45, 60, 120, 300, 600},
	})
	phaseSeconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "vclusterctl_cluster_phase_seconds",
		Help:    "Time from one milestone of the boot of a first server to the next, by the name of the later one.",
		Buckets: []float64{.1, .25, .5, 1, 2, 3, 5, 8, 12, 20, 40, 60, 120},
	}, []string{"phase"})
	reconcileStops = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "vclusterctl_reconcile_stops_total",
		Help: "Reconciliations that could not go on, by what has to happen before they can, and by reason.",
	}, []string{"kind", "reason"})
	reconcileErrors = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "vclusterctl_reconcile_errors_total",
		Help: "Reconciliations that failed and are tried again, by kind of error.",
	}, []string{"kind"})
)

func init() {
	metrics.Registry.MustRegister(readySeconds, phaseSeconds, reconcileStops, reconcileErrors)
}

// firstBootWithin bounds how long after the cluster its first pod is made. A
// later one is a replacement, whose boot says nothing of how long a user waited
// for a new cluster.
const firstBootWithin = time.Minute

// measure takes the times of a boot that has just become ready.
func measure(old, updated *v1alpha1.VirtualCluster) {
	timeline := updated.Status.Timeline
	ready := slices.IndexFunc(timeline, isReady)
	if ready < 1 || slices.ContainsFunc(old.Status.Timeline, isReady) {
		return
	}
	for i := 1; i <= ready; i++ {
		took := timeline[i].Time.Sub(timeline[i-1].Time.Time)
		phaseSeconds.WithLabelValues(phaseLabel(timeline[i].Name)).Observe(max(0, took.Seconds()))
	}
	created := updated.CreationTimestamp.Time
	if timeline[0].Time.Sub(created) < firstBootWithin {
		readySeconds.Observe(timeline[ready].Time.Sub(created).Seconds())
	}
}

func isReady(e v1alpha1.TimelineEntry) bool { return e.Name == milestoneReady }

// phaseLabel keeps a guest from making up labels.
func phaseLabel(name string) string {
	if slices.Contains(knownMilestones, name) {
		return name
	}
	return "other"
}

var knownMilestones = []string{
	guestapi.MilestoneInit, guestapi.MilestonePrepared, guestapi.MilestoneDatastore, guestapi.MilestoneAPI,
	guestapi.MilestoneNode, guestapi.MilestoneServiceAccount, guestapi.MilestoneNetwork,
	guestapi.MilestoneSchedulable, milestoneReady,
}
