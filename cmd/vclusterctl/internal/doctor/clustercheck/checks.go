package clustercheck

import (
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
)

// Groups of findings, in the order in which they are printed.
const (
	groupCluster = "cluster"
	groupPods    = "node pods"
	groupInside  = "inside"
	groupKept    = "what is kept"
	groupEvents  = "events"
)

// The checks, as scripts may know them.
const (
	checkDeletion     = "deletion"
	checkController   = "controller"
	checkReady        = "ready"
	checkRuntime      = "runtime"
	checkIsolation    = "isolation"
	checkState        = "state"
	checkUpToDate     = "up to date"
	checkExpiry       = "expiry"
	checkHostNodes    = "host nodes"
	checkPods         = "pods"
	checkRestarts     = "restarts"
	checkMemory       = "memory"
	checkLastWords    = "last words"
	checkAPI          = "api"
	checkNodes        = "nodes"
	checkSystem       = "system pods"
	checkCharts       = "charts"
	checkCertificates = "certificates"
	checkVolume       = "state volume"
	checkWarnings     = "warnings"
)

// checks are asked in order. The first problem is the cause, unless a later one
// is known to explain it.
var checks = []func(*facts) []doctor.Finding{
	deletion,    // it is to stay
	controller,  // somebody looks after it, so that the conditions are true
	ready,       // what the controller says holds it up
	runtimeHeld, // its runtime can be had for a pod that has to be made again
	isolation,   // it is as isolated as it should be
	state,       // its servers have what they stored
	upToDate,    // it is made as new ones are
	expiry,      // it does not end soon

	hostNodes, // the machines under it are well
	pods,      // its pods run
	restarts,  // and keep running
	memory,    // within their limits
	lastWords, // what the one said that does not

	api,        // its API answers from here
	innerNodes, // its nodes are Ready
	systemPods, // and what makes it a cluster runs
	charts,     // and what it was asked to install could be

	certificates, // nobody is locked out soon
	volumes,      // there is room for more

	warnings, // what was told lately
}

// Params say what to make of an observation.
type Params struct {
	// Own and Kubectl say how the user would call this program and kubectl. Own
	// is given a verb, and adds which cluster is meant.
	Own     func(verb string, more ...string) string
	Program func(words ...string) string
	Kubectl func(words ...string) string
}

// facts are what the checks work on.
type facts struct {
	Params
	*Observation
}

// Examine makes a report of what was seen.
func Examine(o *Observation, p Params) doctor.Report {
	f := &facts{Params: p, Observation: o}
	var r doctor.Report
	for _, check := range checks {
		r.Findings = append(r.Findings, check(f)...)
	}
	r.Outcome, r.Verdict, r.Remedy = f.verdict(r.Findings)
	return r
}

func finding(group, check string, outcome doctor.Outcome, found string) doctor.Finding {
	return doctor.Finding{Group: group, Check: check, Outcome: outcome, Found: found}
}

func one(f doctor.Finding) []doctor.Finding { return []doctor.Finding{f} }

func ok(group, check, found string) []doctor.Finding {
	return one(finding(group, check, doctor.OK, found))
}

func unseen(group, check string, err error) []doctor.Finding {
	return one(doctor.Unseen(group, check, err))
}

func isReady(vc *v1alpha1.VirtualCluster) bool {
	return meta.IsStatusConditionTrue(vc.Status.Conditions, v1alpha1.ConditionReady)
}
