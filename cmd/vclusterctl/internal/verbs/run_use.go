package verbs

import (
	"context"
	"fmt"
	"os"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/access"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// use waits for the cluster, runs the command and deletes the cluster. The last
// happens whatever becomes of the rest, a panic included.
func (r *running) use(ctx context.Context) (code int, err error) {
	stopExtending := r.extend(ctx)
	well := false
	defer func() { r.finish(ctx, well, stopExtending) }()
	start := r.Now()
	vc, err := r.await(ctx)
	if err != nil {
		r.t.showLastWords(ctx, err)
	}
	route, err := r.way(ctx, vc, err)
	r.report.ready(r.Now().Sub(start), err)
	if err != nil {
		return 0, err
	}
	defer route.Close()
	start = r.Now()
	code, err = session{command: r.Command, grace: runGrace, signals: r.signals}.run(ctx, r.t, route)
	r.report.ran(r.Now().Sub(start), code, err)
	r.stopped = r.asked(code)
	well = code == 0 && err == nil
	return code, err
}

// await waits for the cluster, and for no other that has got its name.
func (r *running) await(ctx context.Context) (*v1alpha1.VirtualCluster, error) {
	vc, err := r.Create.await(ctx, r.t)
	if err == nil && vc.UID != r.cluster.UID {
		return nil, r.t.deletedMeanwhile()
	}
	return vc, err
}

// way opens a route to a cluster that has come up. One that has not is deleted,
// so what helps otherwise does not.
func (r *running) way(ctx context.Context, vc *v1alpha1.VirtualCluster, failed error) (*access.Route, error) {
	var route *access.Route
	if failed == nil {
		route, failed = r.t.open(ctx, vc)
	}
	switch {
	case failed == nil:
		return route, nil
	case ctx.Err() != nil:
		return nil, cli.Fail("", "interrupted")
	}
	remedy := "See more of it next time with --keep-on-failure or --output-dir DIR"
	if r.KeepOnFailure {
		remedy = "See more with: " + r.t.command("describe")
	}
	return nil, cli.Fail(remedy, "%w", failed)
}

// signalDelay is how much later than the command we may hear of a key that was
// meant for both.
const signalDelay = 100 * time.Millisecond

// asked says whether somebody had asked the command to end when it did, whatever
// its code says: many clear up and call that a failure.
func (r *running) asked(code int) bool {
	if code != 0 && !r.signals.Any() {
		<-r.after(signalDelay)
	}
	return r.signals.Any()
}

// interrupted says whether somebody has ended this, and nothing failed by
// itself. Keys that were pressed after the command had ended mean less: they end
// a wait.
func (r *running) interrupted(ctx context.Context) bool {
	return r.stopped || ctx.Err() != nil || r.signals.Told()
}

// finish deletes the cluster, or keeps it for whoever wants to see what failed.
// It lives on while that is collected, however long that takes.
func (r *running) finish(ctx context.Context, well bool, stopExtending func()) {
	lasting := context.WithoutCancel(ctx)
	if !well && !r.interrupted(ctx) {
		r.collect(lasting)
	}
	stopExtending()
	if !well && r.KeepOnFailure && !r.interrupted(ctx) {
		r.keep(lasting)
		return
	}
	if err := r.remove(lasting); err != nil {
		r.Hintf("warning: %s", cli.OneLine(err.Error()))
		r.Hintf("  Delete it with: %s; otherwise it goes within %s.", r.t.command("delete"), r.TTL)
	}
}

// keep takes the end of the cluster away, and says what to do with it.
func (r *running) keep(ctx context.Context) {
	if err := r.insist(ctx, func(ctx context.Context) error { return r.setTTL(ctx, nil) }); err != nil {
		r.Hintf("warning: %s", cli.OneLine(err.Error()))
		r.Hintf("  It is deleted within %s. Until then look at it with: %s", r.TTL, r.t.command("attach"))
		return
	}
	r.Hintf("Virtual cluster %q in namespace %q is kept. Look at it with: %s", r.t.name, r.t.namespace, r.t.command("attach"))
	r.Hintf("Delete it with: %s", r.t.command("delete"))
}

// collect saves what there is to see, unless somebody does not want to wait.
func (r *running) collect(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer r.signals.To(func(os.Signal) { cancel() })()
	r.report.collect(ctx, r.t)
}

// deleteTimeout bounds the wait for the end of a cluster whose deletion was
// accepted.
const deleteTimeout = 3 * time.Minute

// remove deletes the cluster and waits until nothing of it is left, or somebody
// does not want to wait any longer. It fails only where the cluster stays: once
// its deletion is accepted, its name may be somebody else's at any time.
func (r *running) remove(ctx context.Context) error {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	defer r.signals.To(func(os.Signal) { cancel() })()
	r.Hintf("Deleting virtual cluster %q in namespace %q.", r.t.name, r.t.namespace)
	o := &DeleteOptions{Factory: r.Factory, Timeout: deleteTimeout, DryRun: dryRunNone}
	left := r.remains(waiting)
	err := r.insist(ctx, func(ctx context.Context) error { return o.delete(ctx, r.t, r.cluster) })
	if apierrors.IsConflict(err) {
		r.Hintf("It is gone already; another one has its name now, and stays.")
		return nil
	}
	if err != nil {
		return err
	}
	if err = o.await(waiting, left); err == nil {
		return nil
	}
	if waiting.Err() != nil {
		r.Hintf("Not waiting any longer: the deletion goes on by itself.")
		return nil
	}
	r.Hintf("warning: %s", cli.OneLine(err.Error()))
	r.Hintf("  The deletion goes on by itself.")
	return nil
}

// remains are what is waited for, if that can be seen in time: it is no reason
// to delete later.
func (r *running) remains(ctx context.Context) *remains {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return remainsOf(ctx, r.t, r.cluster.UID)
}

// insist tries a request again for as long as an API server that is away
// usually needs.
func (r *running) insist(ctx context.Context, request func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	for {
		err := request(ctx)
		if err == nil || !mayPass(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("tried for %s: %w", requestTimeout, err)
		case <-r.after(time.Second):
		}
	}
}
