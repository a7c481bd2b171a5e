package access

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/streaming/pkg/httpstream"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tunnel"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// How long to wait for an answer: of an address that may lead nowhere, of the
// host and a pod that serves, and of the API at the end of a tunnel.
const (
	directTimeout = 3 * time.Second
	hostTimeout   = 30 * time.Second
	answerTimeout = 15 * time.Second
)

// Params say which cluster to open a route to.
type Params struct {
	// Host is how to reach the API server of the host, and Client talks to it.
	Host   *rest.Config
	Client client.WithWatch
	// Cluster is the virtual cluster.
	Cluster *v1alpha1.VirtualCluster
	// Context is what everything in the kubeconfig is called.
	Context string
	// Through takes the way through the host without trying another.
	Through bool
	// LocalPort is where a tunnel listens, 0 for any port that is free.
	LocalPort int
	// Tell, if there is one, hears which way was chosen.
	Tell func(format string, args ...any)
	// Changes, if there is one, hears of a tunnel that breaks and comes back.
	Changes func(format string, args ...any)
}

// Route is a way to the API of a virtual cluster that works from here, as long
// as it is open.
type Route struct {
	// Kubeconfig of the cluster's administrator that takes this way.
	Kubeconfig []byte
	// Server is the address in it.
	Server string
	// Tunnelled says whether the way is a tunnel, which ends with Close.
	Tunnelled bool

	tunnel *tunnel.Tunnel
}

// Close ends the route. It is safe for a route that is none.
func (r *Route) Close() {
	if r != nil && r.tunnel != nil {
		r.tunnel.Close()
	}
}

// UnreachableError says that no way leads to the API of a virtual cluster.
type UnreachableError struct {
	// Server is the cluster's own address, and Direct why it is of no use: nil
	// where it was not tried.
	Server string
	Direct error
	// Through is why the way through the host is of none.
	Through error
}

// Error implements error.
func (e *UnreachableError) Error() string {
	if e.Direct == nil {
		return fmt.Sprintf("the API does not answer through the API server of the host: %v", e.Through)
	}
	return fmt.Sprintf("the API at %s does not answer from here (%v), nor through the API server of the host: %v", e.Server, e.Direct, e.Through)
}

// Unwrap gives why there is no way through the host: the user can do more about
// that.
func (e *UnreachableError) Unwrap() error { return e.Through }

// Open finds a way to the API of a virtual cluster: the cluster's own address
// if that answers and is the server that its kubeconfig trusts, and a tunnel
// otherwise. The context bounds the opening, not the life of the route.
func Open(ctx context.Context, p Params) (*Route, error) {
	data, err := Read(ctx, p.Client, p.Cluster)
	if err != nil {
		return nil, err
	}
	if data, err = Rename(data, p.Context, ""); err != nil {
		return nil, err
	}
	server, err := Server(data)
	if err != nil {
		return nil, err
	}
	var direct error
	if !p.Through {
		if direct = Reach(ctx, data, directTimeout); direct == nil {
			return &Route{Kubeconfig: data, Server: server}, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if p.Tell != nil {
			p.Tell("%s does not answer from here: going through the API server of the host.", server)
		}
	}
	r, err := p.tunnel(ctx, data)
	if err != nil && ctx.Err() == nil {
		return nil, &UnreachableError{Server: server, Direct: direct, Through: err}
	}
	return r, err
}

// tunnel is the route through the host. It is not taken before the right server
// has answered at its end.
func (p Params) tunnel(ctx context.Context, data []byte) (*Route, error) {
	t, err := p.openTunnel(ctx)
	if err != nil {
		return nil, err
	}
	r := &Route{Server: "https://" + t.Address(), Tunnelled: true, tunnel: t}
	if r.Kubeconfig, err = Rename(data, p.Context, r.Server); err == nil {
		err = Reach(ctx, r.Kubeconfig, answerTimeout)
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	return r, nil
}

func (p Params) openTunnel(ctx context.Context) (*tunnel.Tunnel, error) {
	host, err := tunnel.NewHost(p.Host)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, hostTimeout, fmt.Errorf("no server pod of virtual cluster %q could be reached within %s", p.Cluster.Name, hostTimeout))
	defer cancel()
	servers := tunnel.Servers{Client: p.Client, Namespace: p.Cluster.Namespace, Cluster: p.Cluster.Name}
	return tunnel.Open(ctx, tunnel.Params{
		Find: servers.Find,
		Dial: func(ctx context.Context, pod string) (httpstream.Connection, error) {
			return host.Dial(ctx, p.Cluster.Namespace, pod)
		},
		Port: cluster.APIPort, LocalPort: p.LocalPort, Tell: p.Changes,
	})
}

// PortTaken says whether a route could not be opened because something else
// listens on its port.
func PortTaken(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "listen"
}
