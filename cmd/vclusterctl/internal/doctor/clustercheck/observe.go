package clustercheck

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/cert"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/access"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/belongings"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor/hostcheck"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

const (
	// innerTimeout bounds the questions to the API inside, summaryTimeout that to
	// one kubelet of the host.
	innerTimeout   = 10 * time.Second
	summaryTimeout = 5 * time.Second
	// maxSystemPods bounds what is read of a tenant's.
	maxSystemPods = 500
)

// Observer looks at a virtual cluster.
type Observer struct {
	Client client.Client
	// Pods and Events read what there is of the cluster on the host.
	Pods   func(context.Context) ([]corev1.Pod, error)
	Events func(context.Context, []corev1.Pod) ([]corev1.Event, error)
	// Summary is what the kubelet of a node of the host says of its pods.
	Summary func(ctx context.Context, node string) ([]byte, error)
	// Route opens a way to the API inside.
	Route func(context.Context, *v1alpha1.VirtualCluster) (*access.Route, error)
	// LastWords reads the log of the node that holds the cluster up.
	LastWords func(context.Context) (LastWords, error)
}

// SummaryOf asks kubelets through an API server.
func SummaryOf(config *rest.Config) (func(ctx context.Context, node string) ([]byte, error), error) {
	set, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", config.Host, err)
	}
	return func(ctx context.Context, node string) ([]byte, error) {
		return set.CoreV1().RESTClient().Get().Resource("nodes").Name(node).SubResource("proxy").Suffix("stats/summary").Do(ctx).Raw()
	}, nil
}

// Observe asks everything once. What cannot be asked is in what was seen.
func (o *Observer) Observe(ctx context.Context, vc *v1alpha1.VirtualCluster, now time.Time) (*Observation, error) {
	seen := &Observation{Now: now, Cluster: vc}
	seen.Controllers, seen.Trouble = hostcheck.Controllers(ctx, o.Client)
	seen.Pods.Value, seen.Pods.Err = o.Pods(ctx)
	seen.Events.Value, seen.Events.Err = o.Events(ctx, seen.Pods.Value)
	seen.HostNodes = o.hostNodes(ctx, seen.Pods.Value)
	seen.Access = o.access(ctx, vc)
	seen.Usage = o.usage(ctx, seen.Pods.Value)
	if vc.Status.KubeconfigSecretRef != nil && maybeServing(vc, seen.Pods) {
		inner := o.inner(ctx, vc)
		seen.Inner = &inner
	}
	if !isReady(vc) && !vc.Spec.Lifecycle.IsPaused() && len(seen.Pods.Value) > 0 {
		if words, err := o.LastWords(ctx); err == nil { // they are an addition
			seen.LastWords = words
		}
	}
	return seen, context.Cause(ctx)
}

// maybeServing says whether it makes sense to look for a way to the API: where no
// server is ready nobody would answer, and that is said of its pods.
func maybeServing(vc *v1alpha1.VirtualCluster, pods doctor.Seen[[]corev1.Pod]) bool {
	if vc.Spec.Lifecycle.IsPaused() {
		return false
	}
	return pods.Err != nil || slices.ContainsFunc(pods.Value, func(p corev1.Pod) bool {
		return p.Labels[v1alpha1.LabelRole] == string(guestapi.RoleServer) && belongings.OfPod(&p).Ready
	})
}

func (o *Observer) hostNodes(ctx context.Context, pods []corev1.Pod) map[string]doctor.Seen[*corev1.Node] {
	all := map[string]doctor.Seen[*corev1.Node]{}
	for i := range pods {
		name := pods[i].Spec.NodeName
		if _, known := all[name]; known || name == "" {
			continue
		}
		node := &corev1.Node{}
		err := o.Client.Get(ctx, client.ObjectKey{Name: name}, node)
		all[name] = doctor.Seen[*corev1.Node]{Value: node, Err: err}
	}
	return all
}

// access reads when the certificates of the kubeconfig Secret end.
func (o *Observer) access(ctx context.Context, vc *v1alpha1.VirtualCluster) doctor.Seen[Access] {
	data, err := access.Read(ctx, o.Client, vc)
	if err != nil {
		return doctor.Seen[Access]{Err: err}
	}
	p, err := kubeconfig.Parse(data)
	if err != nil {
		return doctor.Seen[Access]{Err: err}
	}
	var a Access
	if a.Client, err = earliestEnd(p.ClientCert); err == nil {
		a.Authority, err = earliestEnd(p.CA)
	}
	return doctor.Seen[Access]{Value: a, Err: err}
}

func earliestEnd(data []byte) (time.Time, error) {
	certs, err := cert.ParseCertsPEM(data)
	if err != nil {
		return time.Time{}, fmt.Errorf("read a certificate of the kubeconfig: %w", err)
	}
	end := certs[0].NotAfter
	for _, c := range certs[1:] {
		if c.NotAfter.Before(end) {
			end = c.NotAfter
		}
	}
	return end, nil
}

// inner asks the API inside for its nodes, for the pods that make it a cluster,
// and for the charts that it installs.
func (o *Observer) inner(ctx context.Context, vc *v1alpha1.VirtualCluster) doctor.Seen[Inner] {
	ctx, cancel := context.WithTimeout(ctx, 2*innerTimeout)
	defer cancel()
	route, err := o.Route(ctx, vc)
	if err != nil {
		return doctor.Seen[Inner]{Err: err}
	}
	defer route.Close()
	inner := Inner{Server: route.Server, Tunnelled: route.Tunnelled}
	err = inner.ask(ctx, route.Kubeconfig)
	return doctor.Seen[Inner]{Value: inner, Err: err}
}

func (i *Inner) ask(ctx context.Context, data []byte) error {
	config, err := clientcmd.RESTConfigFromKubeConfig(data)
	if err != nil {
		return fmt.Errorf("read kubeconfig: %w", err)
	}
	config.Timeout, config.WarningHandler = innerTimeout, rest.NoWarnings{}
	set, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", config.Host, err)
	}
	nodes, err := set.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list the nodes inside: %w", err)
	}
	pods, err := set.CoreV1().Pods(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{Limit: maxSystemPods})
	if err != nil {
		return fmt.Errorf("list the pods of kube-system inside: %w", err)
	}
	i.Nodes, i.System, i.Charts = nodes.Items, pods.Items, readCharts(ctx, config)
	return nil
}

// summary is what is used of a kubelet's answer.
type summary struct {
	Pods []struct {
		PodRef struct {
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
		} `json:"podRef"`
		Memory struct {
			WorkingSetBytes uint64 `json:"workingSetBytes"`
		} `json:"memory"`
		Volumes []struct {
			Name          string `json:"name"`
			UsedBytes     uint64 `json:"usedBytes"`
			CapacityBytes uint64 `json:"capacityBytes"`
		} `json:"volume"`
	} `json:"pods"`
}

// stateVolume is the name of the volume in node pods that state is on.
const stateVolume = "state"

// usage asks the kubelets of the host what node pods use.
func (o *Observer) usage(ctx context.Context, pods []corev1.Pod) doctor.Seen[map[string]Usage] {
	all := doctor.Seen[map[string]Usage]{Value: map[string]Usage{}}
	asked := map[string]bool{"": true}
	for i := range pods {
		node := pods[i].Spec.NodeName
		if asked[node] {
			continue
		}
		asked[node] = true
		if err := o.usageOn(ctx, node, pods[i].Namespace, all.Value); err != nil {
			all.Err = fmt.Errorf("ask the kubelet of node %q of the host: %w", node, err)
		}
	}
	return all
}

func (o *Observer) usageOn(ctx context.Context, node, namespace string, into map[string]Usage) error {
	ctx, cancel := context.WithTimeout(ctx, summaryTimeout)
	defer cancel()
	data, err := o.Summary(ctx, node)
	if err != nil {
		return err
	}
	var s summary
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	for _, p := range s.Pods {
		if p.PodRef.Namespace != namespace {
			continue
		}
		u := Usage{Memory: p.Memory.WorkingSetBytes}
		for _, v := range p.Volumes {
			if v.Name == stateVolume {
				u.Used, u.Capacity = v.UsedBytes, v.CapacityBytes
			}
		}
		into[p.PodRef.Name] = u
	}
	return nil
}
