package nodeinstall

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Run runs a program of the node and returns what it printed.
type Run func(ctx context.Context, name string, args ...string) (string, error)

// Programs runs programs where they usually are, whatever the environment of a
// container says.
func Programs(ctx context.Context, name string, args ...string) (string, error) {
	path, err := find(name)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	// With a node's root directory that is not ours, systemctl would do nothing.
	cmd.Env = append(os.Environ(), "SYSTEMD_IGNORE_CHROOT=1", "PATH="+strings.Join(programDirs, ":"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, lastLine(stderr.String()))
	}
	return stdout.String(), nil
}

var programDirs = []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// errNoProgram means that the node does not have a program.
var errNoProgram = errors.New("the node has no such program")

func find(name string) (string, error) {
	for _, dir := range programDirs {
		path := dir + "/" + name
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s: %w", name, errNoProgram)
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// Systemd is the node's systemd.
type Systemd struct{ Run Run }

// Active implements Services. A unit that systemd keeps starting again is the
// one that is meant, too: it is what a run that was cut off leaves.
func (s Systemd) Active(ctx context.Context, units []string) (string, error) {
	for _, unit := range units {
		out, err := s.Run(ctx, "systemctl", "show", "--property=ActiveState", "--value", unit)
		if errors.Is(err, errNoProgram) {
			return "", fmt.Errorf("it is no service of systemd, which this node does not have: do by hand what \"vclusterctl runtime config\" prints: %w", err)
		}
		if err != nil {
			return "", err
		}
		if state := strings.TrimSpace(out); state != "inactive" && state != "" {
			return unit, nil
		}
	}
	return "", fmt.Errorf("none of the services %s runs: do by hand what \"vclusterctl runtime config\" prints", strings.Join(units, ", "))
}

// Restart implements Services.
func (s Systemd) Restart(ctx context.Context, unit string) error {
	// One that has failed too often is not started any more.
	if _, err := s.Run(ctx, "systemctl", "reset-failed", unit); err != nil {
		return err
	}
	_, err := s.Run(ctx, "systemctl", "restart", unit)
	return err
}

// ContainerdCheck has the node's own containerd read its configuration; where
// the node has no such program there is nothing to say.
func ContainerdCheck(run Run, config string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := run(ctx, "containerd", "--config", config, "config", "dump")
		if errors.Is(err, errNoProgram) {
			return nil
		}
		return err
	}
}
