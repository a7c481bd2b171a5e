package hostcheck

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	storagev1 "k8s.io/api/storage/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/install"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

const (
	// kubeletTimeout bounds the wait for one kubelet, which may be unreachable.
	kubeletTimeout = 5 * time.Second
	// maxKubelets bounds how many are asked, and kubeletsAtOnce how many at a
	// time: they are configured alike on most hosts.
	maxKubelets    = 32
	kubeletsAtOnce = 8
	// definitionName is that of our CustomResourceDefinition.
	definitionName = "virtualclusters." + v1alpha1.GroupName
)

// Observer looks at a host.
type Observer struct {
	Client client.Client
	// Version asks for the API server's version, and Kubelet for the
	// configuration of the kubelet of a node.
	Version func(context.Context) (*version.Info, error)
	Kubelet func(ctx context.Context, node string) ([]byte, error)
	// Namespace that virtual clusters are wanted in.
	Namespace string
	// Node, if there is one, is the only one to look at.
	Node     string
	Profiles []profile.Profile
}

// NewObserver looks through an API server. The client must be of the same.
func NewObserver(config *rest.Config, c client.Client) (*Observer, error) {
	set, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", config.Host, err)
	}
	return &Observer{
		Client: c,
		Version: func(ctx context.Context) (*version.Info, error) {
			data, err := set.RESTClient().Get().AbsPath("/version").Do(ctx).Raw()
			if err != nil {
				return nil, err
			}
			info := &version.Info{}
			return info, json.Unmarshal(data, info)
		},
		Kubelet: func(ctx context.Context, node string) ([]byte, error) {
			return set.CoreV1().RESTClient().Get().Resource("nodes").Name(node).SubResource("proxy").Suffix("configz").Do(ctx).Raw()
		},
	}, nil
}

// NodeNotFoundError says that the host has no node of the name asked for.
type NodeNotFoundError struct{ Name string }

// Error implements error.
func (e *NodeNotFoundError) Error() string { return fmt.Sprintf("the host has no node %q", e.Name) }

// Observe asks everything once. It fails only where nothing can be asked at all,
// or where a node was asked for that is not there.
func (o *Observer) Observe(ctx context.Context) (*Observation, error) {
	seen := &Observation{Namespace: o.Namespace}
	seen.Version.Value, seen.Version.Err = o.Version(ctx)
	if err := seen.Version.Err; err != nil && !answered(err) {
		return nil, fmt.Errorf("ask the host for its version: %w", err)
	}
	seen.Nodes = o.nodes(ctx)
	if err, missing := errors.AsType[*NodeNotFoundError](seen.Nodes.Err); missing {
		return nil, err
	}
	seen.Classes = doctor.List(ctx, o.Client, func(l *nodev1.RuntimeClassList) []nodev1.RuntimeClass { return l.Items })
	seen.Storage = doctor.List(ctx, o.Client, func(l *storagev1.StorageClassList) []storagev1.StorageClass { return l.Items })
	seen.Daemons = doctor.List(ctx, o.Client, func(l *appsv1.DaemonSetList) []appsv1.DaemonSet { return l.Items })
	seen.Pods = doctor.List(ctx, o.Client, func(l *corev1.PodList) []corev1.Pod { return l.Items }, client.MatchingFieldsSelector{
		Selector: fields.ParseSelectorOrDie("status.phase!=Succeeded,status.phase!=Failed"),
	})
	o.observeNamespace(ctx, seen)
	o.observeController(ctx, seen)
	seen.Proofs = proofsOf(ctx, o.Client)
	seen.Kubelets = o.kubelets(ctx, seen.Nodes.Value)
	seen.Trials = o.trials(ctx, seen)
	return seen, context.Cause(ctx)
}

// answered says whether an error is the API server's own.
func answered(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status)
}

func (o *Observer) nodes(ctx context.Context) doctor.Seen[[]corev1.Node] {
	if o.Node != "" {
		var node corev1.Node
		err := o.Client.Get(ctx, client.ObjectKey{Name: o.Node}, &node)
		if apierrors.IsNotFound(err) {
			err = &NodeNotFoundError{Name: o.Node}
		}
		return doctor.Seen[[]corev1.Node]{Value: []corev1.Node{node}, Err: err}
	}
	seen := doctor.List(ctx, o.Client, func(l *corev1.NodeList) []corev1.Node { return l.Items })
	slices.SortFunc(seen.Value, func(a, b corev1.Node) int { return cmp.Compare(a.Name, b.Name) })
	return seen
}

func (o *Observer) observeNamespace(ctx context.Context, seen *Observation) {
	namespace := &corev1.Namespace{}
	seen.Object = doctor.Seen[*corev1.Namespace]{Value: namespace, Err: o.Client.Get(ctx, client.ObjectKey{Name: o.Namespace}, namespace)}
	in := client.InNamespace(o.Namespace)
	seen.Quotas = doctor.List(ctx, o.Client, func(l *corev1.ResourceQuotaList) []corev1.ResourceQuota { return l.Items }, in)
	seen.Limits = doctor.List(ctx, o.Client, func(l *corev1.LimitRangeList) []corev1.LimitRange { return l.Items }, in)
}

func (o *Observer) observeController(ctx context.Context, seen *Observation) {
	definition := &apiextensionsv1.CustomResourceDefinition{}
	err := o.Client.Get(ctx, client.ObjectKey{Name: definitionName}, definition)
	if apierrors.IsNotFound(err) {
		definition, err = nil, nil
	}
	seen.Definition = doctor.Seen[*apiextensionsv1.CustomResourceDefinition]{Value: definition, Err: err}
	seen.Controllers, seen.Trouble = Controllers(ctx, o.Client)
}

// Controllers are those of virtual clusters, and what keeps the first that does
// not run from running.
func Controllers(ctx context.Context, c client.Reader) (seen doctor.Seen[[]appsv1.Deployment], trouble string) {
	seen = doctor.List(ctx, c, func(l *appsv1.DeploymentList) []appsv1.Deployment { return l.Items },
		client.MatchingLabels(install.ControllerLabels()))
	for i := range seen.Value {
		if d := &seen.Value[i]; !Available(d) {
			return seen, install.Trouble(ctx, c, d.Namespace)
		}
	}
	return seen, ""
}

// kubelets asks kubelets for their configuration, some at a time. Who may not
// ask the first one is not let ask the others.
func (o *Observer) kubelets(ctx context.Context, nodes []corev1.Node) map[string]doctor.Seen[Kubelet] {
	all := map[string]doctor.Seen[Kubelet]{}
	nodes = nodes[:min(len(nodes), maxKubelets)]
	if len(nodes) == 0 {
		return all
	}
	first := o.kubelet(ctx, nodes[0].Name)
	all[nodes[0].Name] = first
	if apierrors.IsForbidden(first.Err) {
		return all
	}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(kubeletsAtOnce)
	for i := range nodes[1:] {
		name := nodes[i+1].Name
		group.Go(func() error {
			seen := o.kubelet(ctx, name)
			mu.Lock()
			defer mu.Unlock()
			all[name] = seen
			return nil // it is in what was seen
		})
	}
	_ = group.Wait() // as above
	return all
}

func (o *Observer) kubelet(ctx context.Context, node string) doctor.Seen[Kubelet] {
	ctx, cancel := context.WithTimeout(ctx, kubeletTimeout)
	defer cancel()
	data, err := o.Kubelet(ctx, node)
	if err != nil {
		return doctor.Seen[Kubelet]{Err: err}
	}
	var answer struct {
		Config Kubelet `json:"kubeletconfig"`
	}
	err = json.Unmarshal(data, &answer)
	return doctor.Seen[Kubelet]{Value: answer.Config, Err: err}
}

// trials asks whether node pods would be let in, without making any.
func (o *Observer) trials(ctx context.Context, seen *Observation) map[v1alpha1.RuntimeProfile]doctor.Seen[string] {
	all := map[v1alpha1.RuntimeProfile]doctor.Seen[string]{}
	if apierrors.IsNotFound(seen.Object.Err) {
		return all
	}
	for _, p := range o.Profiles {
		k := p.Knowledge()
		class := classOf(seen, k.ClassName)
		if class == nil {
			continue
		}
		pod, err := trialPod(o.Namespace, p, class)
		if err == nil {
			err = o.Client.Create(ctx, pod, client.DryRunAll)
		}
		all[k.Name] = verdict(err)
	}
	return all
}

// verdict tells words about the pod from trouble with asking.
func verdict(err error) doctor.Seen[string] {
	status, refused := errors.AsType[*apierrors.StatusError](err)
	switch {
	case err == nil || apierrors.IsAlreadyExists(err):
		return doctor.Seen[string]{}
	case !refused || doctor.MayNot(err):
		return doctor.Seen[string]{Err: err}
	}
	switch code := status.ErrStatus.Code; {
	case code == http.StatusConflict, code == http.StatusTooManyRequests, code == http.StatusUnauthorized, code == http.StatusRequestTimeout,
		code < http.StatusBadRequest, code >= http.StatusInternalServerError:
		return doctor.Seen[string]{Err: err}
	}
	return doctor.Seen[string]{Value: err.Error()}
}

func classOf(seen *Observation, name string) *nodev1.RuntimeClass {
	i := slices.IndexFunc(seen.Classes.Value, func(c nodev1.RuntimeClass) bool { return c.Name == name })
	if seen.Classes.Err != nil || i < 0 {
		return nil
	}
	return &seen.Classes.Value[i]
}

// trialName is what the pod is called that is only asked about.
const trialName = "vclusterctl-doctor"

func objectMeta(namespace string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: trialName}
}
