package main

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStage(t *testing.T) {
	cases := map[string]struct {
		reason string
		output string
		err    error
		want   result
	}{
		"Events": {
			reason: "Tests count, packages do not.",
			output: `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"A","Output":"=== RUN   A\n"}
{"Action":"pass","Package":"p","Test":"A"}
{"Action":"pass","Package":"p"}
{"Action":"skip","Package":"empty"}
`,
			want: result{Stage: "s", Passed: 1},
		},
		"Fail": {
			reason: "A failed test fails its package, which counts once.",
			output: `{"Action":"fail","Package":"p","Test":"A"}
{"Action":"fail","Package":"p"}
`,
			err:  errors.New("exit status 1"),
			want: result{Stage: "s", Failed: 1, Bad: []string{"p.A"}},
		},
		"Why": {
			reason: "The sum tells what a test complained of first: its output is far up, or cut off.",
			output: `{"Action":"output","Package":"p","Test":"A","Output":"=== RUN   A\n"}
{"Action":"output","Package":"p","Test":"A","Output":"    a_test.go:1: no server\n"}
{"Action":"output","Package":"p","Test":"A","Output":"    a_test.go:2: no client\n"}
{"Action":"fail","Package":"p","Test":"A"}
{"Action":"fail","Package":"p"}
`,
			err:  errors.New("exit status 1"),
			want: result{Stage: "s", Failed: 1, Bad: []string{"p.A: a_test.go:1: no server"}},
		},
		"Skip": {
			reason: "A skip is shown with its reason.",
			output: `{"Action":"output","Package":"p","Test":"A","Output":"    a_test.go:1: no server\n"}
{"Action":"output","Package":"p","Test":"A","Output":"--- SKIP: A (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"A"}
{"Action":"pass","Package":"p"}
`,
			want: result{Stage: "s", Skipped: 1, Skips: []string{"p.A: a_test.go:1: no server"}},
		},
		"NoBuild": {
			reason: "A package that does not build fails although no test did.",
			output: `{"ImportPath":"p","Action":"build-output","Output":"syntax error\n"}
{"ImportPath":"p","Action":"build-fail"}
{"Action":"fail","Package":"p","FailedBuild":"p"}
`,
			err:  errors.New("exit status 1"),
			want: result{Stage: "s", Failed: 1, Bad: []string{"p"}},
		},
		"NoTests": {
			reason: "A test run without tests has tested nothing.",
			output: `{"Action":"skip","Package":"empty"}` + "\n",
			want:   result{Stage: "s"},
		},
		"Plain": {
			reason: "A command without events is one test.",
			output: "all is well\n",
			want:   result{Stage: "s", Passed: 1},
		},
		"PlainFail": {
			reason: "And fails as one.",
			output: "{ not an event\n",
			err:    errors.New("exit status 3"),
			want:   result{Stage: "s", Failed: 1, Bad: []string{"s: exit status 3"}},
		},
		"Crash": {
			reason: "A command that dies after tests passed has failed.",
			output: `{"Action":"pass","Package":"p","Test":"A"}` + "\n",
			err:    errors.New("signal: killed"),
			want:   result{Stage: "s", Passed: 1, Failed: 1, Bad: []string{"s: signal: killed"}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newStage("s", io.Discard)
			if err := s.read(strings.NewReader(tc.output)); err != nil {
				t.Fatal(err)
			}
			s.finish(tc.err)
			if diff := cmp.Diff(tc.want, s.result); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestFailureEnds(t *testing.T) {
	var out bytes.Buffer
	s := newStage("s", &out)
	s.line(`{"Action":"output","Package":"p","Test":"A","Output":"    a_test.go:1: no server\n"}`)
	s.line(`{"Action":"output","Package":"p","Test":"A","Output":"a long journal\n"}`)
	s.line(`{"Action":"fail","Package":"p","Test":"A"}`)
	if want := "a long journal\nFAIL p.A: a_test.go:1: no server\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("after its output a failed test says once more what it complained of: want %q at the end of %q", want, out.String())
	}
}

func TestEntriesOf(t *testing.T) {
	skips := []string{
		"example.com/k3s/p.TestTable/k8s/Entry: k3s/k8s: no",
		"p.TestTable/k3s/Entry: the image carries no k3s",
		"p.TestTable/k3s/Other/Deeper: it is not there",
		"p.TestOther/k3s: that neither",
		"p.TestK3s: not of a table",
	}
	if got := entriesOf("k3s", skips); got != 3 {
		t.Errorf("entriesOf(): want 3, got %d", got)
	}
}

func TestSum(t *testing.T) {
	results := filepath.Join(t.TempDir(), "results.jsonl")
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-results", results, "run", "one", "--", "true"}, &out); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), []string{"-results", results, "run", "two", "--", "false"}, &out); !errors.Is(err, errFailed) {
		t.Errorf("a stage that fails: want %v, got %v", errFailed, err)
	}
	out.Reset()
	if err := run(t.Context(), []string{"-results", results, "sum"}, &out); !errors.Is(err, errFailed) {
		t.Errorf("a sum with failures: want %v, got %v", errFailed, err)
	}
	want := "FAIL two: exit status 1\n1 passed, 1 failed, 0 skipped\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("the sum: -want, +got:\n%s", diff)
	}
}
