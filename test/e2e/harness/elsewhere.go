package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
	"k8s.io/client-go/tools/clientcmd"
)

// Elsewhere is a place from which nothing can be reached but the API server of a
// host: a network namespace with a loopback device, and one port on it.
type Elsewhere struct {
	// Kubeconfig leads from there to the host.
	Kubeconfig string

	host     *Host
	listener net.Listener
	do       chan func()
	carried  sync.WaitGroup
}

// Elsewhere makes such a place.
func (h *Host) Elsewhere(dir string) (*Elsewhere, error) {
	e := &Elsewhere{Kubeconfig: filepath.Join(dir, "elsewhere"), host: h, do: make(chan func())}
	entered := make(chan error)
	go e.stay(entered)
	err := <-entered
	if err == nil {
		err = e.listen()
	}
	if err != nil {
		close(e.do)
		return nil, fmt.Errorf("make a network namespace: %w", err)
	}
	return e, nil
}

// stay is the one thread that is there. It is not used for anything else after.
func (e *Elsewhere) stay(entered chan<- error) {
	runtime.LockOSThread()
	err := unix.Unshare(unix.CLONE_NEWNET)
	if err == nil {
		err = raiseLoopback()
	}
	entered <- err
	for do := range e.do {
		do()
	}
}

func raiseLoopback() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	return netlink.LinkSetUp(lo)
}

// in does something there.
func (e *Elsewhere) in(do func()) {
	done := make(chan struct{})
	e.do <- func() {
		defer close(done)
		do()
	}
	<-done
}

// listen opens the port to the host, and writes the kubeconfig that leads to it.
func (e *Elsewhere) listen() error {
	config, err := clientcmd.LoadFromFile(e.host.Kubeconfig)
	if err != nil {
		return err
	}
	cluster := config.Clusters[config.Contexts[config.CurrentContext].Cluster]
	server, err := url.Parse(cluster.Server)
	if err != nil {
		return err
	}
	e.in(func() { e.listener, err = net.Listen("tcp", "127.0.0.1:0") })
	if err != nil {
		return err
	}
	if cluster.TLSServerName == "" {
		cluster.TLSServerName = server.Hostname()
	}
	cluster.Server = "https://" + e.listener.Addr().String()
	e.carried.Go(func() { e.accept(server.Host) })
	return clientcmd.WriteToFile(*config, e.Kubeconfig)
}

// accept carries what comes to the port to the host, from here.
func (e *Elsewhere) accept(to string) {
	for {
		near, err := e.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		e.carried.Go(func() { carry(near, to) })
	}
}

func carry(near net.Conn, to string) {
	defer near.Close()
	far, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer far.Close()
	go func() {
		_, _ = io.Copy(far, near)
		_ = far.Close()
	}()
	_, _ = io.Copy(near, far)
}

// Launch starts the program there.
func (e *Elsewhere) Launch(ctx context.Context, args ...string) *Process {
	return e.start(ctx, e.host.Assets.CLI, args...)
}

// Command runs another program there, with the same kubeconfig.
func (e *Elsewhere) Command(ctx context.Context, program string, args ...string) Result {
	return e.start(ctx, program, args...).Wait()
}

func (e *Elsewhere) start(ctx context.Context, program string, args ...string) *Process {
	p := e.host.process(ctx, e.Kubeconfig, program, args...)
	e.in(func() { p.failed = p.cmd.Start() })
	return p
}

// Close leaves the place, which then is no more.
func (e *Elsewhere) Close() error {
	err := e.listener.Close()
	close(e.do)
	e.carried.Wait()
	return errors.Join(err, os.Remove(e.Kubeconfig))
}
