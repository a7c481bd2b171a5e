package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseBudget(t *testing.T) {
	type want struct {
		limits budget
		err    string
	}
	cases := map[string]struct {
		reason string
		args   string
		want   want
	}{
		"Both":    {"two numbers, comments and blank lines", "# why\ncompressed 1.5\n\nuncompressed 4 # MiB\n", want{limits: budget{1.5, 4}}},
		"Missing": {"both are needed", "compressed 1\n", want{err: "needs a line"}},
		"Unknown": {"a misspelt name is named", "compresed 1\n", want{err: `unknown name "compresed"`}},
		"Number":  {"what is no number is named", "compressed many\n", want{err: `"many" is no number`}},
		"Fields":  {"a line has two fields", "compressed 1 MiB\n", want{err: "want a name and a number"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := parseBudget(tc.args)
			if message := errorText(err); !strings.Contains(message, tc.want.err) || (tc.want.err == "") != (err == nil) {
				t.Fatalf("%s: got error %q, want %q", tc.reason, message, tc.want.err)
			}
			if diff := cmp.Diff(tc.want.limits, got, cmp.AllowUnexported(budget{})); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestBudgetCheck(t *testing.T) {
	layers := []*layer{{size: 1 << 20, plain: 3 << 20}, {size: 1 << 20, plain: 1 << 20}}
	cases := map[string]struct {
		reason string
		args   budget
		want   bool // error
	}{
		"Within":       {"what fits exactly is fine", budget{2, 4}, false},
		"Compressed":   {"too much to transfer", budget{1.9, 4}, true},
		"Uncompressed": {"too much to unpack", budget{2, 3.9}, true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if err := tc.args.check(layers); (err != nil) != tc.want {
				t.Errorf("%s: got error %v", tc.reason, err)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
