package doctor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/printable"
)

// Formats for programs. Any other is the table for people.
const (
	formatJSON = "json"
	formatYAML = "yaml"
)

// Print writes a report.
func Print(w io.Writer, r Report, format string) error {
	switch format {
	case formatJSON:
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false) // commands are to be copied
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	case formatYAML:
		data, err := yaml.Marshal(r)
		if err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	}
	return table(w, r)
}

// table is the report for people: the answer, the ways there are, and then all
// findings, those of a group together.
func table(w io.Writer, r Report) error {
	r = printed(r)
	var text bytes.Buffer
	fmt.Fprintln(&text, r.Verdict)
	if r.Remedy != "" {
		fmt.Fprintln(&text, "What to do: "+r.Remedy)
	}
	runtimes(&text, r)
	group := ""
	columns := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Group != group {
			group = f.Group
			_ = columns.Flush() // into memory, which does not fail
			fmt.Fprintf(&text, "\n%s\n", strings.ToUpper(group[:1])+group[1:])
		}
		f.rows(columns)
	}
	_ = columns.Flush()
	_, err := w.Write(trailingSpace.ReplaceAll(text.Bytes(), nil))
	return err
}

// printed is a report with each of its texts in one line that is safe to print:
// what is quoted may be a tenant's. Formats for programs have their own ways to
// write what a terminal must not see.
func printed(r Report) Report {
	r.Verdict, r.Remedy = printable.Line(r.Verdict), printable.Line(r.Remedy)
	r.Runtimes, r.Findings = slices.Clone(r.Runtimes), slices.Clone(r.Findings)
	for i := range r.Runtimes {
		r.Runtimes[i].Remark = printable.Line(r.Runtimes[i].Remark)
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Found, f.Needed, f.Fix = printable.Line(f.Found), printable.Line(f.Needed), printable.Line(f.Fix)
	}
	return r
}

// trailingSpace is left by empty cells at the end of a row.
var trailingSpace = regexp.MustCompile(`(?m)[ \t]+$`)

func runtimes(text io.Writer, r Report) {
	if len(r.Runtimes) == 0 {
		return
	}
	columns := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, "\nRUNTIME\tNODES\tREMARK")
	for _, way := range r.Runtimes {
		fmt.Fprintf(columns, "%s\t%d of %d\t%s\n", way.Name, len(way.Nodes), r.Total, way.Remark)
	}
	_ = columns.Flush() // into memory
}

// rows is one line, and two more where there is something to do.
func (f *Finding) rows(w io.Writer) {
	found := f.Found
	if len(f.Nodes) > 0 && f.Outcome != OK {
		found = NameNodes(f.Nodes) + ": " + found
	}
	if f.Outcome == OK {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", f.Outcome, f.Check, found+inBrackets(f.Needed))
		return
	}
	fmt.Fprintf(w, "  %s\t%s\t%s\n", strings.ToUpper(string(f.Outcome)), f.Check, found)
	for _, more := range []struct{ name, text string }{{"needed", f.Needed}, {"fix", f.Fix}} {
		if more.text != "" {
			fmt.Fprintf(w, "  \t\t%s: %s\n", more.name, more.text)
		}
	}
}

func inBrackets(s string) string {
	if s == "" {
		return ""
	}
	return " (needed: " + s + ")"
}

func number(n int) string { return strconv.Itoa(n) }
