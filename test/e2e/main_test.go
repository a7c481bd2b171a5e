package e2e

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

const (
	// requiredEnv makes a failure of what is otherwise a reason to skip.
	requiredEnv = "VCLUSTERCTL_E2E"
	required    = "required"
	// hostEnv names another host, so that several runs fit on one machine.
	hostEnv = "VCLUSTERCTL_E2E_HOST"
)

// hostName is the name of the host that the tests start.
var hostName = cmp.Or(os.Getenv(hostEnv), "e2e")

// How long things may take at most. They bound a run that is stuck: nothing
// here is a measure of speed.
const (
	startTimeout = 5 * time.Minute
	bootTimeout  = 5 * time.Minute
	stepTimeout  = 2 * time.Minute
	cleanTimeout = 2 * time.Minute
)

// world is what all tests of a run share.
var world struct {
	// host is nil where the tests cannot run; missing says why.
	host    *harness.Host
	missing error
	// ctx ends when the run is interrupted or almost out of time.
	ctx context.Context
	// carried are the distros that the node image carries.
	carried []string
	// shared makes the cluster of a distro that tests share, for the first
	// that needs it.
	shared map[v1alpha1.Distro]func() (refused string, err error)
}

// atOnce is how many tests run at a time: they mostly wait.
const atOnce = "3"

func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", atOnce) // the flag of the command line wins
	flag.Parse()
	ctrllog.SetLogger(logr.Discard()) // otherwise it complains that there is none
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx, cancel := leaveTime(ctx)
	defer cancel()
	world.ctx = ctx
	assets, err := prerequisites()
	if err != nil && os.Getenv(requiredEnv) == required {
		fmt.Fprintln(os.Stderr, "end-to-end tests are required, but:", err)
		return 1
	}
	if err != nil {
		world.missing = err
		return m.Run()
	}
	return runOn(ctx, m, assets)
}

// leaveTime ends a run early enough to clean up: "go test" kills one that is
// out of time.
func leaveTime(ctx context.Context) (context.Context, context.CancelFunc) {
	timeout, ok := flag.Lookup("test.timeout").Value.(flag.Getter).Get().(time.Duration)
	if !ok || timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, timeout-cleanTimeout-10*time.Second, errors.New("the run is out of time"))
}

func prerequisites() (harness.Assets, error) {
	if testing.Short() {
		return harness.Assets{}, errors.New("-short leaves out what needs a cluster")
	}
	if os.Geteuid() != 0 {
		return harness.Assets{}, errors.New("an embedded host needs root")
	}
	return harness.FindAssets()
}

// runOn runs the tests on a host, and fails if anything of it is left behind.
func runOn(ctx context.Context, m *testing.M, assets harness.Assets) (code int) {
	var err error
	if world.carried, err = harness.Carried(assets.NodeImage); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	h, err := harness.New(ctx, assets, hostName, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTimeout)
		defer cancel()
		if err := h.Close(clean); err != nil {
			fmt.Fprintln(os.Stderr, "remove the host:", err)
			code = max(code, 1)
		}
	}()
	if err := start(ctx, h); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	world.host = h
	world.shared = map[v1alpha1.Distro]func() (string, error){}
	for _, d := range harness.Distros() {
		world.shared[d.Name] = sync.OnceValues(func() (string, error) { return createShared(ctx, h, d) })
	}
	return m.Run()
}

// start starts the host and puts the controller into it.
func start(ctx context.Context, h *harness.Host) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := h.Up(ctx); err != nil {
		return err
	}
	return h.Install(ctx)
}
