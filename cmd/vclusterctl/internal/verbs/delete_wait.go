package verbs

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/wait"
)

// dependents are the kinds of what a cluster is made of, the one that takes
// longest first.
var dependents = []schema.GroupVersionKind{
	{Version: "v1", Kind: "Pod"},
	{Group: "apps", Version: "v1", Kind: "StatefulSet"},
	{Version: "v1", Kind: "PersistentVolumeClaim"},
	{Version: "v1", Kind: "Service"},
	{Version: "v1", Kind: "Secret"},
	{Version: "v1", Kind: "ConfigMap"},
	{Group: "networking.k8s.io", Version: "v1", Kind: "NetworkPolicy"},
}

func (t *target) selector() client.MatchingLabels {
	return client.MatchingLabels{v1alpha1.LabelCluster: t.name}
}

func (t *target) dependents(ctx context.Context, kind schema.GroupVersionKind) (*metav1.PartialObjectMetadataList, error) {
	list := emptyList(kind)
	err := t.client.List(ctx, list, client.InNamespace(t.namespace), t.selector())
	return list, err
}

func emptyList(kind schema.GroupVersionKind) *metav1.PartialObjectMetadataList {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(kind)
	return list
}

// remains are a cluster and what is made for it. Another cluster may get the
// name, and the same label on what it is made of, as soon as this one is gone.
type remains struct {
	t       *target
	cluster types.UID
	// seen are the UIDs of what was there before the deletion.
	seen map[types.UID]bool
	// err says why that is not known.
	err error
}

// remainsOf looks at what a cluster is made of. That must be before it is
// deleted: pods outlive the objects that say whose they are.
func remainsOf(ctx context.Context, t *target, cluster types.UID) *remains {
	r := &remains{t: t, cluster: cluster, seen: map[types.UID]bool{}}
	for _, kind := range dependents {
		list, err := t.dependents(ctx, kind)
		if unseen(err) {
			continue
		}
		r.err = errors.Join(r.err, err)
		for i := range list.Items {
			if !r.ofAnother(&list.Items[i]) {
				r.seen[list.Items[i].UID] = true
			}
		}
	}
	return r
}

// unseen says whether there is nothing to see for a user of a kind.
func unseen(err error) bool { return apierrors.IsForbidden(err) || meta.IsNoMatchError(err) }

// ofAnother says whether something was made for a cluster that had the name
// before.
func (r *remains) ofAnother(o client.Object) bool {
	for _, owner := range o.GetOwnerReferences() {
		if owner.Kind == v1alpha1.VirtualClusterKind && owner.UID != r.cluster {
			return true
		}
	}
	return false
}

// has says whether something is part of the cluster: it was there, or was made
// since for what was.
func (r *remains) has(o client.Object) bool {
	if r.seen[o.GetUID()] {
		return true
	}
	for _, owner := range o.GetOwnerReferences() {
		if owner.UID == r.cluster || r.seen[owner.UID] {
			return true
		}
	}
	return false
}

// await blocks until nothing is left.
func (r *remains) await(ctx context.Context) error {
	if r.err != nil {
		return fmt.Errorf("see what is left of virtual cluster %q in namespace %q: %w", r.t.name, r.t.namespace, r.err)
	}
	err := wait.Until(ctx, r.t.client, r.t.empty(), &v1alpha1.VirtualClusterList{}, func(vc *v1alpha1.VirtualCluster, exists bool) (bool, error) {
		return !exists || vc.UID != r.cluster, nil
	})
	for _, kind := range dependents {
		if err == nil {
			err = r.awaitKind(ctx, kind)
		}
	}
	return err
}

// awaitKind skips kinds that the user may not see.
func (r *remains) awaitKind(ctx context.Context, kind schema.GroupVersionKind) error {
	list, err := r.t.dependents(ctx, kind)
	if unseen(err) {
		return nil
	}
	if err != nil {
		return err
	}
	left := false
	for i := range list.Items {
		left = left || r.has(&list.Items[i])
	}
	if !left {
		return nil
	}
	obj := &metav1.PartialObjectMetadata{}
	obj.SetGroupVersionKind(kind)
	return wait.Gone(ctx, r.t.client, obj, emptyList(kind), r.has, client.InNamespace(r.t.namespace), r.t.selector())
}

// await blocks until nothing of a cluster is left, or time is up.
func (o *DeleteOptions) await(ctx context.Context, r *remains) error {
	ctx, cancel := withTimeout(ctx, o.Timeout)
	defer cancel()
	t, err := r.t, r.await(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return cli.TimedOut(
			"It goes on by itself. See what is left with: "+t.Kubectl("get", "all,secrets,configmaps,pvc,networkpolicies", "-n", t.namespace, "-l", v1alpha1.LabelCluster+"="+t.name),
			"virtual cluster %q in namespace %q is not gone after %s", t.name, t.namespace, o.Timeout)
	}
	if errors.Is(err, context.Canceled) {
		return cli.Interrupted("The deletion goes on by itself.")
	}
	return err
}
