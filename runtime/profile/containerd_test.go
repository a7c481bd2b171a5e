package profile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDropIn(t *testing.T) {
	h := ContainerdHandler{
		Name:     "x",
		CRI:      []Setting{{Key: "a", Value: false, Comment: "For all pods."}},
		Settings: []Setting{{Key: "b", Value: "c"}},
	}
	got, err := h.DropIn(3)
	if err != nil {
		t.Fatal(err)
	}
	want := `version = 3

[plugins."io.containerd.cri.v1.runtime"]
  # For all pods.
  a = false

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.x]
  b = "c"
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("a table without settings is left out: -want, +got:\n%s", diff)
	}
	if _, err := h.DropIn(1); err == nil || !strings.Contains(err.Error(), "give 2, 3 or 4") {
		t.Errorf("format 1: %v", err)
	}
}
