package rollout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// mark is the label by which namespaces are found that a program which was
	// killed has left behind.
	mark      = "vclusterctl.dev/made-for"
	markValue = "node-setup"
	// mayTake is an annotation of such a namespace: how long one node may take.
	mayTake = "vclusterctl.dev/node-may-take"
	// margin is for what has no time-out of its own.
	margin = time.Minute
)

// Sweep removes the namespaces that programs left behind which were killed, and
// says which: privileged pods may be made in them. Those of programs that are at
// work stay.
func Sweep(ctx context.Context, c client.Client, now time.Time) (gone []string, err error) {
	var list corev1.NamespaceList
	if err := c.List(ctx, &list, client.MatchingLabels{mark: markValue}); err != nil {
		return nil, fmt.Errorf("list the namespaces for pods on the nodes: %w", err)
	}
	for i := range list.Items {
		ns := &list.Items[i]
		if !strings.HasPrefix(ns.Name, prefix) || !ns.DeletionTimestamp.IsZero() {
			continue
		}
		removed, bad := sweep(ctx, c, ns, now)
		if removed {
			gone = append(gone, ns.Name)
		}
		if bad != nil {
			err = errors.Join(err, fmt.Errorf("namespace %q: %w", ns.Name, bad))
		}
	}
	return gone, err
}

func sweep(ctx context.Context, c client.Client, ns *corev1.Namespace, now time.Time) (removed bool, err error) {
	if left, err := abandoned(ctx, c, ns, now); err != nil || !left {
		return false, err
	}
	if err := c.Delete(ctx, ns, client.Preconditions{UID: &ns.UID}); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	return true, nil
}

// abandoned says whether nobody can be at work with a namespace: there is a new
// pod in it for every node, and one node takes so long at most, as does the end of
// it all.
func abandoned(ctx context.Context, c client.Reader, ns *corev1.Namespace, now time.Time) (bool, error) {
	grace, err := time.ParseDuration(ns.Annotations[mayTake])
	if err != nil {
		return false, fmt.Errorf("annotation %s: %w: remove the namespace by hand if nobody needs it", mayTake, err)
	}
	var pods corev1.PodList
	if err := c.List(ctx, &pods, client.InNamespace(ns.Name)); err != nil {
		return false, fmt.Errorf("list its pods: %w", err)
	}
	last := ns.CreationTimestamp.Time
	for i := range pods.Items {
		if made := pods.Items[i].CreationTimestamp.Time; made.After(last) {
			last = made
		}
	}
	return now.Sub(last) > 2*(grace+margin), nil
}
