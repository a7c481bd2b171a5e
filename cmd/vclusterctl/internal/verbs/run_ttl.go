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
	wait := r.TTL / 3
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.after(wait):
		}
		err := r.setTTL(ctx, ptr.To(r.age()+r.TTL))
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			wait = r.TTL / 3
		case mayPass(err):
			wait = r.TTL / 30
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

// keep takes the end of the cluster away.
func (r *running) keep(ctx context.Context) error {
	return r.insist(ctx, func(ctx context.Context) error { return r.setTTL(ctx, nil) })
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
// not answered, or not for a reason of the request's.
func mayPass(err error) bool {
	var answer apierrors.APIStatus
	if !errors.As(err, &answer) {
		return true
	}
	code := answer.Status().Code
	return code >= http.StatusInternalServerError || code == http.StatusTooManyRequests
}
