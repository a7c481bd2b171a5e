package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/host"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

// ControllerNamespace is where the controller is installed.
const ControllerNamespace = "vclusterctl-system"

// Host is an embedded host for tests.
type Host struct {
	*Cluster

	Assets Assets
	// Options that it was started with, and Status it had then.
	Options host.Options
	Status  host.Status
	// Dir holds everything of it, Kubeconfig is a file in there.
	Dir, Kubeconfig string
	// Echo is told what programs run with Run say of their progress, as they say
	// it, where one waits long for them. It may be nil.
	Echo io.Writer

	log  io.Writer
	lock *os.File
}

// New prepares a host of that name without starting it. Only one process at a
// time can have it; what an earlier one left of it is removed.
func New(ctx context.Context, a Assets, name string, log io.Writer) (*Host, error) {
	// The directory is always the same, so that what a run that was killed has
	// left is found.
	dir := filepath.Join(os.TempDir(), "vclusterctl-"+name)
	h := &Host{Assets: a, Dir: dir, Kubeconfig: filepath.Join(dir, "kubeconfig"), log: log, Options: host.Options{
		Name: name, Image: a.NodeImage, LoadImages: []string{a.ControllerImage},
		StateRoot: filepath.Join(dir, "state"), RunRoot: filepath.Join(dir, "run"),
	}}
	if err := h.takeLock(); err != nil {
		return nil, err
	}
	if err := h.Remove(ctx); err != nil {
		return nil, fmt.Errorf("remove what an earlier run left: %w", err)
	}
	var err error
	h.Options.Runtime, err = runtimes()
	return h, err
}

func (h *Host) takeLock() error {
	f, err := os.OpenFile(h.Dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("take the lock of host %q: %w", h.Options.Name, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return errors.Join(fmt.Errorf("another run has host %q: wait for it to end: %w", h.Options.Name, err), f.Close())
	}
	h.lock = f
	return nil
}

// runtimes is the userns profile, and beside its seccomp profile those that lack
// one system call each.
func runtimes() (host.Runtime, error) {
	full := userns.New()
	r, err := host.RuntimeFor(full)
	if err != nil {
		return r, err
	}
	for _, requirement := range full.Knowledge().Requirements {
		if requirement.Kind != profile.KindSyscall && requirement.Kind != profile.KindAbsentSyscall {
			continue
		}
		less, err := full.Without(requirement.Kind, requirement.Name)
		if err != nil {
			return r, err
		}
		lacking, err := host.RuntimeFor(less)
		if err != nil {
			return r, err
		}
		maps.Copy(r.Seccomp, lacking.Seccomp)
		maps.Copy(r.NodeLabels, lacking.NodeLabels)
	}
	return r, nil
}

// Up starts the host, or starts it anew with the data that it has.
func (h *Host) Up(ctx context.Context) error {
	status, err := host.Up(ctx, h.Options, h.report())
	if err != nil {
		return fmt.Errorf("start host %q: %w", h.Options.Name, err)
	}
	h.Status = status
	data, err := host.Kubeconfig(ctx, h.Options)
	if err != nil {
		return err
	}
	if err := os.WriteFile(h.Kubeconfig, data, 0o600); err != nil {
		return err
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(data)
	if err != nil {
		return err
	}
	h.Cluster, err = NewCluster(config)
	return err
}

// InstallArgs install the controller so that clusters may be let through to the
// host's node.
func (h *Host) InstallArgs() []string {
	return []string{"install", "--wait", "--allow-network", h.Status.NodeAddress + "/32"}
}

// Install puts the controller into the host, with the real program.
func (h *Host) Install(ctx context.Context) error {
	r := h.Run(ctx, h.InstallArgs()...)
	if r.Code != 0 {
		return fmt.Errorf("install the controller: %s", r)
	}
	return nil
}

// Down stops the host; its data stays.
func (h *Host) Down(ctx context.Context) error {
	o := h.Options
	o.Purge = false
	return host.Down(ctx, o, h.report())
}

// Remove stops the host, removes its data, and fails if anything is left on the
// machine.
func (h *Host) Remove(ctx context.Context) error {
	o := h.Options
	o.Purge = true
	err := host.Down(ctx, o, h.report())
	left, leftErr := host.Leftovers(o)
	err = errors.Join(err, leftErr)
	for _, l := range left {
		err = errors.Join(err, fmt.Errorf("left behind: %s", l))
	}
	if _, statErr := os.Stat(filepath.Join(o.StateRoot, o.Name)); statErr == nil {
		err = errors.Join(err, fmt.Errorf("left behind: the state in %q", o.StateRoot))
	}
	if err != nil {
		return err
	}
	if err := os.RemoveAll(h.Dir); err != nil {
		return err
	}
	return os.MkdirAll(h.Dir, 0o700)
}

// Close removes the host for good.
func (h *Host) Close(ctx context.Context) error {
	err := h.Remove(ctx)
	if err == nil {
		err = os.RemoveAll(h.Dir)
	}
	return errors.Join(err, os.Remove(h.lock.Name()), h.lock.Close())
}

func (h *Host) report() host.Reporter {
	start := time.Now()
	return func(p host.Progress) {
		fmt.Fprintf(h.log, "host %s: %5.1fs %s: %s\n", h.Options.Name, time.Since(start).Seconds(), p.Step, p.Message)
	}
}

// scheme knows the built-in types and this product's.
func scheme() (*runtime.Scheme, error) {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(s); err != nil {
			return nil, fmt.Errorf("make a scheme: %w", err)
		}
	}
	return s, nil
}
