// Package probe keeps a RuntimeReport for every runtime that a node of the host
// says it offers, and has a pod prove it there.
//
// One reconciliation looks at the whole host: it observes once, decides in pure
// functions what each report should say and which probe pods there should be,
// and applies what differs. A host that does not change is written nothing.
//
// Where a probe passed, the node gets a label that node pods select: the
// scheduler knows nothing of reports.
package probe
