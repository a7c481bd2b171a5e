package main

import (
	"context"
	"io"
	"os"
	"time"
)

// How long a kernel may take to say its first word: under KVM that is a
// fraction of a second.
const kvmTimeout = 15 * time.Second

// Accelerators, as QEMU's arguments.
var (
	withKVM = []string{"-accel", "kvm", "-cpu", "host", "-smp", "4"}
	// emulated has the machine's clock follow what its processor does: however
	// little of a real one it gets, nothing in there runs into a timeout. More
	// than one processor would only take turns.
	emulated = []string{"-accel", "tcg,thread=single", "-cpu", "max", "-smp", "1", "-icount", "shift=0", "-rtc", "clock=vm"}
)

// chooseAccelerator tries whether this very kernel starts under KVM: a device of
// that name does not mean that it does.
func chooseAccelerator(ctx context.Context, b base, say func(string, ...any)) []string {
	if _, err := os.Stat("/dev/kvm"); err != nil {
		say("this machine has no KVM: emulating the processor, which takes its time")
		return emulated
	}
	if !starts(ctx, b) {
		say("this machine's KVM does not start the kernel: emulating the processor, which takes its time")
		return emulated
	}
	return withKVM
}

// starts says whether a kernel says anything on its console under KVM.
func starts(ctx context.Context, b base) bool {
	ctx, cancel := context.WithTimeout(ctx, kvmTimeout)
	defer cancel()
	cmd := emulator(ctx, os.TempDir(), append([]string{
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-machine", "q35", "-m", "512M",
		"-kernel", b.kernel, "-initrd", b.initrd, "-append", "console=ttyS0 panic=-1", "-serial", "stdio",
	}, withKVM...)...)
	out, err := cmd.StdoutPipe()
	if err != nil || cmd.Start() != nil {
		return false
	}
	_, err = io.ReadAtLeast(out, make([]byte, 256), 256)
	cancel()
	_ = cmd.Wait()
	return err == nil
}
