package clustercheck

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
)

// verdict names the cause in one line.
func (f *facts) verdict(findings []doctor.Finding) (outcome doctor.Outcome, answer, remedy string) {
	name := "Virtual cluster " + f.Cluster.Name
	if cause := doctor.First(findings, doctor.Problem); cause != nil {
		if cause.Check == checkReady && f.coming() {
			how := "is not Ready at the moment"
			if f.Cluster.Status.State == nil {
				how = "is still coming up"
			}
			return doctor.Problem, fmt.Sprintf("%s %s: %s", name, how, cause.Found), "wait for it with: " + f.Program("get", f.Cluster.Name, "-n", f.Cluster.Namespace, "-w")
		}
		return doctor.Problem, fmt.Sprintf("%s is not well: %s", name, cause.Found), cause.Fix
	}
	if f.Cluster.Spec.Lifecycle.IsPaused() {
		return doctor.OK, name + " is paused: nothing runs, and everything is kept.", "go on with: " + f.Own("resume")
	}
	switch n := doctor.Count(findings, doctor.Warning); n {
	case 0:
		return doctor.OK, name + " is healthy.", ""
	case 1:
		return doctor.OK, fmt.Sprintf("%s is healthy, with a warning: %s", name, doctor.First(findings, doctor.Warning).Found), doctor.First(findings, doctor.Warning).Fix
	default:
		return doctor.OK, fmt.Sprintf("%s is healthy, with %d warnings; the first: %s", name, n, doctor.First(findings, doctor.Warning).Found), doctor.First(findings, doctor.Warning).Fix
	}
}

// patience is for how long a cluster may come up before that is a fault.
const patience = 5 * time.Minute

// coming says whether the cluster is on its way, as far as can be told.
func (f *facts) coming() bool {
	c := meta.FindStatusCondition(f.Cluster.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case c == nil:
		return f.Now.Sub(f.Cluster.CreationTimestamp.Time) < patience
	case f.Now.Sub(c.LastTransitionTime.Time) > patience:
		return false
	}
	switch c.Reason {
	case v1alpha1.ReasonPending, v1alpha1.ReasonProgressing, v1alpha1.ReasonBooting:
		return true
	}
	return false
}
