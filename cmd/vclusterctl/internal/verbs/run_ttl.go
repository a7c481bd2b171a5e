package verbs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// headStart is how long before the moment that was promised the deletion begins:
// it takes its time.
const headStart = 30 * time.Second

// minTTL is the least that can be promised.
const minTTL = v1alpha1.MinTTLSeconds*time.Second + headStart

// life is for how long the cluster is given an end in the future.
func (o *RunOptions) life() time.Duration { return o.TTL - headStart }

// checkTTL says whether a cluster can be gone in time.
func (o *RunOptions) checkTTL() error {
	switch {
	case o.TTL < minTTL:
		return cli.Usagef("--ttl %s: want %s at least: clusters exist for %ds, and it takes a moment until they are gone", o.TTL, minTTL, v1alpha1.MinTTLSeconds)
	case o.life() > v1alpha1.MaxTTLSeconds*time.Second:
		return cli.Usagef("--ttl %s: want %s at most", o.TTL, v1alpha1.MaxTTLSeconds*time.Second+headStart)
	}
	return nil
}

// extend moves the end of the cluster on, as long as we live.
func (r *running) extend(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.extendUntil(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// extendUntil extends the life of the cluster every third of it, and more often
// while that fails.
func (r *running) extendUntil(ctx context.Context) {
	wait := r.life() / 3
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.after(wait):
		}
		err := r.setTTL(ctx, ptr.To(r.age()+r.life()))
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			wait = r.life() / 3
		case mayPass(err):
			wait = r.life() / 30
		default:
			r.Hintf("warning: virtual cluster %q cannot be kept: %s", r.t.name, cli.OneLine(err.Error()))
			return
		}
	}
}

// age is how old the cluster is, by our clocks: only differences of time are
// compared with those of the host. One clock stands still while the machine
// sleeps, the other may be set; the longer time is the safe one.
func (r *running) age() time.Duration {
	now := r.Now()
	return max(now.Sub(r.created), now.Round(0).Sub(r.created.Round(0)))
}

// setTTL says how long after its creation the cluster ends, nil for never. The
// UID makes sure that it is ours.
func (r *running) setTTL(ctx context.Context, ttl *time.Duration) error {
	var seconds *int64
	if ttl != nil {
		seconds = ptr.To(min(int64(ttl.Round(time.Second)/time.Second), v1alpha1.MaxTTLSeconds))
	}
	data, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": r.cluster.UID},
		"spec":     map[string]any{"lifecycle": map[string]any{"ttlSeconds": seconds}},
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	vc := &v1alpha1.VirtualCluster{}
	vc.Namespace, vc.Name = r.t.namespace, r.t.name
	if err := r.t.client.Patch(ctx, vc, client.RawPatch(types.MergePatchType, data), client.FieldOwner(cli.FieldManager)); err != nil {
		return fmt.Errorf("change the end of virtual cluster %q in namespace %q: %w", r.t.name, r.t.namespace, err)
	}
	return nil
}

// mayPass says whether it is of use to try a request again: the API server has
// not answered, or not for a reason of the request's. Credentials that have
// expired are replaced after the answer that says so.
func mayPass(err error) bool {
	var answer apierrors.APIStatus
	if !errors.As(err, &answer) {
		return true
	}
	switch code := answer.Status().Code; code {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	default:
		return code >= http.StatusInternalServerError
	}
}
