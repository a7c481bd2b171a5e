package tunnel

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/wait"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// Servers are the pods that serve the API of one virtual cluster.
type Servers struct {
	Client    client.WithWatch
	Namespace string
	Cluster   string
}

// Find is the name of a pod that serves: of several, another one than that to
// be avoided. Where none serves it waits for one.
func (s Servers) Find(ctx context.Context, avoid string) (string, error) {
	found, err := s.now(ctx, avoid)
	if err != nil || found != "" {
		return found, err
	}
	err = wait.Any(ctx, s.Client, &corev1.Pod{}, &corev1.PodList{}, func(pod *corev1.Pod) (bool, error) {
		if serves(pod) {
			found = pod.Name
		}
		return found != "", nil
	}, s.options()...)
	if err != nil {
		return "", fmt.Errorf("wait for a server pod of %q that serves: %w", s.Cluster, err)
	}
	return found, nil
}

// now is a pod that serves at the moment, empty if there is none.
func (s Servers) now(ctx context.Context, avoid string) (string, error) {
	var pods corev1.PodList
	if err := s.Client.List(ctx, &pods, s.options()...); err != nil {
		return "", fmt.Errorf("list the server pods of %q: %w", s.Cluster, err)
	}
	found := ""
	for i := range pods.Items {
		if pod := &pods.Items[i]; serves(pod) && (found == "" || found == avoid) {
			found = pod.Name
		}
	}
	return found, nil
}

func (s Servers) options() []client.ListOption {
	return []client.ListOption{
		client.InNamespace(s.Namespace),
		client.MatchingLabels{v1alpha1.LabelCluster: s.Cluster, v1alpha1.LabelRole: string(guestapi.RoleServer)},
	}
}

// serves says whether the API server in a pod answers: its readiness means that
// and nothing else.
func serves(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil {
		return false
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
