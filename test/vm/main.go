package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// options are what the caller may choose.
type options struct {
	memory, run, console, mirror string
	timeout                      time.Duration

	// cache keeps the machine's disk, dist and cli are what was built.
	cache, dist, cli string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "vm:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("vm", flag.ContinueOnError)
	flags.StringVar(&o.memory, "memory", "8G", "memory of the machine, as QEMU takes it")
	flags.DurationVar(&o.timeout, "timeout", 4*time.Hour, "when to give up")
	flags.StringVar(&o.run, "run", "", "run only these tests, as go test does")
	flags.StringVar(&o.console, "console", "dist/vm-console.log", "file for what the machine says")
	flags.StringVar(&o.mirror, "mirror", os.Getenv("DEBIAN_MIRROR"), "mirror of Debian to install from")
	flags.StringVar(&o.dist, "dist", "dist", "directory of the images")
	flags.StringVar(&o.cli, "cli", "bin/vclusterctl", "the program")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return o, fmt.Errorf("find the cache: %w", err)
	}
	o.cache = filepath.Join(cache, "vclusterctl")
	return o, nil
}

// run makes the disks, boots the machine and passes on what its tests say.
func run(ctx context.Context, args []string, events, log io.Writer) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("the machine was not done after %s", o.timeout))
	defer cancel()
	say := func(format string, a ...any) { fmt.Fprintf(log, "vm: "+format+"\n", a...) }
	base, err := ensureBase(ctx, o, say)
	if err != nil {
		return fmt.Errorf("make the machine's disk: %w", err)
	}
	dir, err := os.MkdirTemp("", "vclusterctl-vm-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	payload, err := makePayload(ctx, o, dir)
	if err != nil {
		return fmt.Errorf("make the disk with what is tested: %w", err)
	}
	m := machine{options: o, base: base, payload: payload, dir: dir, log: log}
	m.accelerator = chooseAccelerator(ctx, base, say)
	return m.test(ctx, events)
}
