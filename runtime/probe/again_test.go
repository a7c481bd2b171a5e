package probe

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

func TestIsStale(t *testing.T) {
	for name, tc := range map[string]struct {
		reason string
		probe  *v1alpha1.ReportedProbe
		after  time.Duration
		now    time.Duration // later than the probe
		want   bool
	}{
		"Older":  {reason: "The node may have been mended since.", probe: &v1alpha1.ReportedProbe{}, after: time.Hour, now: 2 * time.Hour, want: true},
		"Fresh":  {reason: "Nobody mends a node in a moment, and many clusters may be made in one.", probe: &v1alpha1.ReportedProbe{}, after: freshFor, now: time.Hour},
		"Later":  {reason: "The cluster was there already.", probe: &v1alpha1.ReportedProbe{}, after: -time.Hour, now: time.Hour},
		"Skewed": {reason: "A clock that is ahead has nobody probe again and again.", probe: &v1alpha1.ReportedProbe{}, after: time.Hour, now: freshFor},
		"None":   {reason: "There is nothing to make again.", after: time.Hour, now: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.probe != nil {
				tc.probe.Time = metav1.NewTime(start)
			}
			if got := IsStale(tc.probe, start.Add(tc.after), start.Add(tc.now)); got != tc.want {
				t.Errorf("%s IsStale() = %t", tc.reason, got)
			}
		})
	}
}
