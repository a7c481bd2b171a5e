package virtualcluster

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/report"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// observe gathers everything that the steps look at.
func (r *Reconciler) observe(ctx context.Context, vc *v1alpha1.VirtualCluster) (*Scope, error) {
	now := r.opts.Clock.Now()
	s := &Scope{
		vc:                  vc.DeepCopy(),
		recorded:            vc.Status.IdentityFingerprint,
		now:                 now,
		settling:            within(now, r.started(now), settlingTime),
		rand:                r.opts.Rand,
		profiles:            r.opts.Profiles,
		policy:              r.opts.Policy,
		controllerNamespace: r.opts.Namespace,
		oneNamespace:        r.opts.OneNamespace,
	}
	for _, o := range []func(context.Context, *Scope) error{
		r.observeChildren,
		r.observeSecrets,
		r.observePods,
		r.observeClaims,
		r.observeAdopted,
		r.observeHost,
		r.observeProofs,
		r.observeCatalogue,
	} {
		if err := o(ctx, s); err != nil {
			return nil, fmt.Errorf("observe: %w", err)
		}
	}
	return s, nil
}

// within says whether now is at most d after a moment. A clock that was put back
// is not before it.
func within(now, moment time.Time, d time.Duration) bool {
	since := now.Sub(moment)
	return since >= 0 && since < d
}

// observeChildren reads the objects of the cluster from the cache, and asks the
// API server itself for those that are not there: the cache holds only what
// carries our labels.
func (r *Reconciler) observeChildren(ctx context.Context, s *Scope) error {
	name := s.vc.Name
	var groups []string
	for _, g := range s.groups() {
		groups = append(groups, cluster.GroupName(name, g.Name))
	}
	both := []string{cluster.APIServiceName(name), cluster.NodesServiceName(name)}
	var err error
	if s.children.services, err = gather[corev1.Service](ctx, r, s, &corev1.ServiceList{}, both); err != nil {
		return err
	}
	if s.children.policies, err = gather[networkingv1.NetworkPolicy](ctx, r, s, &networkingv1.NetworkPolicyList{}, both); err != nil {
		return err
	}
	if s.children.configMaps, err = gather[corev1.ConfigMap](ctx, r, s, &corev1.ConfigMapList{}, groups); err != nil {
		return err
	}
	s.children.statefulSets, err = gather[appsv1.StatefulSet](ctx, r, s, &appsv1.StatefulSetList{}, groups)
	return err
}

// gather returns the cluster's own objects of one kind, by name, and notes the
// foreign ones that have one of the wanted names.
func gather[O any, OP object[O]](ctx context.Context, r *Reconciler, s *Scope, all client.ObjectList, wanted []string) (map[string]OP, error) {
	found := map[string]OP{}
	err := r.client.List(ctx, all, client.InNamespace(s.vc.Namespace), client.MatchingLabels{v1alpha1.LabelCluster: s.vc.Name})
	if err != nil {
		return nil, fmt.Errorf("list %T: %w", all, err)
	}
	if err := eachItem(all, func(obj OP) {
		if metav1.IsControlledBy(obj, s.vc) {
			found[obj.GetName()] = obj
		}
	}); err != nil {
		return nil, err
	}
	for _, name := range wanted {
		if found[name] != nil {
			continue
		}
		obj, err := live[O, OP](ctx, r, s, name)
		if err != nil {
			return nil, err
		}
		if obj != nil {
			found[name] = obj
		}
	}
	return found, nil
}

// live asks the API server for an object: nil if there is none, or if it is not
// the cluster's own, which is noted.
func live[O any, OP object[O]](ctx context.Context, r *Reconciler, s *Scope, name string) (OP, error) {
	obj := OP(new(O))
	err := r.live.Get(ctx, types.NamespacedName{Namespace: s.vc.Namespace, Name: name}, obj)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil //nolint:nilnil // absence is no error here
	case err != nil:
		return nil, fmt.Errorf("get %T %q: %w", obj, name, err)
	case !metav1.IsControlledBy(obj, s.vc):
		s.foreign = append(s.foreign, describeForeign(kindOfObject(obj), obj, s.vc))
		return nil, nil //nolint:nilnil // somebody else's object is none of ours
	default:
		return obj, nil
	}
}

// observeSecrets always asks the API server: whether the identity is there
// decides over making a new one, and no cache may be asked that. For the same
// reason the record of it is read anew when it is not.
func (r *Reconciler) observeSecrets(ctx context.Context, s *Scope) error {
	s.children.secrets = map[string]*corev1.Secret{}
	for _, name := range []string{
		cluster.IdentitySecretName(s.vc.Name),
		cluster.JoinSecretName(s.vc.Name),
		cluster.KubeconfigSecretName(s.vc.Name),
	} {
		secret, err := live[corev1.Secret](ctx, r, s, name)
		if err != nil {
			return err
		}
		if secret != nil {
			s.children.secrets[name] = secret
		}
	}
	if s.children.secrets[cluster.IdentitySecretName(s.vc.Name)] != nil || s.recorded != "" {
		return nil
	}
	return r.observeRecord(ctx, s)
}

// observeRecord reads the recorded fingerprint past the cache, which may be
// behind our own writes.
func (r *Reconciler) observeRecord(ctx context.Context, s *Scope) error {
	var vc v1alpha1.VirtualCluster
	if err := r.live.Get(ctx, client.ObjectKeyFromObject(s.vc), &vc); err != nil {
		return fmt.Errorf("get VirtualCluster: %w", err)
	}
	if vc.UID == s.vc.UID {
		s.recorded = vc.Status.IdentityFingerprint
		s.vc.Status.IdentityFingerprint = s.recorded
	}
	return nil
}

// observePods reads the node pods and what their guests report.
func (r *Reconciler) observePods(ctx context.Context, s *Scope) error {
	var pods corev1.PodList
	if err := r.client.List(ctx, &pods, client.InNamespace(s.vc.Namespace), client.MatchingLabels{v1alpha1.LabelCluster: s.vc.Name}); err != nil {
		return fmt.Errorf("list pods: %w", err)
	}
	s.reports = map[types.UID]report.Snapshot{}
	for _, p := range pods.Items {
		if !s.ownsPod(&p) {
			continue
		}
		s.pods = append(s.pods, p)
		if snapshot, ok := r.opts.Reports.Snapshot(client.ObjectKeyFromObject(s.vc), p.UID); ok {
			s.reports[p.UID] = snapshot
		}
	}
	sortByName(s.pods)
	return nil
}

// ownsPod says whether a pod belongs to a StatefulSet of the cluster: labels
// alone are anybody's to set.
func (s *Scope) ownsPod(p *corev1.Pod) bool {
	owner := metav1.GetControllerOf(p)
	if owner == nil {
		return false
	}
	for _, set := range s.children.statefulSets {
		if set.UID == owner.UID {
			return true
		}
	}
	return false
}

// observeCatalogue asks what versions there are: a new cluster has to choose
// one, and any other may have become outdated. A catalogue that cannot be read
// is no trouble of a cluster that has chosen.
func (r *Reconciler) observeCatalogue(ctx context.Context, s *Scope) error {
	c, err := r.opts.Catalogue(ctx)
	if held, unreadable := s.heldResolved(); held != nil || unreadable != nil {
		s.catalogue, s.catalogueError = c, err
		return nil //nolint:nilerr // the step that compares ages says it
	}
	if err != nil {
		return fmt.Errorf("read catalogue: %w", err)
	}
	s.catalogue = c
	return nil
}
