package clustercheck

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor/hostcheck"
)

func deletion(f *facts) []doctor.Finding {
	at := f.Cluster.DeletionTimestamp
	if at == nil {
		return nil
	}
	return one(finding(groupCluster, checkDeletion, doctor.Problem, "it is being deleted, since "+f.ago(at.Time)))
}

func (f *facts) ago(t time.Time) string { return duration.HumanDuration(f.Now.Sub(t)) + " ago" }

// settling is how long the controller may take to notice a change.
const settling = 30 * time.Second

// controller looks whether somebody keeps the status true. Who may not see the
// controller sees whether it has taken the spec up.
func controller(f *facts) []doctor.Finding {
	taken := f.Cluster.Status.ObservedGeneration >= f.Cluster.Generation && f.Cluster.Status.ObservedGeneration > 0
	for i := range f.Controllers.Value {
		if d := &f.Controllers.Value[i]; f.Controllers.Err == nil && hostcheck.Available(d) {
			if taken || f.Now.Sub(f.Cluster.CreationTimestamp.Time) < settling {
				return ok(groupCluster, checkController, d.Namespace+"/"+d.Name+" runs")
			}
		}
	}
	see := f.Kubectl("get", "deployments", "-A", "-l", "app.kubernetes.io/component=controller")
	switch {
	case f.Controllers.Err != nil && taken:
		return unseen(groupCluster, checkController, f.Controllers.Err)
	case f.Controllers.Err == nil && len(f.Controllers.Value) == 0:
		return one(doctor.Finding{
			Group: groupCluster, Check: checkController, Outcome: doctor.Problem, Found: "no controller looks after it: its conditions are as old as the last one",
			Needed: "a controller", Fix: f.Program("install"),
		})
	case !taken:
		return one(doctor.Finding{
			Group: groupCluster, Check: checkController, Outcome: doctor.Problem, Found: "the controller has not taken up what is asked for" + after(f.Trouble),
			Needed: "a controller that runs and looks after this namespace", Fix: see,
		})
	}
	return one(doctor.Finding{
		Group: groupCluster, Check: checkController, Outcome: doctor.Problem, Found: "the controller does not run" + after(f.Trouble),
		Needed: "all its replicas available", Fix: see,
	})
}

func after(s string) string {
	if s == "" {
		return ""
	}
	return ": " + s
}

// ready is the controller's own word, which names cause and remedy.
func ready(f *facts) []doctor.Finding {
	c := meta.FindStatusCondition(f.Cluster.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case f.Cluster.Spec.Lifecycle.IsPaused():
		return ok(groupCluster, checkReady, "paused, as it was asked to be")
	case c == nil:
		return one(doctor.Finding{
			Group: groupCluster, Check: checkReady, Outcome: doctor.Problem, Found: "the controller has said nothing yet", Needed: "the condition Ready",
			Fix: "look whether the controller looks after this namespace: " + f.Kubectl("get", "deployments", "-A", "-l", "app.kubernetes.io/component=controller"),
		})
	case c.Status == metav1.ConditionTrue:
		return ok(groupCluster, checkReady, "a pod can start inside, since "+f.ago(c.LastTransitionTime.Time))
	}
	return one(doctor.Finding{
		Group: groupCluster, Check: checkReady, Outcome: doctor.Problem, Found: fmt.Sprintf("%s: %s", c.Reason, c.Message),
		Needed: "the condition Ready, which it lacks since " + f.ago(c.LastTransitionTime.Time), Fix: f.remedy(c.Reason),
	})
}

// remedy is a command where the message of a condition has none of its own.
func (f *facts) remedy(reason string) string {
	switch reason {
	case v1alpha1.ReasonNoCapableNode, v1alpha1.ReasonRuntimeClassMissing, v1alpha1.ReasonPodRejected:
		return f.Program("doctor", "-n", f.Cluster.Namespace)
	case v1alpha1.ReasonBooting, v1alpha1.ReasonNotServing, v1alpha1.ReasonNodeProblem:
		return f.Own("logs")
	case v1alpha1.ReasonUnschedulable:
		return f.Program("doctor", "-n", f.Cluster.Namespace) + " shows which nodes have room"
	}
	return "what it says; more with: " + f.Own("describe")
}

// runtimeHeld is about a cluster that runs and could not be made again.
func runtimeHeld(f *facts) []doctor.Finding {
	c := meta.FindStatusCondition(f.Cluster.Status.Conditions, v1alpha1.ConditionRuntimeReady)
	if c == nil || c.Status == metav1.ConditionTrue || !isReady(f.Cluster) {
		return nil
	}
	return one(doctor.Finding{
		Group: groupCluster, Check: checkRuntime, Outcome: doctor.Warning, Found: "what runs keeps running, and no node could be made again: " + c.Message,
		Needed: "a node of the host that offers its runtime", Fix: f.Program("doctor", "-n", f.Cluster.Namespace),
	})
}

func isolation(f *facts) []doctor.Finding {
	c := meta.FindStatusCondition(f.Cluster.Status.Conditions, v1alpha1.ConditionIsolated)
	if c == nil || f.Cluster.Spec.Lifecycle.IsPaused() {
		return nil
	}
	found := doctor.Finding{Group: groupCluster, Check: checkIsolation, Outcome: doctor.Warning, Found: c.Message, Needed: "the condition Isolated", Fix: f.Own("describe") + " shows each fact"}
	switch {
	case c.Status == metav1.ConditionTrue:
		return ok(groupCluster, checkIsolation, c.Message)
	case c.Reason == v1alpha1.ReasonViolated:
		found.Outcome = doctor.Problem
	case !isReady(f.Cluster):
		return nil // it is not up yet
	}
	return one(found)
}

func state(f *facts) []doctor.Finding {
	return f.unlike(v1alpha1.ConditionStateKept, doctor.Finding{
		Check: checkState, Needed: "the state that its servers stored",
		Fix: "put back a backup of the volume, or apply your workloads again",
	})
}

func upToDate(f *facts) []doctor.Finding {
	return f.unlike(v1alpha1.ConditionUpToDate, doctor.Finding{
		Check: checkUpToDate, Needed: "nodes as they are made now",
		Fix: "nothing has to be done: it runs as it is. For what is new, create another cluster and move the workloads",
	})
}

// unlike warns, in the words of a condition, if that is false.
func (f *facts) unlike(condition string, found doctor.Finding) []doctor.Finding {
	c := meta.FindStatusCondition(f.Cluster.Status.Conditions, condition)
	if c == nil || c.Status != metav1.ConditionFalse {
		return nil
	}
	found.Group, found.Outcome, found.Found = groupCluster, doctor.Warning, c.Message
	return one(found)
}

// soon is when the end of a cluster is worth a warning.
const soon = time.Hour

func expiry(f *facts) []doctor.Finding {
	at := f.Cluster.Status.ExpiresAt
	if at == nil {
		return nil
	}
	left := at.Sub(f.Now)
	if left > soon {
		return ok(groupCluster, checkExpiry, "it is deleted in "+duration.HumanDuration(left))
	}
	return one(doctor.Finding{
		Group: groupCluster, Check: checkExpiry, Outcome: doctor.Warning, Found: "it is deleted in " + duration.HumanDuration(max(left, 0)), Needed: "nothing, if that is wanted",
		Fix: f.Kubectl("patch", "virtualcluster", f.Cluster.Name, "-n", f.Cluster.Namespace, "--type", "merge", "-p", `'{"spec":{"lifecycle":{"ttlSeconds":SECONDS}}}'`) + ", counted from its creation",
	})
}
