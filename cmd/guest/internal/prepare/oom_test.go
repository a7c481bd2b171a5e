package prepare

import (
	"path/filepath"
	"testing"
)

func TestWholeNodeOOM(t *testing.T) {
	cases := map[string]struct {
		reason  string
		content string
		want    int
	}{
		"Set":   {reason: "The kubelet's default.", content: "1\n", want: 1},
		"Unset": {reason: "A kubelet that was told to kill single processes.", content: "0\n"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := wholeNodeOOM(write1(t, t.TempDir(), "memory.oom.group", tc.content)); len(got) != tc.want {
				t.Errorf("%s got %v, want %d", tc.reason, got, tc.want)
			}
		})
	}
	if got := wholeNodeOOM(filepath.Join(t.TempDir(), "absent")); got != nil {
		t.Errorf("without a memory controller nothing is set: got %v", got)
	}
}
