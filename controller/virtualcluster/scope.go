package virtualcluster

import (
	"io"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/controller/report"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// Scope is one reconciliation: what was observed, filled once before the first
// step, and what the steps decided. Steps read and write nothing else.
type Scope struct {
	// Observed, in observe.go.

	// vc is our own copy of the VirtualCluster. Steps change its status only.
	vc *v1alpha1.VirtualCluster
	// now is the moment of this reconciliation, and rand the source of keys.
	now  time.Time
	rand io.Reader
	// profiles are the runtimes known, the strongest first.
	profiles []profile.Profile
	// policy is what the administrator allows.
	policy Policy
	// controllerNamespace is the controller's own namespace, the only one that
	// NetworkPolicies let read guest reports.
	controllerNamespace string
	// settling is true for a while after the controller started: guests it has
	// not asked yet count as they did before.
	settling bool
	// recorded is the fingerprint in the status as it was read: what the API
	// server holds, not what this reconciliation is about to write.
	recorded string
	// catalogue of versions, or why it cannot be read.
	catalogue      catalogue.Catalogue
	catalogueError error
	// children are the objects of the cluster that exist and are its own.
	children children
	// foreign names, by kind and name, the objects that stand where ours
	// should and are not ours.
	foreign []foreign
	// pods of the cluster, sorted by name.
	pods []corev1.Pod
	// claims are the volumes of the namespace by name, whoever they belong to.
	// Empty while no node is to be made, and none is without a place.
	claims map[string]*corev1.PersistentVolumeClaim
	// adopted is true if a volume of the servers is there that does not say by
	// itself that it is the cluster's.
	adopted bool
	// reports by UID of the pod.
	reports map[types.UID]report.Snapshot
	// runtimeClasses by name, and nodes sorted by name.
	runtimeClasses map[string]*nodev1.RuntimeClass
	nodes          []corev1.Node
	// proofs are what probes found on the nodes; nil where there are none.
	proofs proofs
	// oneNamespace is true for a controller that looks after one alone.
	oneNamespace bool
	// host is what is known of the host's network.
	host cluster.HostNetwork

	// Decided, by the step of the same name.

	// input of all builders; complete from network on.
	input cluster.Input
	// identity of the cluster; valid from identity on.
	identity pki.Identity
	// choices are the runtimes of the groups, valid from runtime on;
	// runtimeStop says why not all of them have one.
	choices     []*choice
	runtimeStop *stop
	// trials are the pods to rehearse before their StatefulSet is written.
	trials []trial
	// refusals say, by group, why its pods would not be let in. Filled by the
	// rehearsal, between the steps that decide and those that report.
	refusals map[string]string
	// stopped is where the steps that decide ended early, if they did.
	stopped *stop
	// told is true once all steps that say what is have run.
	told bool
	// plan is what to write.
	plan plan
	// requeue is the time after which to come back without being woken.
	requeue time.Duration
}

// children are objects of one cluster by name.
type children struct {
	services     map[string]*corev1.Service
	configMaps   map[string]*corev1.ConfigMap
	statefulSets map[string]*appsv1.StatefulSet
	policies     map[string]*networkingv1.NetworkPolicy
	secrets      map[string]*corev1.Secret
}

// foreign is an object that has the name of one of ours.
type foreign struct {
	kind, name string
	// owner describes who it belongs to.
	owner string
	// leaving is true while it is being deleted, or belongs to a former
	// cluster of the same name.
	leaving bool
}

// step decides one aspect. The error is a *stop, or something to retry.
type step func(*Scope) error

// comeBack makes sure that the cluster is looked at again after d.
func (s *Scope) comeBack(d time.Duration) {
	if d > 0 && (s.requeue == 0 || d < s.requeue) {
		s.requeue = d
	}
}

// settlingTime is what asking all guests takes, with much to spare.
const settlingTime = 30 * time.Second

// known says whether a condition was decided before.
func (s *Scope) known(condition string) bool {
	return s.condition(condition).Status != metav1.ConditionUnknown
}

// groupPods are the pods of a group.
func (s *Scope) groupPods(group string) []corev1.Pod {
	var out []corev1.Pod
	for _, p := range s.pods {
		if p.Labels[v1alpha1.LabelPool] == group {
			out = append(out, p)
		}
	}
	return out
}

// livingPods are the pods that are not about to go.
func (s *Scope) livingPods() []corev1.Pod {
	var out []corev1.Pod
	for _, p := range s.pods {
		if p.DeletionTimestamp == nil {
			out = append(out, p)
		}
	}
	return out
}
