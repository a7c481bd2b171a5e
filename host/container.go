//go:build linux

package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/vclusterctl/vclusterctl/host/internal/process"
)

// container is one container for the OCI runtime to run.
type container struct {
	runc    string // the runtime: the node image brings it
	id      string
	root    string // directory of the runtime's state
	bundle  string
	console string
	// cgroup is the directory in the unified hierarchy for the runtime to
	// start in; empty where the runtime manages that hierarchy itself.
	cgroup string
}

// runContainer starts the container and returns its PID 1.
func runContainer(ctx context.Context, c container) (process.ID, error) {
	console, err := os.OpenFile(c.console, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return process.ID{}, fmt.Errorf("open the node's console log: %w", err)
	}
	defer console.Close()
	pidFile := filepath.Join(c.bundle, "pid")
	cmd := exec.CommandContext(ctx, c.runc, "--root", c.root, "run", "--detach", "--bundle", c.bundle, "--pid-file", pidFile, c.id)
	cmd.Stdout, cmd.Stderr = console, console
	if c.cgroup != "" {
		cgroup, err := os.Open(c.cgroup)
		if err != nil {
			return process.ID{}, fmt.Errorf("open the node's cgroup: %w", err)
		}
		defer cgroup.Close()
		cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(cgroup.Fd())}
	}
	if err := cmd.Run(); err != nil {
		return process.ID{}, errors.Join(ctx.Err(), fmt.Errorf("start the node: %w: %s", err, lastLines(c.console)))
	}
	return readPID(pidFile)
}

func readPID(path string) (process.ID, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return process.ID{}, fmt.Errorf("read the node's process number: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return process.ID{}, fmt.Errorf("read the node's process number: %w", err)
	}
	return process.Identify(pid)
}

// lastLines returns the end of a log, for an error message.
func lastLines(path string) string {
	const most = 5
	lines := strings.Split(strings.TrimSpace(readText(path)), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "; ")
}
