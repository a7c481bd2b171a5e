package nodelog

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeexec"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/wait"
)

// The pause before a log is read on, which doubles as long as nothing comes.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 5 * time.Second
)

// settling is how long a log must have been read for its next end to be another
// trouble than the one before.
const settling = time.Minute

// errDeleted ends following: the cluster is no more.
var errDeleted = errors.New("the virtual cluster was deleted")

// follower goes on with the log of one node wherever it was.
type follower struct {
	*Source

	query Query
	emit  func(Entry) error
	// console is set where the container's log takes the place of the journal,
	// and last is the time of the last entry of that.
	console bool
	last    time.Time
	// told says that the present trouble is known.
	told bool
}

// follow reads the log of a node and goes on where it was whenever the node
// comes back.
func (s *Source) follow(ctx context.Context, node string, q Query, emit func(Entry) error) error {
	f := &follower{Source: s, query: q, emit: emit}
	pause := firstPause
	for {
		n, err := s.running(ctx, node)
		if errors.Is(err, errDeleted) {
			s.Tell("Virtual cluster %q is deleted: this was the log of node %q.", s.Cluster, node)
			return nil
		}
		if err != nil {
			return err
		}
		settled := s.After(settling)
		count, err := f.read(ctx, n)
		if !interrupted(ctx, err) {
			return err
		}
		if count > 0 {
			pause = firstPause
		}
		f.tell(node, count, err, settled)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// read reads on until the log breaks off, and says how much came.
func (f *follower) read(ctx context.Context, n nodeexec.Node) (count int, err error) {
	if f.console {
		return f.readConsole(ctx, n)
	}
	count, err = f.journal(ctx, n, f.query, func(e Entry) error {
		f.query.after = e.cursor
		return f.emit(e)
	})
	if f.query.after == "" && refused(err) {
		f.console = true
		f.tellConsole(n, err)
		return f.readConsole(ctx, n)
	}
	return count, err
}

// readConsole reads what the container printed since the last time. That is told
// by the times of the lines: there is no other place to go on from.
func (f *follower) readConsole(ctx context.Context, n nodeexec.Node) (count int, err error) {
	q := f.query
	if !f.last.IsZero() {
		q.Since, q.Tail = 0, All
	}
	err = f.containerLog(ctx, n, q, func(e Entry) error {
		if !e.Time.After(f.last) {
			return nil
		}
		f.last = e.Time
		count++
		return f.emit(e)
	})
	return count, err
}

// tell tells of a log that broke off, once for all that comes of one cause: a
// node that goes down may be read from several times until it is gone.
func (f *follower) tell(node string, count int, err error, settled <-chan time.Time) {
	select {
	case <-settled:
		f.told = false
	default:
	}
	switch {
	case f.told:
		return
	case count > 0:
		f.Tell("The log of node %q was interrupted; going on when the node runs.", node)
	case err != nil:
		f.Tell("The log of node %q cannot be read now: %v; trying on.", node, err)
	default:
		return
	}
	f.told = true
}

// interrupted says whether a log that was followed ended with its node, or with
// the connection to it: a program that ends by itself means what it says, and so
// does an API server that refuses.
func interrupted(ctx context.Context, err error) bool {
	var exit *nodeexec.ExitError
	var own emitError
	switch {
	case ctx.Err() != nil, errors.As(err, &own), apierrors.IsForbidden(err):
		return false
	case errors.As(err, &exit):
		return exit.Code > 128 // by a signal: the node goes down
	}
	return true
}

// refused says whether an error means that nobody will ever run a program in the
// node: it is not allowed, or there is none.
func refused(err error) bool {
	if exit, ok := errors.AsType[*nodeexec.ExitError](err); ok {
		return noProgram(exit)
	}
	return apierrors.IsForbidden(err)
}

// running waits until the container of a node runs, or the cluster is deleted.
func (s *Source) running(ctx context.Context, node string) (nodeexec.Node, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		err := s.deleted(ctx)
		if err == nil {
			err = errDeleted
		}
		cancel(err)
	}()
	pod := &corev1.Pod{}
	pod.Namespace, pod.Name = s.Namespace, s.Cluster+"-"+node
	var found nodeexec.Node
	told := false
	err := wait.Until(ctx, s.Client, pod, &corev1.PodList{}, func(pod *corev1.Pod, exists bool) (bool, error) {
		if n, ok := nodeexec.Of(pod, s.Cluster); ok && exists && n.Running {
			found = n
			return true, nil
		}
		if !told {
			told = true
			s.Tell("Waiting for node %q to run.", node)
		}
		return false, nil
	})
	return found, err
}

// deleted waits until the cluster is.
func (s *Source) deleted(ctx context.Context) error {
	vc := &v1alpha1.VirtualCluster{}
	vc.Namespace, vc.Name = s.Namespace, s.Cluster
	return wait.Until(ctx, s.Client, vc, &v1alpha1.VirtualClusterList{}, func(vc *v1alpha1.VirtualCluster, exists bool) (bool, error) {
		return !exists || vc.DeletionTimestamp != nil, nil
	})
}
