//go:build linux

package bare

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stateDirs are mounted from below Node.Dir, so that state is on the disk that
// the caller chose and outlives one run: those of both distros.
var stateDirs = []string{"/var/lib/vcluster", "/var/lib/rancher/k3s"}

// Node is a node that runs, or ran.
type Node struct {
	// Dir holds everything of it.
	Dir string
	// PID of the process that started all others.
	PID int
	// Events as they happen; closed when the node has ended.
	Events <-chan Event

	cmd    *exec.Cmd
	cgroup string
}

// Start starts a node from an unpacked node image. files are what the guest of
// a pod finds in its configuration volume, by path below it. State in dir from
// an earlier run is used again.
func Start(ctx context.Context, dir, image string, files map[string][]byte) (*Node, error) {
	if err := layOut(dir, image, files); err != nil {
		return nil, fmt.Errorf("lay out the bare node: %w", err)
	}
	group, err := newCgroup(filepath.Base(dir))
	if err != nil {
		return nil, fmt.Errorf("make the bare node's cgroup: %w", err)
	}
	n := &Node{Dir: dir, cgroup: group}
	if err := n.launch(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start the bare node: %w", err), removeCgroup(group))
	}
	return n, nil
}

// layOut writes everything that a node is made of but its state.
func layOut(dir, image string, files map[string][]byte) error {
	for _, name := range []string{"upper", "work", "config"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	for _, name := range []string{"upper", "work", "root", "state"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return err
		}
	}
	for name, content := range files {
		path := filepath.Join(dir, "config", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	link := filepath.Join(dir, "image")
	if err := os.Remove(link); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Symlink(image, link)
}

func (n *Node) launch(ctx context.Context) error {
	group, err := os.Open(n.cgroup)
	if err != nil {
		return err
	}
	defer group.Close()
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(n.Dir, "starter.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	// It outlives the context until Stop, so that Wait can still say what it was at.
	n.cmd = exec.CommandContext(context.WithoutCancel(ctx), "/proc/self/exe")
	n.cmd.Env = []string{dirEnv + "=" + n.Dir, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}
	n.cmd.Stdout, n.cmd.Stderr, n.cmd.ExtraFiles = log, log, []*os.File{writer}
	n.cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS |
			syscall.CLONE_NEWIPC | syscall.CLONE_NEWCGROUP,
		UseCgroupFD: true, CgroupFD: int(group.Fd()), Pdeathsig: syscall.SIGKILL,
	}
	if err := errors.Join(n.cmd.Start(), writer.Close()); err != nil {
		return errors.Join(err, reader.Close())
	}
	n.PID = n.cmd.Process.Pid
	n.Events = read(reader)
	return nil
}

// read turns the node's lines into events.
func read(reader io.ReadCloser) <-chan Event {
	events := make(chan Event, 256)
	go func() {
		defer close(events)
		defer reader.Close()
		for scanner := bufio.NewScanner(reader); scanner.Scan(); {
			var e Event
			if err := json.Unmarshal(scanner.Bytes(), &e); err != nil {
				e = Event{Time: time.Now(), Error: err.Error()}
			}
			events <- e
		}
	}()
	return events
}

// Stop ends the node and everything in it. Its state stays in Dir.
func (n *Node) Stop() error {
	killErr := n.cmd.Process.Kill() // PID 1 takes all others with it
	err := n.cmd.Wait()
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		err = nil // as was meant
	}
	return errors.Join(killErr, err, removeCgroup(n.cgroup))
}

// Wait for an event; an error of the node ends it, and so does its end.
func (n *Node) Wait(ctx context.Context, seen func(Event) bool) error {
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("the bare node: %w%s", context.Cause(ctx), n.lastWords())
		case e, ok := <-n.Events:
			switch {
			case !ok:
				return fmt.Errorf("the bare node ended: see %s", filepath.Join(n.Dir, "starter.log"))
			case e.Error != "":
				return fmt.Errorf("the bare node: %s", e.Error)
			case seen(e):
				return nil
			}
		}
	}
}

// lastWords are the ends of what the processes of the node have logged.
func (n *Node) lastWords() string {
	const most = 400
	logs, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(n.PID), "root", runDir, "*.log"))
	if err != nil || len(logs) == 0 {
		return ""
	}
	var words strings.Builder
	for _, log := range logs {
		content, err := os.ReadFile(log)
		if err != nil || len(content) == 0 {
			continue // it went with the node
		}
		fmt.Fprintf(&words, "\n%s: …%s", filepath.Base(log), content[max(0, len(content)-most):])
	}
	return words.String()
}
