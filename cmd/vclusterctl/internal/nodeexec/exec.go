package nodeexec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apihttpstream "k8s.io/apimachinery/pkg/util/httpstream" //nolint:staticcheck // client-go's own interfaces still name it
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	spdytransport "k8s.io/client-go/transport/spdy"
	utilexec "k8s.io/client-go/util/exec"
	"k8s.io/klog/v2"
	"k8s.io/streaming/pkg/httpstream"
)

// Params say what to run where.
type Params struct {
	// Host is how to reach the API server of the host.
	Host *rest.Config
	// Node is where the program runs.
	Node Node
	// Command is the program and its arguments; no shell reads them.
	Command []string
	// In is what the program reads; nil for nothing.
	In io.Reader
	// Out and ErrOut are where its output goes; nil for nowhere. With a
	// terminal everything goes to Out.
	Out, ErrOut io.Writer
	// TTY gives the program a terminal. Who sits before it is told with Sizes;
	// Terminal makes both out of a real one.
	TTY bool
	// Sizes are the sizes of that terminal as they change; may be nil.
	Sizes remotecommand.TerminalSizeQueue
}

// ExitError says that the program ran and ended with another code than 0.
type ExitError struct {
	Code int
}

// Error implements error.
func (e *ExitError) Error() string { return fmt.Sprintf("the command ended with exit code %d", e.Code) }

// Exec runs a program in a node until it ends. It fails with an *ExitError if
// the program did, and otherwise if it could not be run or its end was not
// seen. Nothing is written to Out and ErrOut after it has returned. It speaks
// WebSockets, and SPDY to who does not.
func Exec(ctx context.Context, p Params) error {
	var refused error
	executor, err := p.executor(&refused)
	if err != nil {
		return fmt.Errorf("exec in pod %q: %w", p.Node.Pod, err)
	}
	out, errOut := newGate(p.Out), newGate(p.ErrOut)
	defer out.close()
	defer errOut.close()
	options := remotecommand.StreamOptions{Stdin: p.In, Tty: p.TTY, TerminalSizeQueue: p.Sizes}
	if p.Out != nil {
		options.Stdout = out
	}
	if p.ErrOut != nil && !p.TTY {
		options.Stderr = errOut
	}
	// A connection that breaks is told by the error, and by nobody else.
	err = executor.StreamWithContext(klog.NewContext(ctx, logr.Discard()), options)
	var exit utilexec.ExitError
	switch {
	case errors.As(err, &exit):
		return &ExitError{Code: exit.ExitStatus()}
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && refused != nil:
		return fmt.Errorf("exec in pod %q: %w", p.Node.Pod, refused)
	case err != nil:
		return fmt.Errorf("exec in pod %q: %w", p.Node.Pod, err)
	}
	return nil
}

// executor speaks SPDY where WebSockets fail. Who may do that may differ, so it
// is tried also where the API server refused: refused becomes its own word, which
// SPDY gives in a form that cannot be told apart.
func (p Params) executor(refused *error) (remotecommand.Executor, error) {
	at, err := p.url()
	if err != nil {
		return nil, err
	}
	transport, upgrader, err := spdytransport.RoundTripperFor(p.Host)
	if err != nil {
		return nil, err
	}
	spdy, err := remotecommand.NewSPDYExecutorForTransports(transport, accepted{upgrader, refused}, "POST", at)
	if err != nil {
		return nil, err
	}
	websocket, err := remotecommand.NewWebSocketExecutor(p.Host, "GET", at.String())
	if err != nil {
		return nil, err
	}
	return remotecommand.NewFallbackExecutor(websocket, spdy, func(err error) bool {
		var upgrade *httpstream.UpgradeFailureError
		var status apierrors.APIStatus
		if errors.As(err, &upgrade) && errors.As(upgrade.Cause, &status) {
			*refused = upgrade.Cause
		}
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
}

// accepted forgets that something was refused once SPDY is spoken.
type accepted struct {
	spdytransport.Upgrader

	refused *error
}

// NewConnection implements spdytransport.Upgrader.
func (a accepted) NewConnection(resp *http.Response) (apihttpstream.Connection, error) {
	conn, err := a.Upgrader.NewConnection(resp)
	if err == nil {
		*a.refused = nil
	}
	return conn, err
}

func (p Params) url() (*url.URL, error) {
	c, err := coreClient(p.Host)
	if err != nil {
		return nil, err
	}
	return c.Post().Resource("pods").Namespace(p.Node.Namespace).Name(p.Node.Pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{
			Container: p.Node.Container, Command: p.Command, TTY: p.TTY,
			Stdin: p.In != nil, Stdout: p.Out != nil, Stderr: p.ErrOut != nil && !p.TTY,
		}, clientgoscheme.ParameterCodec).URL(), nil
}

// coreClient speaks to the core API of the host.
func coreClient(host *rest.Config) (*rest.RESTClient, error) {
	config := rest.CopyConfig(host)
	config.APIPath, config.GroupVersion = "/api", &schema.GroupVersion{Version: "v1"}
	config.NegotiatedSerializer = clientgoscheme.Codecs.WithoutConversion()
	return rest.RESTClientFor(config)
}
