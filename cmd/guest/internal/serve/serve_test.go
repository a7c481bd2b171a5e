package serve

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestParseInitTime(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	stat := "1 (systemd (x) y) S 0 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 5000 1 1"
	got, err := parseInitTime(stat, "60.00 100.00\n", now)
	if err != nil {
		t.Fatal(err)
	}
	if want := now.Add(-10 * time.Second); !got.Equal(want) {
		t.Errorf("parseInitTime(): want %s, got %s", want, got)
	}
}

func TestParseInitTimeRefuses(t *testing.T) {
	for name, in := range map[string][2]string{
		"Short":    {"1 (a) S 0", "1 1"},
		"NoUptime": {"1 (a) S 0 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 5000 1 1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parseInitTime(in[0], in[1], time.Now()); err == nil {
				t.Errorf("parseInitTime(%q): want an error", in)
			}
		})
	}
}

func TestJoined(t *testing.T) {
	credentials := filepath.Join(t.TempDir(), "kubelet.conf")
	if err := joined(credentials); err == nil {
		t.Error("a node without credentials has not joined")
	}
	if err := os.WriteFile(credentials, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := joined(credentials); err != nil {
		t.Errorf("joined(): %v", err)
	}
}

func TestFailed(t *testing.T) {
	tests := map[string]struct {
		active, sub string
		want        bool
	}{
		"GaveUp":   {"failed", "failed", true},
		"Retrying": {"activating", "auto-restart", true},
		"Starting": {"activating", "start", false},
		"Running":  {"active", "running", false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := failed(tc.active, tc.sub); got != tc.want {
				t.Errorf("failed(%q, %q): want %t", tc.active, tc.sub, tc.want)
			}
		})
	}
}
