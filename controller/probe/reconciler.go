package probe

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// DefaultMost is how many probes run at once where nobody says another number.
const DefaultMost = 4

// Clock tells the time.
type Clock interface{ Now() time.Time }

// Options of a Reconciler. All are needed.
type Options struct {
	// Client reads nodes, RuntimeClasses, reports and clusters from the cache, its
	// own writes included.
	Client client.Client
	// Pods reads the probe pods from a cache, Writer makes and deletes them, and
	// Live reads their events.
	Pods   client.Reader
	Writer client.Client
	Live   client.Reader
	// Image is the node image to boot.
	Image func(context.Context) (string, error)
	// Profiles of runtimes, the strongest first.
	Profiles []profile.Profile
	Clock    Clock
	// Namespace of the probe pods.
	Namespace string
	// Most is how many probes may run at once.
	Most int
}

// Reconciler keeps reports true.
type Reconciler struct{ opts Options }

// New returns a Reconciler.
func New(opts Options) *Reconciler { return &Reconciler{opts: opts} }

// Reconcile implements reconcile.Reconciler. There is one thing to reconcile:
// the host.
func (r *Reconciler) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	w, err := r.observe(ctx)
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("observe: %w", err)
	}
	p, undecided := w.decide()
	again, failed := r.apply(ctx, w, p.actions)
	if again {
		p.again(time.Second)
	}
	if err := errors.Join(undecided, failed); err != nil {
		// To return it would put off the other nodes, whose time is in the plan.
		log.FromContext(ctx).Error(err, "cannot do all that is to be done for probes", "again", retryPause)
		p.again(retryPause)
	}
	return reconcile.Result{RequeueAfter: p.recheck}, nil
}

// retryPause is how long to wait where something could not be done.
const retryPause = 5 * time.Second

func (r *Reconciler) observe(ctx context.Context) (*world, error) {
	w := &world{
		now:       r.opts.Clock.Now(),
		profiles:  r.opts.Profiles,
		classes:   map[string]*nodev1.RuntimeClass{},
		reports:   map[string]*v1alpha1.RuntimeReport{},
		pods:      map[string]*corev1.Pod{},
		events:    map[types.UID][]corev1.Event{},
		namespace: r.opts.Namespace,
		most:      r.opts.Most,
	}
	var err error
	if w.image, err = r.opts.Image(ctx); err != nil {
		return nil, fmt.Errorf("find the node image: %w", err)
	}
	var classes nodev1.RuntimeClassList
	var nodes corev1.NodeList
	var reports v1alpha1.RuntimeReportList
	var clusters v1alpha1.VirtualClusterList
	for _, list := range []client.ObjectList{&classes, &nodes, &reports, &clusters} {
		if err := r.opts.Client.List(ctx, list); err != nil {
			return nil, fmt.Errorf("list %T: %w", list, err)
		}
	}
	w.nodes, w.waiting = nodes.Items, waitingFor(clusters.Items, r.opts.Profiles)
	for i := range classes.Items {
		w.classes[classes.Items[i].Name] = &classes.Items[i]
	}
	for i := range reports.Items {
		w.reports[reports.Items[i].Name] = &reports.Items[i]
	}
	return w, r.observePods(ctx, w)
}

func (r *Reconciler) observePods(ctx context.Context, w *world) error {
	var pods corev1.PodList
	if err := r.opts.Pods.List(ctx, &pods, client.InNamespace(r.opts.Namespace)); err != nil {
		return fmt.Errorf("list probe pods: %w", err)
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		w.pods[pod.Name] = pod
		if w.now.Sub(pod.CreationTimestamp.Time) < quick || started(pod) {
			continue
		}
		var list corev1.EventList
		if err := r.opts.Live.List(ctx, &list, client.InNamespace(pod.Namespace),
			client.MatchingFieldsSelector{Selector: fields.OneTermEqualSelector("involvedObject.uid", string(pod.UID))}); err != nil {
			return fmt.Errorf("list events of probe pod %q: %w", pod.Name, err)
		}
		w.events[pod.UID] = list.Items
	}
	return nil
}

// quick is what a pod takes to start; only of those that take longer events are
// read.
const quick = 5 * time.Second

func started(pod *corev1.Pod) bool {
	for _, c := range pod.Status.ContainerStatuses {
		if c.State.Running != nil || c.State.Terminated != nil {
			return true
		}
	}
	return false
}
