package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/bench/bare"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// hostName is the embedded host of the benchmarks.
const hostName = "perf"

// bench is one run.
type bench struct {
	assets harness.Assets
	host   *harness.Host
	// dir is for what is made, rootfs is a copy of the unpacked node image
	// that nothing but bare processes maps.
	dir, rootfs string
	runs, many  int
	fleet       int
	only        []string
	distro      string
	bareConfig  map[v1alpha1.Distro]map[string][]byte
	// refused are the distros that were tried, with their words.
	refused map[v1alpha1.Distro]string
	// notes and controllers (those of cgroups that the machine delegates) are
	// for the reader of the table.
	notes       []note
	controllers string
	begin       time.Time
	progress    io.Writer
}

func main() {
	ctrllog.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if bare.IsInside() {
		exit(bare.Inside(ctx, observeBare))
		return
	}
	exit(run(ctx))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	b := &bench{begin: time.Now(), progress: os.Stderr, bareConfig: map[v1alpha1.Distro]map[string][]byte{}, refused: map[v1alpha1.Distro]string{}}
	var only, out, page string
	flag.IntVar(&b.runs, "runs", 5, "how often each boot is repeated, after one that warms the caches")
	flag.IntVar(&b.many, "many", 10, "how many clusters are created at once")
	flag.IntVar(&b.fleet, "fleet", 500, "how many clusters one controller looks after")
	flag.StringVar(&only, "only", "", "sections to run, of "+strings.Join(sectionNames(), ","))
	flag.StringVar(&b.distro, "distro", "", "measure this distro only, of those that the node image carries")
	flag.StringVar(&out, "out", os.Getenv("BENCH_OUT"), "file to write the table to as well")
	flag.StringVar(&page, "page", os.Getenv("BENCH_PAGE"), "Markdown page to put everything into that is printed, in place of what an earlier run printed")
	flag.Parse()
	if only != "" {
		b.only = strings.Split(only, ",")
	}
	if page != "" && (only != "" || b.distro != "") {
		return errors.New("a page has all figures: leave -only and -distro out")
	}
	if os.Geteuid() != 0 {
		return errors.New("an embedded host needs root")
	}
	sections, err := b.measure(ctx)
	if err != nil {
		page = "" // it keeps the figures that it has
	}
	if len(sections) > 0 {
		err = errors.Join(err, b.publish(sections, out, page))
	}
	return err
}

// part is one section of the table and what measures it.
type part struct {
	name    string
	hosted  bool // it needs the embedded host
	measure func(*bench, context.Context) ([]section, error)
}

var parts = []part{
	{"boot", true, (*bench).boots},
	{"restart", true, (*bench).restarts},
	{"many", true, (*bench).atOnce},
	{"requests", true, (*bench).requests},
	{"fleet", false, (*bench).fleetOf},
}

func sectionNames() []string {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	return names
}

// measure goes through the parts that were asked for.
func (b *bench) measure(ctx context.Context) (sections []section, err error) {
	if b.assets, err = harness.FindAssets(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close(ctx)) }()
	for _, p := range parts {
		if len(b.only) > 0 && !slices.Contains(b.only, p.name) {
			continue
		}
		if p.hosted && b.host == nil {
			if err := b.open(ctx); err != nil {
				return sections, err
			}
		}
		if !p.hosted {
			if err := b.close(ctx); err != nil {
				return sections, err
			}
		}
		b.sayf("%s", p.name)
		found, err := p.measure(b, ctx)
		sections = append(sections, found...)
		if err != nil {
			return sections, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return sections, nil
}

// open starts the embedded host with the controller in it.
func (b *bench) open(ctx context.Context) error {
	h, err := harness.New(ctx, b.assets, hostName, b.progress)
	if err != nil {
		return err
	}
	b.host, b.dir = h, filepath.Join(h.Dir, "bench")
	if err := h.Up(ctx); err != nil {
		return err
	}
	b.controllers = "unknown"
	if h.Status.Report != nil {
		b.controllers = cmp.Or(strings.Join(h.Status.Report.Facts.CgroupControllers, ", "), "none")
	}
	if err := b.audit(ctx); err != nil {
		return err
	}
	if err := h.Install(ctx); err != nil {
		return err
	}
	if err := h.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}); err != nil {
		return err
	}
	return b.copyImage(ctx)
}

// copyImage gives the bare processes files of their own: those of the host are
// mapped by its own components, and shared memory counts in parts.
func (b *bench) copyImage(ctx context.Context) error {
	unpacked, err := filepath.Glob(filepath.Join(b.host.Options.StateRoot, b.host.Options.Name, "rootfs", "sha256*"))
	if err != nil || len(unpacked) != 1 {
		return fmt.Errorf("find the unpacked node image: %d found: %w", len(unpacked), err)
	}
	b.rootfs = filepath.Join(b.dir, "image")
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "cp", "--archive", unpacked[0], b.rootfs).CombinedOutput(); err != nil {
		return fmt.Errorf("copy the node image: %w: %s", err, out)
	}
	return nil
}

// close removes the host and everything in it.
func (b *bench) close(ctx context.Context) error {
	if b.host == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepTimeout)
	defer cancel()
	h := b.host
	b.host = nil
	return h.Close(ctx)
}

// sayf tells of progress.
func (b *bench) sayf(format string, args ...any) {
	fmt.Fprintf(b.progress, "bench: %6.1fs %s\n", time.Since(b.begin).Seconds(), fmt.Sprintf(format, args...))
}
