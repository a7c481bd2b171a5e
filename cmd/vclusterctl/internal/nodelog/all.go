package nodelog

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeexec"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/wait"
)

// ReadAll gives the logs of all nodes to emit: those that exist, in the order
// of their times, or with q.Follow all there will ever be, as they come.
func (s *Source) ReadAll(ctx context.Context, q Query, emit func(Entry) error) error {
	if q.Follow {
		return s.followAll(ctx, q, emit)
	}
	nodes, err := nodeexec.List(ctx, s.Client, s.Namespace, s.Cluster)
	if err != nil {
		return err
	}
	if len(nodes) == 0 {
		return &nodeexec.NotFoundError{Ref: nodeexec.Ref{Cluster: s.Cluster}}
	}
	logs, failures := make([][]Entry, len(nodes)), make([]error, len(nodes)+1)
	var group errgroup.Group
	for i, n := range nodes {
		group.Go(func() error {
			failures[i] = s.Read(ctx, n.Name, q, func(e Entry) error {
				logs[i] = append(logs[i], e)
				return nil
			})
			return nil
		})
	}
	failures[len(nodes)] = group.Wait()
	all := slices.Concat(logs...)
	slices.SortStableFunc(all, func(a, b Entry) int { return a.Time.Compare(b.Time) })
	for _, e := range all {
		if err := emit(e); err != nil {
			return err
		}
	}
	return errors.Join(failures...)
}

// followAll follows each node from when it is first seen.
func (s *Source) followAll(ctx context.Context, q Query, emit func(Entry) error) error {
	group, ctx := errgroup.WithContext(ctx)
	var mu sync.Mutex
	one := func(e Entry) error {
		mu.Lock()
		defer mu.Unlock()
		return emit(e)
	}
	known := map[string]bool{}
	watching, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	group.Go(func() error {
		err := wait.Any(watching, s.Client, &corev1.Pod{}, &corev1.PodList{}, func(pod *corev1.Pod) (bool, error) {
			n, ok := nodeexec.Of(pod, s.Cluster)
			if !ok || known[n.Name] {
				return false, nil
			}
			known[n.Name] = true
			group.Go(func() error { return s.follow(ctx, n.Name, q, one) })
			return false, nil
		}, client.InNamespace(s.Namespace), client.MatchingLabels{v1alpha1.LabelCluster: s.Cluster})
		if errors.Is(err, errDeleted) {
			return nil
		}
		return err
	})
	group.Go(func() error {
		if err := s.deleted(ctx); err != nil {
			return err
		}
		stop(errDeleted) // no node will come
		return nil
	})
	return group.Wait()
}
