package inside

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
	"github.com/vclusterctl/vclusterctl/test/vm/inside/payload"
)

// How long things may take at most. They bound what is stuck: an emulated
// processor on a busy machine is a hundred times slower than a real one.
const (
	bootTimeout    = time.Hour
	installTimeout = 15 * time.Minute
	stepTimeout    = 20 * time.Minute
	cleanTimeout   = 5 * time.Minute
)

// host is what all tests share; nil outside the virtual machine.
var host *harness.Host

func TestMain(m *testing.M) {
	flag.Parse()
	ctrllog.SetLogger(logr.Discard()) // otherwise it complains that there is none
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Getenv(payload.Env) == "" {
		return m.Run()
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := start(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		fmt.Fprintln(os.Stdout, err)
		return 1
	}
	defer remove(ctx)
	return m.Run()
}

// start starts the host and puts the controller into it.
func start(ctx context.Context) error {
	h, err := harness.New(ctx, assets(), "vm", console)
	if err != nil {
		return err
	}
	h.Options.Timeout = bootTimeout
	h.Echo = console
	ctx, cancel := context.WithTimeout(ctx, bootTimeout)
	defer cancel()
	if err := h.Up(ctx); err != nil {
		return err
	}
	progressf("installing the controller")
	if r := h.Run(ctx, append(h.InstallArgs(), "--timeout="+installTimeout.String())...); r.Code != 0 {
		progressf("%s", h.Diagnose(ctx, harness.ControllerNamespace))
		return fmt.Errorf("install the controller: %s", r)
	}
	progressf("the controller runs")
	host = h
	return nil
}

func assets() harness.Assets {
	at := func(name string) string { return filepath.Join(payload.Dir, name) }
	return harness.Assets{CLI: at(payload.CLI), NodeImage: at(payload.NodeImage), ControllerImage: at(payload.ControllerImage)}
}

// remove stops the host, as a machine that is switched off should.
func remove(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTimeout)
	defer cancel()
	if err := host.Close(ctx); err != nil {
		progressf("remove the host: %v", err)
	}
}

var began = time.Now()

// console is standard error as it was at first: once tests run whose output is
// to be read by a program, package testing has os.Stderr go where they write.
var console = os.Stderr

// progressf tells whoever waits that there is some.
func progressf(format string, args ...any) {
	fmt.Fprintf(console, "%7.1fs "+format+"\n", append([]any{time.Since(began).Seconds()}, args...)...)
}
