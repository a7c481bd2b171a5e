package virtualcluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/controller/report"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// decide are the steps that say what should be, in order. The first that stops
// ends them.
var decide = []step{
	admit,         // may this cluster be at all?
	spareVolumes,  // and is nobody's volume in its way?
	resolve,       // every value left open is chosen once
	chooseRuntime, // which runtime, and which nodes offer it
	identify,      // who the cluster is
	network,       // how it is reached and fenced
	publish,       // its kubeconfig
	configure,     // what its nodes are told
	hold,          // may they run?
	servers,
	pools,
}

// tell are the steps that say what is. They all run, whatever decide came to.
var tell = []step{
	housekeep,
	rest,
	watchControlPlane,
	watchNodes,
	watchState,
	prove,
	compareAge,
	tellPause,
	expire,
	summarise,
	narrate,
}

// Reports are what the guests say.
type Reports interface {
	Track(cluster types.NamespacedName, targets []report.Target)
	Snapshot(cluster types.NamespacedName, uid types.UID) (report.Snapshot, bool)
}

// Clock tells the time.
type Clock interface{ Now() time.Time }

// Options of a Reconciler. All are needed, unless they say otherwise.
type Options struct {
	// Client reads from the cache, its own writes included; Live reads from
	// the API server.
	Client client.Client
	Live   client.Reader
	// Recorder of events.
	Recorder events.EventRecorder
	// Reports of the guests.
	Reports Reports
	// Catalogue of versions as it is now.
	Catalogue func(context.Context) (catalogue.Catalogue, error)
	// Profiles of runtimes, the strongest first.
	Profiles []profile.Profile
	Clock    Clock
	Rand     io.Reader
	// Namespace of the controller.
	Namespace string
	// Policy may be empty.
	Policy Policy
	// HostPodCIDRs may be empty: then the nodes' are taken.
	HostPodCIDRs []netip.Prefix
	// Probed is true where probes prove what nodes say of their runtimes.
	Probed bool
	// OneNamespace is true for a controller that looks after one alone.
	OneNamespace bool
}

// Reconciler turns one VirtualCluster into a running cluster.
type Reconciler struct {
	client    client.Client
	live      client.Reader
	opts      Options
	rehearsal *rehearsal

	startOnce sync.Once
	startTime time.Time
}

// New returns a Reconciler.
func New(opts Options) *Reconciler {
	return &Reconciler{
		client:    opts.Client,
		live:      opts.Live,
		opts:      opts,
		rehearsal: newRehearsal(opts.Client),
	}
}

// started is when the first reconciliation began: the process may have waited
// for its turn as the leader for long.
func (r *Reconciler) started(now time.Time) time.Time {
	r.startOnce.Do(func() { r.startTime = now })
	return r.startTime
}

// Reconcile implements reconcile.ObjectReconciler.
func (r *Reconciler) Reconcile(ctx context.Context, vc *v1alpha1.VirtualCluster) (reconcile.Result, error) {
	if !vc.DeletionTimestamp.IsZero() {
		// Owner references do the rest, with or without us.
		r.Forget(client.ObjectKeyFromObject(vc))
		return reconcile.Result{}, nil
	}
	if done, err := r.expired(ctx, vc); err != nil {
		return r.failed(ctx, vc, nil, err)
	} else if done {
		return reconcile.Result{}, nil
	}
	s, err := r.observe(ctx, vc)
	if err != nil {
		return r.failed(ctx, vc, nil, err)
	}
	if err := r.work(ctx, s); err != nil {
		return r.failed(ctx, vc, s, err)
	}
	if err := r.writeStatus(ctx, vc, s.vc); err != nil {
		return reconcile.Result{}, err
	}
	return r.result(ctx, s)
}

// work decides, rehearses, and applies. What is gets told, and asked after, even
// where nobody can say what would be let in.
func (r *Reconciler) work(ctx context.Context, s *Scope) error {
	s.initialise()
	if err := s.runUntilStopped(decide); err != nil {
		return flaw{err}
	}
	unsure := r.rehearse(ctx, s)
	for _, t := range tell {
		if err := t(s); err != nil {
			return flaw{err}
		}
	}
	s.told = true
	r.opts.Reports.Track(client.ObjectKeyFromObject(s.vc), targets(s))
	if unsure != nil {
		return unsure
	}
	return r.apply(ctx, s)
}

// runUntilStopped runs steps until one stops. Its words go into the condition
// that it names; an error of another kind is returned.
func (s *Scope) runUntilStopped(steps []step) error {
	for _, step := range steps {
		err := step(s)
		if err == nil {
			continue
		}
		if !errors.As(err, &s.stopped) {
			return err
		}
		s.comeBack(s.stopped.recheck)
		return nil
	}
	return s.plan.err
}

// result says when to come back.
func (r *Reconciler) result(ctx context.Context, s *Scope) (reconcile.Result, error) {
	if s.stopped != nil {
		log.FromContext(ctx).V(1).Info("stopped", "kind", s.stopped.kind, "reason", s.stopped.reason, "message", s.stopped.message)
		reconcileStops.WithLabelValues(string(s.stopped.kind), s.stopped.reason).Inc()
	}
	return reconcile.Result{RequeueAfter: s.requeue}, nil
}

// Forget drops what is kept of a cluster that is gone.
func (r *Reconciler) Forget(key types.NamespacedName) {
	r.opts.Reports.Track(key, nil)
	r.rehearsal.forget(key)
}

// writeStatus tells what changed in events, and writes the status once, if it
// did. The events come first: who dies in between, or never hears that it was
// written, would not tell of a change that the next attempt finds in the status.
// Rather is something told twice, which the recorder counts as one series.
func (r *Reconciler) writeStatus(ctx context.Context, old, updated *v1alpha1.VirtualCluster) error {
	if equality.Semantic.DeepEqual(old.Status, updated.Status) {
		return nil
	}
	r.announce(ctx, old, updated)
	err := r.client.Status().Patch(ctx, updated.DeepCopy(), client.MergeFrom(old), client.FieldOwner(v1alpha1.FieldOwner))
	switch {
	case apierrors.IsNotFound(err): // deleted meanwhile: nobody is left to tell
		return nil
	case err != nil:
		return fmt.Errorf("write status: %w", err)
	}
	measure(old, updated)
	return nil
}
