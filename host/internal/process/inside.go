//go:build linux

package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Inside runs commands in the namespaces of a process, and in its cgroup.
type Inside struct {
	ID ID
	// CgroupMount is where the machine has the unified hierarchy.
	CgroupMount string
}

// environment of commands inside: nothing of the caller's.
var environment = []string{
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"LC_ALL=C.UTF-8",
	"HOME=/root",
}

// Run runs a command and returns what it writes to its standard output. Its
// standard error becomes part of the error.
func (i Inside) Run(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd, done, err := i.command(ctx, args)
	if err != nil {
		return "", err
	}
	defer done()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("run %q on the node: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

func (i Inside) command(ctx context.Context, args []string) (*exec.Cmd, func(), error) {
	nsenter, err := exec.LookPath("nsenter")
	if err != nil {
		return nil, nil, fmt.Errorf("find nsenter: %w: install util-linux", err)
	}
	if !i.ID.Alive() {
		return nil, nil, ErrGone
	}
	cgroup, err := i.openCgroup()
	if err != nil {
		return nil, nil, err
	}
	enter := []string{"--target", strconv.Itoa(i.ID.PID), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--"}
	cmd := exec.CommandContext(ctx, nsenter, append(enter, args...)...)
	cmd.Env = environment
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(cgroup.Fd())}
	return cmd, func() { _ = cgroup.Close() }, nil
}

// openCgroup opens the cgroup that the process is in now. For PID 1 of a node
// that is a leaf: the one at the top has children and takes no processes.
func (i Inside) openCgroup() (*os.File, error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(i.ID.PID) + "/cgroup")
	if err != nil {
		return nil, fmt.Errorf("find the cgroup of the node: %w", err)
	}
	path, err := unifiedPath(string(data))
	if err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(i.CgroupMount, path))
	if err != nil {
		return nil, fmt.Errorf("open the cgroup of the node: %w", err)
	}
	return f, nil
}

// unifiedPath finds the line of the unified hierarchy: "0::/path".
func unifiedPath(text string) (string, error) {
	for line := range strings.Lines(text) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return path, nil
		}
	}
	return "", errors.New("find the cgroup of the node: it is in no unified hierarchy")
}
