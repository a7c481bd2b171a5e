package doctor

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPrintForeignWords: whatever a tenant calls a thing, the table stays what it
// is, and programs get it as it was said.
func TestPrintForeignWords(t *testing.T) {
	const evil = "\x1b[2J\x1b]0;title\a\u202eno\bt\n\treally\x00"
	r := Report{
		Verdict: "bad: " + evil, Remedy: "ask " + evil, Outcome: Problem, Total: 1,
		Runtimes: []Runtime{{Name: "userns", Nodes: []string{}, Remark: evil}},
		Findings: []Finding{
			{Group: "inside", Check: "nodes", Outcome: Problem, Found: evil, Needed: evil, Fix: evil},
			{Group: "inside", Check: "api", Outcome: OK, Found: evil, Needed: evil},
		},
	}
	var table bytes.Buffer
	if err := Print(&table, r, ""); err != nil {
		t.Fatal(err)
	}
	want := `bad: not really
What to do: ask not really

RUNTIME  NODES   REMARK
userns   0 of 1  not really

Inside
  PROBLEM  nodes  not really
                  needed: not really
                  fix: not really
  ok       api    not really (needed: not really)
`
	if diff := cmp.Diff(want, table.String()); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	var machine bytes.Buffer
	if err := Print(&machine, r, formatJSON); err != nil {
		t.Fatal(err)
	}
	var read Report
	if err := json.Unmarshal(machine.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, read); diff != "" {
		t.Errorf("programs get something else: -want, +got:\n%s", diff)
	}
	if strings.ContainsAny(machine.String(), "\x1b\a\x00") {
		t.Errorf("JSON has control characters in it: %q", machine.String())
	}
}
