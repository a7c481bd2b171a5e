//go:build linux

package process

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParseStat(t *testing.T) {
	const rest = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21"
	cases := map[string]struct {
		reason string
		text   string
		start  uint64
		state  byte
		fails  bool
	}{
		"Plain":  {reason: "Field 22 is the start time.", text: "12 (systemd)" + rest, start: 4711, state: 'S'},
		"Nested": {reason: "A command may look like the rest of the line.", text: "12 (a) R 1 (b)" + rest, start: 4711, state: 'S'},
		"Short":  {reason: "A line that ends early is refused.", text: "12 (a) S 1", fails: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			start, state, err := parseStat(tc.text)
			if (err != nil) != tc.fails || start != tc.start || (!tc.fails && state != tc.state) {
				t.Errorf("\n%s\nparseStat(...): got %d, %q, %v", tc.reason, start, state, err)
			}
		})
	}
}

func TestIdentity(t *testing.T) {
	self, err := Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if !self.Alive() {
		t.Error("this process runs, and Alive() says that it does not")
	}
	earlier := self
	earlier.Start--
	if earlier.Alive() {
		t.Error("another process under the same number is not the one that was meant")
	}
	rebooted := self
	rebooted.BootID = "another"
	if rebooted.Alive() {
		t.Error("no process outlives the machine")
	}
	if _, err := earlier.Open(); !errors.Is(err, ErrGone) {
		t.Errorf("Open() of a process that is gone: want ErrGone, got %v", err)
	}
	if _, err := (ID{}).Open(); !errors.Is(err, ErrGone) {
		t.Errorf("Open() of no process: want ErrGone, got %v", err)
	}
}

func TestSignalAndWait(t *testing.T) {
	cmd := exec.Command("cat")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	id, err := Identify(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	h, err := id.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Wait(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait() for a process that runs: want the context's error, got %v", err)
	}
	if err := h.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := h.Wait(t.Context()); err != nil {
		t.Errorf("Wait() for a process that was ended: %v", err)
	}
	_ = cmd.Wait()
	if err := h.Signal(unix.SIGTERM); err != nil {
		t.Errorf("Signal() to a process that is gone is fine, got %v", err)
	}
}

func TestUnifiedPath(t *testing.T) {
	got, err := unifiedPath("4:memory:/a\n0::/host/init.scope\n")
	if err != nil || got != "/host/init.scope" {
		t.Errorf("unifiedPath(...): got %q, %v", got, err)
	}
	if _, err := unifiedPath("4:memory:/a\n"); err == nil {
		t.Error("unifiedPath(...) without a unified hierarchy: want an error")
	}
}
