package doctor

import (
	"cmp"
	"slices"
	"strings"
)

// Outcome is how a check went.
type Outcome string

// The outcomes of checks.
const (
	// OK: it is as it should be.
	OK Outcome = "ok"
	// Warning: it works, and somebody should know.
	Warning Outcome = "warning"
	// Problem: it stands in the way.
	Problem Outcome = "problem"
	// Unknown: it could not be seen.
	Unknown Outcome = "unknown"
)

// Finding is what one check found.
type Finding struct {
	// Group is what it is about, for example "nodes" or "runtime userns".
	Group string `json:"group"`
	// Check is the name of the check, the same in every version.
	Check   string  `json:"check"`
	Outcome Outcome `json:"outcome"`
	// Found is what there is, Needed what should be there, and Fix what to do
	// about it: a command where one will do.
	Found  string `json:"found"`
	Needed string `json:"needed,omitempty"`
	Fix    string `json:"fix,omitempty"`
	// Nodes that it holds for; none where it is not about nodes.
	Nodes []string `json:"nodes,omitempty"`
}

// Runtime is what is found of one way to run virtual clusters.
type Runtime struct {
	Name string `json:"name"`
	// Qualifies says whether a virtual cluster could run under it, and Nodes
	// where. Proven are those of the nodes where that was tried.
	Qualifies bool     `json:"qualifies"`
	Nodes     []string `json:"nodes"`
	Proven    []string `json:"proven,omitempty"`
	// Remark is why not, or what to know of it.
	Remark string `json:"remark,omitempty"`
}

// Report is all that was found.
type Report struct {
	// Verdict is the answer in one line, and Remedy what to do first where it is
	// not a good one.
	Verdict string `json:"verdict"`
	Remedy  string `json:"remedy,omitempty"`
	// Outcome is OK, with or without warnings, Problem, or Unknown where what
	// matters most could not be seen.
	Outcome Outcome `json:"outcome"`
	// Total counts the nodes that were looked at.
	Total int `json:"totalNodes,omitempty"`
	// Runtimes are the ways to run virtual clusters, where the report is about a
	// host.
	Runtimes []Runtime `json:"runtimes,omitempty"`
	Findings []Finding `json:"findings"`
}

// First is the first finding with an outcome, nil if there is none.
func First(findings []Finding, outcome Outcome) *Finding {
	i := slices.IndexFunc(findings, func(f Finding) bool { return f.Outcome == outcome })
	if i < 0 {
		return nil
	}
	return &findings[i]
}

// Count is how many findings have an outcome.
func Count(findings []Finding, outcome Outcome) int {
	n := 0
	for i := range findings {
		if findings[i].Outcome == outcome {
			n++
		}
	}
	return n
}

// PerNode makes one finding of those that differ in their nodes only: the ones
// about most nodes first, then in the order in which they came.
func PerNode(findings []Finding) []Finding {
	var merged []Finding
	for _, f := range findings {
		i := slices.IndexFunc(merged, func(m Finding) bool { return sameButNodes(m, f) })
		if i < 0 {
			f.Nodes = slices.Clone(f.Nodes)
			merged = append(merged, f)
			continue
		}
		merged[i].Nodes = append(merged[i].Nodes, f.Nodes...)
	}
	slices.SortStableFunc(merged, func(a, b Finding) int { return cmp.Compare(len(b.Nodes), len(a.Nodes)) })
	return merged
}

func sameButNodes(a, b Finding) bool {
	return a.Group == b.Group && a.Check == b.Check && a.Outcome == b.Outcome && a.Found == b.Found && a.Needed == b.Needed && a.Fix == b.Fix
}

// maxNames bounds how many nodes a line names.
const maxNames = 3

// NameNodes names nodes in a line for people.
func NameNodes(nodes []string) string {
	switch n := len(nodes); {
	case n == 0:
		return ""
	case n == 1:
		return "node " + nodes[0]
	case n <= maxNames:
		return "nodes " + strings.Join(nodes, ", ")
	default:
		return "nodes " + strings.Join(nodes[:maxNames], ", ") + " and " + number(n-maxNames) + " more"
	}
}
