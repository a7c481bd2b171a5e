package verbs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"time"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/access"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/wait"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// heldTimeout bounds the question whether somebody holds a way open: they do so
// on this machine.
const heldTimeout = 2 * time.Second

// errNoPort would take thousands of programs that listen.
var errNoPort = errors.New("every port for a way through the host is taken")

// connectThrough adds a context that leads through the host, and says what it
// takes.
func (t *target) connectThrough(ctx context.Context, data []byte, server string, p connectParams) error {
	name := kubeconfig.ContextName(t.namespace, t.name)
	candidates, err := t.ports(name)
	if err != nil {
		return err
	}
	for port := range candidates {
		through, err := access.Rename(data, name, access.LocalServer(port))
		if err != nil {
			return err
		}
		held := access.Reach(ctx, through, heldTimeout) == nil
		if !held && !isFree(ctx, port) {
			continue
		}
		if err := t.connectAt(ctx, through, p); err != nil {
			return err
		}
		if held {
			t.Hintf("%s does not answer from here; the context leads through the host, which is held open already.", server)
			return nil
		}
		t.Hintf("%s does not answer from here; the context leads through the host while this runs:", server)
		t.Hintf("  %s", t.command("connect", "--hold"))
		return nil
	}
	return errNoPort
}

// connectLater adds a context to a cluster that does not serve now. One that
// leads through the host goes on to: somebody may hold the way open.
func (t *target) connectLater(ctx context.Context, data []byte, p connectParams) error {
	name := kubeconfig.ContextName(t.namespace, t.name)
	port, err := t.portBefore(name)
	if err != nil {
		return err
	}
	if port != 0 {
		if data, err = access.Rename(data, name, access.LocalServer(port)); err != nil {
			return err
		}
	}
	if err := t.connectAt(ctx, data, p); err != nil {
		return err
	}
	t.Hintf("Its API does not serve now. See how it is with: %s", t.command("describe"))
	return nil
}

// awaitServing waits until the cluster's API serves, and fails where nobody
// wants it to.
func (t *target) awaitServing(ctx context.Context) (*v1alpha1.VirtualCluster, error) {
	var found *v1alpha1.VirtualCluster
	told := false
	err := wait.Until(ctx, t.client, t.empty(), &v1alpha1.VirtualClusterList{}, func(vc *v1alpha1.VirtualCluster, exists bool) (bool, error) {
		switch {
		case !exists:
			return false, t.deletedMeanwhile()
		case vc.Spec.Lifecycle.IsPaused():
			return false, t.paused()
		case serves(vc):
			found = vc
			return true, nil
		case !told:
			told = true
			t.Hintf("Its API does not serve now: waiting until it does. See how it is with: %s", t.command("describe"))
		}
		return false, nil
	})
	return found, err
}

// connectHolding opens a way through the host and adds a context that leads
// there.
func (t *target) connectHolding(ctx context.Context, vc *v1alpha1.VirtualCluster, p connectParams) (*access.Route, error) {
	candidates, err := t.ports(kubeconfig.ContextName(t.namespace, t.name))
	if err != nil {
		return nil, err
	}
	for port := range candidates {
		route, err := t.open(ctx, vc, func(p *access.Params) { p.Through, p.LocalPort, p.Changes = true, port, t.Hintf })
		if access.PortTaken(err) {
			if err := t.heldAlready(ctx, vc, port); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := t.connectAt(ctx, route.Kubeconfig, p); err != nil {
			route.Close()
			return nil, err
		}
		return route, nil
	}
	return nil, errNoPort
}

// heldAlready fails if somebody holds a way to the cluster open on a port.
func (t *target) heldAlready(ctx context.Context, vc *v1alpha1.VirtualCluster, port int) error {
	data, err := t.readKubeconfig(ctx, vc)
	if err != nil {
		return err
	}
	if data, err = access.Rename(data, kubeconfig.ContextName(t.namespace, t.name), access.LocalServer(port)); err != nil {
		return err
	}
	if access.Reach(ctx, data, heldTimeout) != nil {
		return nil //nolint:nilerr // it is something else that listens there
	}
	return cli.Fail("Add it to your kubeconfig with: "+t.command("connect"),
		"a way to virtual cluster %q in namespace %q is held open already, on port %d", t.name, t.namespace, port)
}

// ports are those to try, the one that the user's context leads to first.
func (t *target) ports(context string) (iter.Seq[int], error) {
	owner, err := t.owner()
	if err != nil {
		return nil, err
	}
	before, err := t.portBefore(context)
	if err != nil {
		return nil, err
	}
	return func(yield func(int) bool) {
		if before != 0 && !yield(before) {
			return
		}
		access.Ports(owner)(yield)
	}, nil
}

// portBefore is the port of this machine that the user's context leads to
// already, 0 where it leads elsewhere.
func (t *target) portBefore(context string) (int, error) {
	raw, err := t.Flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return 0, err
	}
	if c := raw.Contexts[context]; c != nil && raw.Clusters[c.Cluster] != nil {
		return access.LocalPort(raw.Clusters[c.Cluster].Server), nil
	}
	return 0, nil
}

// isFree says whether nobody listens on a port of this machine.
func isFree(ctx context.Context, port int) bool {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
