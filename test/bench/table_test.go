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
			{name: "API", unit: seconds, ours: series{3}, bare: series{2}, target: ratioUpTo(1.3)},
			{name: "pod", unit: seconds, ours: series{1}},
		}},
		{title: "Steps", column: "step", rows: []row{{name: "guest", unit: seconds, bare: series{2}, target: zero}}},
		{title: "Image", rows: []row{{name: "size", unit: mebi, ours: series{1 << 20}}}},
	})
	const want = `| figure    | virtual cluster | bare   | ratio | target            |
|-----------|-----------------|--------|-------|-------------------|
| **Boot**  |                 |        |       |                   |
| API       | 3.00 s          | 2.00 s | 1.50  | ≤ 1.3, **missed** |
| pod       | 1.00 s          |        |       |                   |
| **Image** |                 |        |       |                   |
| size      | 1 MiB           |        |       |                   |

### Steps

| step  | virtual cluster | bare   | ratio |
|-------|-----------------|--------|-------|
| guest | –               | 2.00 s |       |
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("render(): -want, +got:\n%s", diff)
	}
}

func TestVerdict(t *testing.T) {
	tests := map[string]struct {
		reason string
		row    row
		want   string
	}{
		"None":        {reason: "Nothing is expected.", row: row{unit: seconds, ours: series{9}}},
		"Ratio":       {reason: "It counts as it is shown.", row: row{unit: seconds, ours: series{1.304}, bare: series{1}, target: ratioUpTo(1.3)}, want: "≤ 1.3"},
		"RatioMissed": {reason: "Nobody has to compare.", row: row{unit: seconds, ours: series{1.31}, bare: series{1}, target: ratioUpTo(1.3)}, want: "≤ 1.3, **missed**"},
		"NoBare":      {reason: "There is no ratio.", row: row{unit: seconds, ours: series{9}, target: ratioUpTo(1.3)}, want: "≤ 1.3"},
		"Memory":      {reason: "The value counts in its unit.", row: row{unit: mebi, ours: series{150 << 20}, target: slight}, want: "≤ 150 MiB"},
		"MuchMemory":  {reason: "It is too much.", row: row{unit: mebi, ours: series{151 << 20}, target: slight}, want: "≤ 150 MiB, **missed**"},
		"Write":       {reason: "One is one too many.", row: row{unit: whole, ours: one(1), target: zero}, want: "0, **missed**"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tc.row.verdict(); got != tc.want {
				t.Errorf("%s\nverdict() = %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}
