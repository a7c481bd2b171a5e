package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// event is one line of "go test -json", as far as it is used here; see
// "go doc test2json".
type event struct {
	Action  string  `json:"Action"`
	Package string  `json:"Package"`
	Test    string  `json:"Test"`
	Output  string  `json:"Output"`
	Elapsed float64 `json:"Elapsed"`
}

// result are the numbers of one stage.
type result struct {
	Stage   string   `json:"stage"`
	Passed  int      `json:"passed"`
	Failed  int      `json:"failed"`
	Skipped int      `json:"skipped"`
	Bad     []string `json:"bad,omitempty"`
	Skips   []string `json:"skips,omitempty"`
}

// stage follows the output of one command.
type stage struct {
	result

	out io.Writer
	// output of tests and packages that have not ended.
	output map[key][]string
	// events says that the command is a test run, which may have no tests.
	events bool
	// failed packages that have a failed test to show for it.
	blamed map[string]bool
}

type key struct{ pkg, test string }

func newStage(name string, out io.Writer) *stage {
	return &stage{
		result: result{Stage: name},
		out:    out,
		output: map[key][]string{},
		blamed: map[string]bool{},
	}
}

// read follows the output until it ends.
func (s *stage) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			s.line(line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the output: %w", err)
		}
	}
}

func (s *stage) line(line string) {
	var e event
	if !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &e) != nil || e.Action == "" {
		fmt.Fprint(s.out, line)
		return
	}
	s.events = true
	k := key{e.Package, e.Test}
	switch e.Action {
	case "output":
		s.output[k] = append(s.output[k], e.Output)
	case "build-output":
		fmt.Fprint(s.out, e.Output)
	case "pass", "fail", "skip":
		s.end(k, e)
		delete(s.output, k)
	}
}

// end counts a test or package that has ended.
func (s *stage) end(k key, e event) {
	if k.test == "" {
		s.endPackage(k, e)
		return
	}
	name := k.pkg + "." + k.test
	switch e.Action {
	case "pass":
		s.Passed++
	case "skip":
		s.Skipped++
		s.Skips = append(s.Skips, name+": "+skipReason(s.output[k]))
	case "fail":
		s.Failed++
		bad := name + firstError(s.output[k])
		s.Bad = append(s.Bad, bad)
		s.blamed[k.pkg] = true
		s.show(k)
		fmt.Fprintln(s.out, "FAIL", bad) // what it complained of may be thousands of lines up
	}
}

// endPackage reports a package. One that failed without a failed test (it did
// not build, or exited) counts as a failure itself.
func (s *stage) endPackage(k key, e event) {
	if e.Action == "skip" {
		return // no test files
	}
	fmt.Fprintf(s.out, "%-4s %s %.1fs\n", e.Action, k.pkg, e.Elapsed)
	if e.Action == "fail" && !s.blamed[k.pkg] {
		s.Failed++
		s.Bad = append(s.Bad, k.pkg)
		s.show(k)
	}
}

func (s *stage) show(k key) {
	fmt.Fprint(s.out, strings.Join(s.output[k], ""))
}

// finish ends the stage. A command that failed without saying why counts as one
// failure, and one that is no test run as one test.
func (s *stage) finish(err error) {
	switch {
	case err != nil && s.Failed == 0:
		s.Failed++
		s.Bad = append(s.Bad, s.Stage+": "+err.Error())
	case err == nil && !s.events:
		s.Passed++
	}
	fmt.Fprintf(s.out, "%s: %s\n", s.Stage, &s.result)
}

func (r *result) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", r.Passed, r.Failed, r.Skipped)
}

// mostOfError is how much of an error is told again in the sum, in bytes.
const mostOfError = 500

// where begins what a test says, as opposed to what its code prints.
var where = regexp.MustCompile(`^\s+\w+_test\.go:\d+: `)

// firstError is what a failed test complained of first, after a colon. One that
// failed because of a test below it says nothing.
func firstError(output []string) string {
	for _, line := range output {
		if where.MatchString(line) {
			line = strings.TrimSpace(line)
			return ": " + line[:min(len(line), mostOfError)]
		}
	}
	return ""
}

// skipReason is what a test said when it skipped itself: the line before the
// one that says that it did.
func skipReason(output []string) string {
	for _, line := range slices.Backward(output) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "--- ") && !strings.HasPrefix(line, "=== ") {
			return line
		}
	}
	return "no reason given"
}
