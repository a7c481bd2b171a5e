package hostcheck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
)

// report puts the answer before the findings.
func (f *facts) report(findings []doctor.Finding) doctor.Report {
	r := doctor.Report{Findings: findings, Total: len(f.Nodes.Value)}
	if f.Nodes.Err != nil {
		r.Total = 0
	}
	for _, w := range f.ways {
		row := doctor.Runtime{Name: string(w.Name), Qualifies: w.qualifies, Nodes: append([]string{}, w.nodes...), Remark: f.remark(w)}
		for _, n := range w.nodes {
			if f.Proofs.Value[Spot{w.Name, n}].Verdict == v1alpha1.ProbePassed {
				row.Proven = append(row.Proven, n)
			}
		}
		r.Runtimes = append(r.Runtimes, row)
	}
	slices.SortStableFunc(r.Runtimes, func(a, b doctor.Runtime) int { return rank(a) - rank(b) })
	r.Outcome, r.Verdict, r.Remedy = f.verdict(findings)
	return r
}

// rank puts those first that can be used.
func rank(r doctor.Runtime) int {
	if r.Qualifies {
		return 0
	}
	return 1
}

// verdict is the answer, and what to do first where something is missing.
func (f *facts) verdict(findings []doctor.Finding) (outcome doctor.Outcome, answer, remedy string) {
	switch {
	case f.Nodes.Err != nil:
		return doctor.Unknown, "Whether this host can run virtual clusters cannot be seen: " + doctor.Why(f.Nodes.Err), doctor.Right(f.Nodes.Err)
	case len(f.Nodes.Value) == 0:
		return doctor.Problem, "No node can run virtual clusters: the host has no nodes", "add a Linux node"
	}
	if around := f.around(findings); around != nil {
		return doctor.Problem, "No virtual cluster can come up: " + around.Found, around.Fix
	}
	if f.chosen() == nil {
		return f.cannot(findings)
	}
	return doctor.OK, f.can(), f.next(findings)
}

// around is the first problem that is not about a runtime or some node: it stands
// in the way of every cluster.
func (f *facts) around(findings []doctor.Finding) *doctor.Finding {
	i := slices.IndexFunc(findings, func(x doctor.Finding) bool {
		return x.Outcome == doctor.Problem && len(x.Nodes) == 0 && !strings.HasPrefix(x.Group, groupRuntime)
	})
	if i < 0 {
		return nil
	}
	return &findings[i]
}

// can says under which runtimes clusters run, that which they get by themselves
// first.
func (f *facts) can() string {
	first := f.chosen()
	text := "This host can run virtual clusters under " + f.where(first)
	if !first.auto() && !f.Named {
		text += ", where that is asked for by name"
	}
	var others []string
	for _, w := range f.ways {
		if w.qualifies && w != first {
			others = append(others, f.where(w))
		}
	}
	if len(others) > 0 {
		text += "; also under " + strings.Join(others, " and under ")
	}
	return text + "."
}

func (f *facts) where(w *way) string {
	name := string(w.Name)
	if w.alone {
		name += " (control planes alone)"
	}
	return fmt.Sprintf("%s on %d of %s", name, len(w.nodes), counted(len(f.Nodes.Value), "node"))
}

// next is what is left to do on a host that is well.
func (f *facts) next(findings []doctor.Finding) string {
	i := slices.IndexFunc(findings, func(x doctor.Finding) bool {
		return x.Group == groupController && x.Outcome == doctor.Warning && x.Check == checkInstalled
	})
	if i < 0 {
		return ""
	}
	return "install the controller with: " + findings[i].Fix
}

// cannot says why no runtime can be used: of the one that is nearest to be had.
func (f *facts) cannot(findings []doctor.Finding) (outcome doctor.Outcome, answer, remedy string) {
	w := f.nearest()
	answer = "No node can run virtual clusters"
	if f.Named {
		answer = fmt.Sprintf("No node can run virtual clusters under %s", w.Name)
	}
	why := doctor.First(w.findings, doctor.Problem)
	if why == nil {
		why = unusableFinding(findings) // they could, if pods were let there
	}
	if why == nil {
		return doctor.Problem, answer, ""
	}
	found := why.Found
	if why.Check == checkPodSecurity || why.Check == checkAdmission {
		answer = "No virtual cluster can come up" // nodes could
	}
	if len(why.Nodes) > 0 {
		found = doctor.NameNodes(why.Nodes) + ": " + found
	}
	return doctor.Problem, answer + ": " + found, why.Fix
}

func unusableFinding(findings []doctor.Finding) *doctor.Finding {
	i := slices.IndexFunc(findings, func(x doctor.Finding) bool { return x.Check == checkUsable && x.Outcome != doctor.OK })
	if i < 0 {
		return nil
	}
	return &findings[i]
}

// remark is what the table of runtimes says of one.
func (f *facts) remark(w *way) string {
	switch {
	case f.Nodes.Err != nil:
		return "not known: " + doctor.Why(f.Nodes.Err)
	case len(w.refusals) > 0:
		return w.refusals[0].What
	case w.qualifies && w == f.chosen() && w.auto():
		return "what a cluster gets that names no runtime"
	case w.qualifies && w.auto():
		return "can be asked for by name: " + string(f.chosen().Name) + " is stronger"
	case w.qualifies && w.alone:
		return "for servers that run no pods, where a cluster names it"
	case w.qualifies:
		return "taken only where a cluster names it"
	}
	if first := doctor.First(w.findings, doctor.Problem); first != nil {
		if len(first.Nodes) > 0 {
			return doctor.NameNodes(first.Nodes) + ": " + first.Found
		}
		return first.Found
	}
	return ""
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
