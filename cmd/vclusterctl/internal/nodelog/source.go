package nodelog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeexec"
)

// Source reads the logs of the nodes of one virtual cluster.
type Source struct {
	// Client, Namespace and Cluster find the nodes.
	Client             client.WithWatch
	Namespace, Cluster string
	// Exec runs a program in a node.
	Exec func(ctx context.Context, node nodeexec.Node, command []string, out, errOut io.Writer) error
	// Log writes what a node's container printed.
	Log func(ctx context.Context, node nodeexec.Node, options nodeexec.LogOptions, out io.Writer) error
	// Tell tells people about what cannot be read and what is waited for.
	Tell func(format string, args ...any)
	// After is the clock of pauses between attempts.
	After func(time.Duration) <-chan time.Time
}

// NewSource reads through the API server of the host.
func NewSource(host *rest.Config, c client.WithWatch, namespace, cluster string, tell func(string, ...any)) *Source {
	return &Source{
		Client: c, Namespace: namespace, Cluster: cluster, Tell: tell, After: time.After,
		Exec: func(ctx context.Context, node nodeexec.Node, command []string, out, errOut io.Writer) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			return nodeexec.Exec(ctx, nodeexec.Params{Host: host, Node: node, Command: command, In: open{ctx}, Out: out, ErrOut: errOut})
		},
		Log: func(ctx context.Context, node nodeexec.Node, options nodeexec.LogOptions, out io.Writer) error {
			return nodeexec.Log(ctx, host, node, options, out)
		},
	}
}

// open is an input with nothing in it that is open while somebody listens.
type open struct{ ctx context.Context } //nolint:containedctx // a reader gets no context

// Read implements io.Reader.
func (o open) Read([]byte) (int, error) {
	<-o.ctx.Done()
	return 0, io.EOF
}

// Read gives the log of one node to emit, entry by entry. With q.Follow it ends
// when ctx does or the cluster is deleted, and otherwise with the log.
func (s *Source) Read(ctx context.Context, node string, q Query, emit func(Entry) error) error {
	n, err := nodeexec.Find(ctx, s.Client, s.Namespace, nodeexec.Ref{Cluster: s.Cluster, Node: node})
	var missing *nodeexec.NotFoundError
	switch {
	case errors.As(err, &missing) && q.Follow && len(missing.Have) == 0:
		return s.follow(ctx, node, q, emit) // it comes when the cluster boots or is resumed
	case err != nil:
		return err
	case q.Follow:
		return s.follow(ctx, n.Name, q, emit)
	case !n.Running:
		return s.console(ctx, n, q, errors.New("it does not run"), emit)
	}
	count, err := s.journal(ctx, n, q, emit)
	if count == 0 && cannotExec(ctx, err) {
		return s.console(ctx, n, q, err, emit)
	}
	return err
}

// emitError is an error of who gets the entries, told from those of the log.
type emitError struct{ error }

// Unwrap gives the error itself.
func (e emitError) Unwrap() error { return e.error }

// journal reads the journal of a node and says how many entries it had.
func (s *Source) journal(ctx context.Context, n nodeexec.Node, q Query, emit func(Entry) error) (count int, err error) {
	var complaint tail
	err = s.pass(ctx, emit, func(line []byte) (Entry, error) {
		e, err := parseRecord(n.Name, line)
		count++
		return e, err
	}, func(ctx context.Context, out io.Writer) error { return s.Exec(ctx, n, q.command(), out, &complaint) })
	if _, ended := errors.AsType[*nodeexec.ExitError](err); ended {
		err = fmt.Errorf("journalctl on node %q: %w: %s", n.Name, err, bytes.TrimSpace(complaint.text))
	}
	return count, err
}

// console reads what the container of a node printed, and says why.
func (s *Source) console(ctx context.Context, n nodeexec.Node, q Query, why error, emit func(Entry) error) error {
	s.tellConsole(n, why)
	return s.containerLog(ctx, n, q, emit)
}

func (s *Source) tellConsole(n nodeexec.Node, why error) {
	s.Tell("The journal of node %q cannot be read: %v. This is what its container printed, of all units:", n.Name, why)
}

func (s *Source) containerLog(ctx context.Context, n nodeexec.Node, q Query, emit func(Entry) error) error {
	options := nodeexec.LogOptions{Follow: q.Follow, Since: q.Since, Tail: q.Tail, Timestamps: true}
	return s.pass(ctx, emit, func(line []byte) (Entry, error) { return parseConsole(n.Name, line) },
		func(ctx context.Context, out io.Writer) error { return s.Log(ctx, n, options, out) })
}

// pass runs what writes lines and hands each to emit as an entry. It is
// interrupted when emit fails.
func (s *Source) pass(ctx context.Context, emit func(Entry) error, parse func([]byte) (Entry, error), write func(context.Context, io.Writer) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := &lines{each: func(line []byte) error {
		e, err := parse(line)
		if err == nil {
			err = emit(e)
		}
		if err != nil {
			err = emitError{err}
			cancel(err)
		}
		return err
	}}
	err := write(ctx, out)
	if own, ok := errors.AsType[emitError](context.Cause(ctx)); ok {
		return own
	}
	return err
}

// cannotExec says whether the error means that no program can be run in the
// node, as far as that can be told.
func cannotExec(ctx context.Context, err error) bool {
	var exit *nodeexec.ExitError
	var own emitError
	switch {
	case err == nil, ctx.Err() != nil, errors.As(err, &own):
		return false
	case errors.As(err, &exit):
		return noProgram(exit)
	}
	return true
}

// noProgram says whether a program ended as shells say that there is none.
func noProgram(exit *nodeexec.ExitError) bool { return exit.Code == 126 || exit.Code == 127 }
