package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// options are the command's flags.
type options struct {
	root     string
	dist     string
	cache    string
	k3s      string
	version  string
	ldflags  string
	mirror   string
	refresh  bool
	epoch    int64
	progress io.Writer
}

func main() { os.Exit(start()) }

// start returns the exit code: 0 done, 1 failed, 2 called in a wrong way.
func start() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	opts, targets, err := parse(os.Args[1:], os.Getenv)
	if err != nil {
		return 2 // the flag package has said why
	}
	if err := build(ctx, opts, targets); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		return 1
	}
	return 0
}

// parse reads the command line; what is left of it are the targets.
func parse(args []string, getenv func(string) string) (options, []string, error) {
	opts := options{progress: os.Stderr}
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	flags.StringVar(&opts.root, "root", ".", "the repository's root")
	flags.StringVar(&opts.dist, "dist", "dist", "where the archives go")
	flags.StringVar(&opts.cache, "cache", defaultCache(getenv), "where built parts are kept")
	flags.StringVar(&opts.k3s, "k3s", getenv("K3S_BINARY"), "k3s binary to add to the node image; "+withoutK3s+" leaves it out (default: downloaded, where there is a network)")
	flags.StringVar(&opts.version, "version", "dev", "version of this project: the controller image's tag")
	flags.StringVar(&opts.ldflags, "ldflags", "", "linker flags for this project's own binaries")
	flags.StringVar(&opts.mirror, "mirror", "", "Debian mirror (default: mmdebstrap's)")
	flags.BoolVar(&opts.refresh, "refresh", false, "take the newest Debian packages, not the cached root filesystem")
	flags.Int64Var(&opts.epoch, "epoch", defaultEpoch, "modification time of every file, in seconds since 1970")
	if err := flags.Parse(args); err != nil {
		return options{}, nil, err
	}
	targets := flags.Args()
	if len(targets) == 0 {
		targets = []string{targetNode, targetController, targetTestbin}
	}
	return opts, targets, nil
}

// defaultEpoch dates all files: a fixed moment, so that equal content gives
// equal archives whenever it is built.
const defaultEpoch = 1767225600 // 2026-01-01T00:00:00Z

// defaultCache follows the XDG base directories.
func defaultCache(getenv func(string) string) string {
	base := getenv("XDG_CACHE_HOME")
	if base == "" {
		base = filepath.Join(getenv("HOME"), ".cache")
	}
	return filepath.Join(base, "vclusterctl")
}

func (o options) time() time.Time { return time.Unix(o.epoch, 0).UTC() }

// logf reports progress.
func (o options) logf(format string, args ...any) {
	fmt.Fprintf(o.progress, format+"\n", args...)
}
