package harness

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// OnNode runs a command on the embedded host's node, beside its pods.
func (h *Host) OnNode(ctx context.Context, command ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	enter := []string{"--target", strconv.Itoa(h.Status.PID), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--"}
	cmd := exec.CommandContext(ctx, "nsenter", append(enter, command...)...)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("run %q on the node: %w: %s", strings.Join(command, " "), err, stderr.String())
	}
	return stdout.String(), nil
}

// InitOf finds, from outside, the directory in /proc of PID 1 of a pod's first
// container.
func InitOf(pod *corev1.Pod) (string, error) {
	if len(pod.Status.ContainerStatuses) == 0 {
		return "", fmt.Errorf("pod %q has no container", pod.Name)
	}
	_, id, ok := strings.Cut(pod.Status.ContainerStatuses[0].ContainerID, "://")
	if !ok || id == "" {
		return "", fmt.Errorf("the container of pod %q has no ID", pod.Name)
	}
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return "", err
	}
	for _, dir := range dirs {
		cgroup, err := os.ReadFile(dir + "/cgroup")
		if err == nil && strings.Contains(string(cgroup), id) && isInit(dir) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("no process of container %q is PID 1", id)
}

// isInit says whether a process is PID 1 of a pod: its numbers are, from the
// outside in, the machine's, the embedded host's and the pod's.
func isInit(dir string) bool {
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(status)) {
		if numbers, ok := strings.CutPrefix(line, "NSpid:"); ok {
			all := strings.Fields(numbers)
			return len(all) == 3 && all[2] == "1"
		}
	}
	return false
}

// StatusField reads one field of /proc/PID/status.
func StatusField(dir, name string) (string, error) {
	data, err := os.ReadFile(dir + "/status")
	if err != nil {
		return "", err
	}
	lines := strings.Split(string(data), "\n")
	i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, name+":") })
	if i < 0 {
		return "", fmt.Errorf("%s/status has no field %q", dir, name)
	}
	return strings.TrimSpace(strings.TrimPrefix(lines[i], name+":")), nil
}
