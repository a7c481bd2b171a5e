//go:build unix

package nodelog

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestLeash runs the line of shell that nodes run, with another program in place
// of journalctl.
func TestLeash(t *testing.T) {
	follow := Query{Follow: true}.command()
	if got := join(follow[:2]) + " " + join(follow[3:6]); got != "sh -c sh /run/log/journal journalctl" {
		t.Fatalf("followers must be on the leash, got %q", got)
	}
	cases := map[string]struct {
		reason  string
		program string
		hangUp  bool
		want    int
	}{
		"HungUp": {reason: "It ends when nobody listens any more.", program: "echo $$; exec sleep 1000", hangUp: true, want: 128 + int(syscall.SIGTERM)},
		"Ends":   {reason: "A program that ends by itself ends it, though somebody listens, with its code.", program: "echo $$; exit 3", want: 3},
		"Fine":   {reason: "That may be 0.", program: "echo $$", want: 0},
		"Input":  {reason: "The program itself has no input.", program: "echo $$; cat", want: 0},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "sh", append(follow[1:4:4], t.TempDir(), "sh", "-c", tc.program)...)
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if tc.hangUp {
				in.Close()
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			select {
			case err = <-ended:
			case <-time.After(20 * time.Second):
				t.Fatalf("%s\nit goes on", tc.reason)
			}
			var exit *exec.ExitError
			if code := cmd.ProcessState.ExitCode(); code != tc.want || err != nil && !errors.As(err, &exit) {
				t.Errorf("%s\nended with %d (%v), want %d", tc.reason, code, err, tc.want)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(line))
			if err != nil {
				t.Fatal(err)
			}
			if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
				t.Errorf("%s\nprocess %d is still there: %v", tc.reason, pid, err)
			}
		})
	}
}

// TestLeashWaits: in a node that is booting there is no journal to watch yet.
func TestLeashWaits(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	command := Query{Follow: true}.command()
	cmd := exec.CommandContext(t.Context(), "sh", append(command[1:4:4], dir, "ls", "-d", dir)...)
	// Who pauses finds the journal there.
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "sleep"), []byte("#!/bin/sh\nmkdir '"+dir+"'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if out, err := cmd.Output(); err != nil || strings.TrimSpace(string(out)) != dir {
		t.Errorf("once there is a journal it is read: want %q, got %q, %v", dir, out, err)
	}
}

// TestLeashWaitsNoLonger: who hangs up before there is a journal leaves nobody
// waiting for it.
func TestLeashWaitsNoLonger(t *testing.T) {
	command := Query{Follow: true}.command()
	cmd := exec.CommandContext(t.Context(), "sh", append(command[1:4:4], filepath.Join(t.TempDir(), "journal"), "echo", "read")...)
	cmd.Stdin = strings.NewReader("")
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 128+int(syscall.SIGTERM) || len(out) > 0 {
		t.Errorf("want it to be told to end, and nothing read: got %q, %v", out, err)
	}
}
