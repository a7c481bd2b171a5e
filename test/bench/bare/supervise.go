//go:build linux

package bare

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// supervisor starts units, each as soon as those it comes after are ready, and
// starts those anew that end.
type supervisor struct {
	// dir is for sockets and logs, cgroups is the mount of the unified
	// hierarchy; each unit gets a group in it.
	dir, cgroups string
	// passed is told when a unit is ready.
	passed func(unit string)
	ready  map[string]chan struct{}
}

// run returns when ctx ends.
func (s *supervisor) run(ctx context.Context, units []unit) {
	s.ready = map[string]chan struct{}{}
	for _, u := range units {
		s.ready[u.name] = make(chan struct{})
	}
	var group sync.WaitGroup
	for _, u := range units {
		group.Go(func() { s.keep(ctx, u) })
	}
	group.Wait()
}

// keep runs one unit for as long as ctx lasts.
func (s *supervisor) keep(ctx context.Context, u unit) {
	for _, name := range u.after {
		if ready, ours := s.ready[name]; ours {
			select {
			case <-ready:
			case <-ctx.Done():
				return
			}
		}
	}
	var once sync.Once
	announce := func() {
		once.Do(func() { close(s.ready[u.name]); s.passed(u.name) })
	}
	for ctx.Err() == nil {
		err := s.start(ctx, u, announce)
		if err == nil && u.kind == kindOneshot {
			return
		}
		fmt.Fprintf(os.Stderr, "bare: %s ended: %v\n", u.name, err)
		select {
		case <-ctx.Done():
		case <-time.After(u.restart):
		}
	}
}

// start runs a unit once, to its end.
func (s *supervisor) start(ctx context.Context, u unit, announce func()) error {
	env, err := readEnvironment(u.environment)
	if err != nil {
		return err
	}
	group, err := s.group(u.name)
	if err != nil {
		return err
	}
	defer group.Close()
	log, err := os.OpenFile(filepath.Join(s.dir, u.name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	process := func(c command, extra ...string) *exec.Cmd {
		words := expand(c.words, env)
		cmd := exec.CommandContext(ctx, words[0], words[1:]...)
		cmd.Env = append(append(os.Environ(), extra...), pairs(env)...)
		cmd.Stdout, cmd.Stderr = log, log
		cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(group.Fd())}
		return cmd
	}
	if err := all(u.before, process); err != nil {
		return err
	}
	return s.main(u, process, announce)
}

// main runs the main process of a unit and announces that it is ready.
func (s *supervisor) main(u unit, process func(command, ...string) *exec.Cmd, announce func()) error {
	after := func() {
		if err := all(u.post, process); err != nil {
			fmt.Fprintf(os.Stderr, "bare: %s: %v\n", u.name, err)
			return
		}
		announce()
	}
	var extra []string
	if u.kind == kindNotify {
		socket := filepath.Join(s.dir, u.name+".sock")
		listener, err := listen(socket)
		if err != nil {
			return err
		}
		defer listener.Close()
		go awaitReady(listener, after)
		extra = []string{"NOTIFY_SOCKET=" + socket}
	}
	cmd := process(u.main, extra...)
	if err := cmd.Start(); err != nil {
		return err
	}
	if u.kind == kindExec {
		go after()
	}
	err := cmd.Wait()
	if err == nil && u.kind == kindOneshot {
		after()
	}
	return err
}

// all runs commands one after the other.
func all(commands []command, process func(command, ...string) *exec.Cmd) error {
	for _, c := range commands {
		if err := process(c).Run(); err != nil && !c.ignored {
			return fmt.Errorf("%s: %w", strings.Join(c.words, " "), err)
		}
	}
	return nil
}

func listen(socket string) (*net.UnixConn, error) {
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
}

// awaitReady reads what a process tells its service manager, sd_notify(3),
// until the socket is closed.
func awaitReady(conn *net.UnixConn, ready func()) {
	buffer := make([]byte, 4096)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		for line := range bytes.Lines(buffer[:n]) {
			if string(bytes.TrimSpace(line)) == "READY=1" {
				ready()
			}
		}
	}
}

// group makes the cgroup of a unit.
func (s *supervisor) group(name string) (*os.File, error) {
	dir := filepath.Join(s.cgroups, name)
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	return os.Open(dir)
}

func pairs(env map[string]string) []string {
	out := make([]string, 0, len(env))
	for name, value := range env {
		out = append(out, name+"="+value)
	}
	return out
}
