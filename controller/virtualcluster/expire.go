package virtualcluster

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// How long before its end a cluster is said to expire: a tenth of its life,
// within these bounds.
const (
	leastNotice = time.Minute
	mostNotice  = time.Hour
)

// lifetime is how long a cluster exists; 0 for as long as nobody deletes it.
func lifetime(vc *v1alpha1.VirtualCluster) time.Duration {
	return time.Duration(vc.Spec.Lifecycle.TTLSeconds) * time.Second
}

// expiry is when a cluster is deleted, nil for never.
func expiry(vc *v1alpha1.VirtualCluster) *metav1.Time {
	ttl := lifetime(vc)
	if ttl == 0 {
		return nil
	}
	at := metav1.NewTime(vc.CreationTimestamp.Add(ttl))
	return &at
}

// expire says when the cluster is deleted, and shortly before that it is. The
// time is known exactly, so nobody looks in between.
func expire(s *Scope) error {
	at := expiry(s.vc)
	s.vc.Status.ExpiresAt = at
	if at == nil {
		meta.RemoveStatusCondition(&s.vc.Status.Conditions, v1alpha1.ConditionExpiring)
		return nil
	}
	// The moment may have passed since this reconciliation began.
	s.comeBack(max(at.Sub(s.now), time.Nanosecond))
	ttl := lifetime(s.vc)
	if announced := at.Add(-notice(ttl)); s.now.Before(announced) {
		s.comeBack(announced.Sub(s.now))
		meta.RemoveStatusCondition(&s.vc.Status.Conditions, v1alpha1.ConditionExpiring)
		return nil
	}
	s.yes(v1alpha1.ConditionExpiring, v1alpha1.ReasonExpiring, fmt.Sprintf(
		"the cluster is deleted with all that is in it at %s, %s after it was made; to keep it longer, raise spec.lifecycle.ttlSeconds, or take it away",
		at.UTC().Format(time.RFC3339), ttl))
	return nil
}

// notice is how long before its end a cluster is said to expire.
func notice(ttl time.Duration) time.Duration {
	return min(max(ttl/10, leastNotice), mostNotice)
}

// expired deletes a cluster whose time has come. It is asked before anything
// else, and needs nothing else to work. Whoever gave the cluster more time
// meanwhile wins: what is deleted is what was looked at.
func (r *Reconciler) expired(ctx context.Context, vc *v1alpha1.VirtualCluster) (bool, error) {
	at := expiry(vc)
	if at == nil || r.opts.Clock.Now().Before(at.Time) {
		return false, nil
	}
	err := r.client.Delete(ctx, vc, client.Preconditions{UID: &vc.UID, ResourceVersion: &vc.ResourceVersion})
	switch {
	case apierrors.IsNotFound(err):
		return true, nil
	case err != nil:
		return true, fmt.Errorf("delete the cluster, whose time has come at %s: %w", at.UTC().Format(time.RFC3339), err)
	}
	log.FromContext(ctx).Info("deleted", "reason", v1alpha1.ReasonExpired, "expiresAt", at)
	r.opts.Recorder.Eventf(vc, nil, corev1.EventTypeNormal, v1alpha1.ReasonExpired, "Delete",
		"deleted %s after it was made, as spec.lifecycle.ttlSeconds says", lifetime(vc))
	return true, nil
}
