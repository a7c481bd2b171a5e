package probe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// CheckStart is the name of the check that a pod which never ran fails.
const CheckStart = "start"

// Result is what a probe came to.
type Result struct {
	Verdict v1alpha1.ProbeVerdict `json:"verdict"`
	// Message says it in one line, with the remedy where there is need for one.
	Message string                `json:"message"`
	Checks  []v1alpha1.ProbeCheck `json:"checks,omitempty"`
}

// Qualifies says whether node pods may run there; those that run pods need more.
func (r Result) Qualifies(workers bool) bool {
	return r.Verdict == v1alpha1.ProbePassed || !workers && r.Verdict == v1alpha1.ProbeControlPlaneOnly
}

// Degraded are the checks that are not ok and do not matter for the verdict.
func (r Result) Degraded() []v1alpha1.ProbeCheck {
	return failing(r.Checks, v1alpha1.WeightComfort)
}

// Judge turns a report into a result. nodeKernel is the release that the node
// says of itself; empty where nobody knows.
func Judge(k profile.Knowledge, report finding.Report, nodeKernel string) Result {
	r := Result{}
	for _, n := range needsOf(k) {
		if _, said := report.Get(n.name); !said && n.later {
			continue
		}
		r.Checks = append(r.Checks, check(n, report, nodeKernel))
	}
	boot, pods := failing(r.Checks, v1alpha1.WeightBoot), failing(r.Checks, v1alpha1.WeightPods)
	switch {
	case len(boot) > 0:
		r.Verdict, r.Message = v1alpha1.ProbeFailed, words(boot)
	case len(pods) > 0:
		r.Verdict, r.Message = v1alpha1.ProbeControlPlaneOnly, "pods inside would not run: "+words(pods)
	default:
		r.Verdict, r.Message = v1alpha1.ProbePassed, "has everything that node pods need"
		if without := r.Degraded(); len(without) > 0 {
			r.Message += ", and does without " + names(without)
		}
	}
	return r
}

func check(n need, report finding.Report, nodeKernel string) v1alpha1.ProbeCheck {
	c := v1alpha1.ProbeCheck{Name: n.name, Weight: n.weight, Needed: n.needed}
	found, said := report.Get(n.name)
	c.OK, c.Found = said && found.OK, found.Found
	if !said {
		c.Found = "the probe says nothing of it"
	}
	if n.name == finding.Kernel {
		c.OK = c.OK && nodeKernel != "" && found.Found != nodeKernel
	}
	if !c.OK {
		c.Remedy = n.remedy
	}
	return c
}

func failing(checks []v1alpha1.ProbeCheck, weight v1alpha1.ProbeWeight) []v1alpha1.ProbeCheck {
	return slices.DeleteFunc(slices.Clone(checks), func(c v1alpha1.ProbeCheck) bool { return c.OK || c.Weight != weight })
}

// mostWords is how many checks a message explains; the others are in the list.
const mostWords = 3

func words(checks []v1alpha1.ProbeCheck) string {
	parts := make([]string, 0, mostWords)
	for _, c := range checks[:min(len(checks), mostWords)] {
		parts = append(parts, fmt.Sprintf("%s: %s, and needed is that %s: %s", c.Name, c.Found, c.Needed, c.Remedy))
	}
	if more := len(checks) - mostWords; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "; ")
}

func names(checks []v1alpha1.ProbeCheck) string {
	out := make([]string, 0, len(checks))
	for _, c := range checks {
		out = append(out, c.Name)
	}
	return strings.Join(out, ", ")
}

// didNotStart is the result of a pod that the node could not run.
func didNotStart(found, remedy string) Result {
	found = short(found)
	return Result{
		Verdict: v1alpha1.ProbeFailed,
		Message: fmt.Sprintf("the probe pod does not run: %s: %s", found, remedy),
		Checks: []v1alpha1.ProbeCheck{{
			Name: CheckStart, Weight: v1alpha1.WeightBoot, Found: found, Needed: "the node image boots", Remedy: remedy,
		}},
	}
}

func inconclusive(format string, args ...any) Result {
	return Result{Verdict: v1alpha1.ProbeInconclusive, Message: short(fmt.Sprintf(format, args...))}
}

// Refused is the result of a pod that the API server did not take: it says
// nothing of the node.
func Refused(words string) Result {
	return inconclusive("the probe pod was refused: %s", words)
}

// maxWords bounds what is taken over from runtimes and policies.
const maxWords = 500

func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= maxWords {
		return s
	}
	return strings.ToValidUTF8(s[:maxWords-3], "") + "..."
}
