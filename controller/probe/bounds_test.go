package probe

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	runtimeprobe "github.com/vclusterctl/vclusterctl/runtime/probe"
)

// TestBounds: what a node says, however long, is on record.
func TestBounds(t *testing.T) {
	long := runtimeprobe.Result{Verdict: v1alpha1.ProbeFailed, Message: strings.Repeat("é", maxMessage)}
	got := outcome(long, "node:v1", "input", 1, time.Unix(1, 0)).Message
	if len(got) > maxMessage || !utf8.ValidString(got) || got == "" {
		t.Errorf("a message of %d bytes, valid %t", len(got), utf8.ValidString(got))
	}
}
