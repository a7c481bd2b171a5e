package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// machine is one virtual machine.
type machine struct {
	options
	base

	accelerator []string
	payload     string
	dir         string // of this run
	log         io.Writer
}

// Names of the machine's ports, as vm-test.service has them.
const (
	resultsPort  = "results"
	progressPort = "progress"
)

// arguments of QEMU. What is written to the first disk goes with the machine.
func (m machine) arguments() []string {
	return append([]string{
		"-name", "vclusterctl-vm", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-machine", "q35", "-m", m.memory,
		"-kernel", m.kernel, "-initrd", m.initrd, "-append", "root=/dev/vda rw console=ttyS0 panic=-1",
		"-drive", "file=" + m.disk + ",format=raw,if=virtio,snapshot=on",
		"-drive", "file=" + m.payload + ",format=raw,if=virtio,readonly=on",
		"-nic", "user,model=virtio-net-pci,restrict=on",
		"-device", "virtio-rng-pci",
		"-chardev", "file,id=console,path=" + m.console, "-serial", "chardev:console",
		"-device", "virtio-serial-pci",
		"-chardev", "socket,id=" + resultsPort + ",path=" + m.socket(resultsPort), "-device", "virtserialport,chardev=" + resultsPort + ",name=" + resultsPort,
		"-chardev", "socket,id=" + progressPort + ",path=" + m.socket(progressPort), "-device", "virtserialport,chardev=" + progressPort + ",name=" + progressPort,
	}, m.accelerator...)
}

func (m machine) socket(port string) string { return filepath.Join(m.dir, port) }

// test boots the machine and returns when it is gone, with an error unless its
// tests ran and passed.
func (m machine) test(ctx context.Context, events io.Writer) error {
	results, err := m.listen(ctx, resultsPort)
	if err != nil {
		return err
	}
	defer results.Close()
	progress, err := m.listen(ctx, progressPort)
	if err != nil {
		return err
	}
	defer progress.Close()
	if err := os.MkdirAll(filepath.Dir(m.console), 0o755); err != nil {
		return err
	}
	fmt.Fprintf(m.log, "vm: booting with %s; its console is in %s\n", m.accelerator[1], m.console)
	said := make(chan error, 1)
	go func() { said <- convert(ctx, results, events) }()
	go follow(progress, m.log)
	err = m.boot(ctx)
	// Nobody connects any more; what is connected is read to its end.
	return errors.Join(err, results.Close(), <-said)
}

func (m machine) listen(ctx context.Context, port string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", m.socket(port))
	if err != nil {
		return nil, fmt.Errorf("listen to the machine: %w", err)
	}
	return l, nil
}

// boot runs QEMU until the machine is off.
func (m machine) boot(ctx context.Context) error {
	cmd := emulator(ctx, m.dir, m.arguments()...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("QEMU: %w\n%s", err, said.String())
	}
	return nil
}

// emulator is QEMU with low priority: emulation takes all that it gets. It goes
// when the context ends or this process does. The directory takes what is
// written to a disk that is not to change.
func emulator(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "nice", append([]string{"-n", "15", "qemu-system-x86_64"}, args...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// follow copies what one connection brings.
func follow(l net.Listener, to io.Writer) {
	conn, err := l.Accept()
	if err != nil {
		return // the machine did not come so far
	}
	defer conn.Close()
	_, _ = io.Copy(to, conn)
}

// convert turns what the tests write into the events of "go test -json".
func convert(ctx context.Context, l net.Listener, events io.Writer) error {
	conn, err := l.Accept()
	if err != nil {
		return fmt.Errorf("the machine did not get as far as its tests: %w", err)
	}
	defer conn.Close()
	var text tail
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "go", "tool", "test2json", "-t", "-p", "vm")
	cmd.Stdin, cmd.Stdout = io.TeeReader(conn, &text), events
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("read what the tests say: %w", err)
	}
	if !bytes.HasSuffix(bytes.TrimSpace(text.end), []byte("PASS")) {
		return errors.New("the tests did not end with PASS")
	}
	return nil
}

// tail keeps the end of what is written to it.
type tail struct{ end []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 64
	t.end = append(t.end, p...)
	t.end = t.end[max(0, len(t.end)-most):]
	return len(p), nil
}
