package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSeriesText(t *testing.T) {
	tests := map[string]struct {
		reason string
		values series
		unit   unit
		want   string
	}{
		"None":  {reason: "Nothing was measured.", unit: seconds, want: "–"},
		"One":   {reason: "One value has no range.", values: series{1.5}, unit: seconds, want: "1.50 s"},
		"Odd":   {reason: "The one in the middle.", values: series{3, 1, 2}, unit: seconds, want: "2.00 s (1.00–3.00)"},
		"Even":  {reason: "Between the two in the middle.", values: series{4, 1, 2, 3}, unit: seconds, want: "2.50 s (1.00–4.00)"},
		"Bytes": {reason: "Values are bytes, the unit is not.", values: series{3 << 20}, unit: mebi, want: "3 MiB"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tc.values.text(tc.unit); got != tc.want {
				t.Errorf("%s\ntext(): want %q, got %q", tc.reason, tc.want, got)
			}
		})
	}
}

func TestRender(t *testing.T) {
	got := render([]section{
		{title: "Empty"},
		{title: "Boot", rows: []row{
			{name: "API", unit: seconds, ours: series{3}, bare: series{2}, target: "≤ 1.3"},
			{name: "pod", unit: seconds, ours: series{1}},
		}},
	})
	const want = `| figure   | virtual cluster | bare   | ratio | target |
|----------|-----------------|--------|-------|--------|
| **Boot** |                 |        |       |        |
| API      | 3.00 s          | 2.00 s | 1.50  | ≤ 1.3  |
| pod      | 1.00 s          |        |       |        |
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("render(): -want, +got:\n%s", diff)
	}
}
