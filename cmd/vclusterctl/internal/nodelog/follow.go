package nodelog

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeexec"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/wait"
)

// The pause before a log is read on, which doubles as long as nothing comes.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 5 * time.Second
)

// errDeleted ends following: the cluster is no more.
var errDeleted = errors.New("the virtual cluster was deleted")

// follow reads the log of a node and goes on where it was whenever the node
// comes back.
func (s *Source) follow(ctx context.Context, node string, q Query, emit func(Entry) error) error {
	pause := firstPause
	for first := true; ; first = false {
		n, err := s.running(ctx, node)
		if errors.Is(err, errDeleted) {
			s.Tell("Virtual cluster %q is deleted: this was the log of node %q.", s.Cluster, node)
			return nil
		}
		if err != nil {
			return err
		}
		count, err := s.journal(ctx, n, q, func(e Entry) error {
			q.after = e.cursor
			return emit(e)
		})
		switch {
		case first && count == 0 && cannotExec(ctx, err):
			return s.console(ctx, n, q, err, emit)
		case !interrupted(ctx, err):
			return err
		case count > 0:
			pause = firstPause
			s.Tell("The log of node %q was interrupted; going on when the node runs.", node)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// interrupted says whether a log that was followed ended with its node, or with
// the connection to it: a program that ends by itself means what it says.
func interrupted(ctx context.Context, err error) bool {
	var exit *nodeexec.ExitError
	var own emitError
	switch {
	case ctx.Err() != nil, errors.As(err, &own):
		return false
	case errors.As(err, &exit):
		return exit.Code > 128 // by a signal: the node goes down
	}
	return true
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
