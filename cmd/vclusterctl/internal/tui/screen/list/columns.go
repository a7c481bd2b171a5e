package list

import (
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/row"
)

// needs are how wide the contents of the columns are.
type needs struct {
	namespace, name, status, version, runtime, nodes int
}

func (n *needs) add(r *row.Row) {
	n.namespace = max(n.namespace, len(r.Key.Namespace))
	n.name = max(n.name, len(r.Key.Name))
	n.version = max(n.version, len(r.Version))
	n.runtime = max(n.runtime, len(r.Runtime))
	n.nodes = max(n.nodes, len(r.NodesText()))
	n.status = max(n.status, statusWidth(r))
}

// statusWidth is what the status of a row takes, with its sign and its bar.
func statusWidth(r *row.Row) int {
	width := 2 + ansi.StringWidth(r.Status)
	if hasBar(r) {
		width += wideBar + 1
	}
	return width
}

func hasBar(r *row.Row) bool { return r.State == row.Booting || r.State == row.Trouble }

// The measures of the table.
const (
	markerWidth = 2
	wideBar     = 7
	narrowBar   = 4
	// statusEnough is the width that is left to the status before names are
	// cut; with less than statusBar it has a narrow bar.
	statusEnough = 22
	statusBar    = 26
	nameEnough   = 12
	versionMost  = 16
	ageWidth     = 6
)

// column is one of the table; a width of 0 leaves it out.
type column struct {
	title string
	width int
	// order is what sorting by this column means, -1 if it cannot be.
	order row.Order
	cell  func(r *row.Row, now time.Time) string
}

const unordered row.Order = -1

// columns share out a width: what is needed if it fits; otherwise the status
// gives, then names do, and what is told least goes.
func columns(width int, need needs, allNamespaces bool, by row.Order) []column {
	all := []column{
		{title: "NAMESPACE", order: unordered, cell: func(r *row.Row, _ time.Time) string { return r.Key.Namespace }},
		{title: "NAME", order: row.ByName, cell: func(r *row.Row, _ time.Time) string { return r.Key.Name }},
		{title: "STATUS", order: row.ByStatus},
		{title: "VERSION", order: row.ByVersion, cell: func(r *row.Row, _ time.Time) string { return r.Version }},
		{title: "RUNTIME", order: unordered, cell: func(r *row.Row, _ time.Time) string { return r.Runtime }},
		{title: "NODES", order: row.ByNodes, cell: func(r *row.Row, _ time.Time) string { return r.NodesText() }},
		{title: "AGE", order: row.ByAge, cell: func(r *row.Row, now time.Time) string { return r.Age(now) }},
	}
	const namespace, name, status, version, runtime, nodes, age = 0, 1, 2, 3, 4, 5, 6
	set := func(i, content int) {
		title := len(all[i].title)
		if all[i].order == by {
			title += 2 // the sign of the order
		}
		all[i].width = max(content, title)
	}
	set(name, need.name)
	set(status, max(need.status, statusBar))
	set(version, min(need.version, versionMost))
	set(runtime, need.runtime)
	set(nodes, need.nodes)
	set(age, ageWidth)
	if allNamespaces {
		set(namespace, need.namespace)
	}
	give := func(i, least int) { all[i].width -= max(min(all[i].width-least, used(all)-width), 0) }
	give(namespace, 2*nameEnough)
	give(name, 3*nameEnough)
	give(status, statusEnough)
	give(namespace, nameEnough)
	give(name, nameEnough)
	for _, i := range []int{runtime, version, namespace, nodes, age} {
		if used(all) > width {
			all[i].width = 0
		}
	}
	give(status, 1)
	give(name, 1)
	return all
}

// used is the width of a table, with one column between its columns.
func used(columns []column) int {
	width := markerWidth
	for _, c := range columns {
		if c.width > 0 {
			width += c.width + 1
		}
	}
	return width - 1
}
