package network

import (
	"context"
	"fmt"
	"log/slog"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	watchtools "k8s.io/client-go/tools/watch"

	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/prepare"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// AwaitSubnet returns once this node is registered and has its part of the pod
// range. flannel and kube-router give up without it, and would be restarted
// until it is there.
func AwaitSubnet(ctx context.Context, log *slog.Logger) error {
	outcome, err := prepare.LoadOutcome(prepare.OutcomeFile)
	if err != nil {
		return fmt.Errorf("find out this node's name: %w", err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", node.KubeletCredentials(outcome.Config))
	if err != nil {
		return fmt.Errorf("load the node's credentials: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	// The list of one name is what a node is allowed to watch.
	self := fields.OneTermEqualSelector(metav1.ObjectNameField, outcome.Node)
	source := cache.NewListWatchFromClient(client.CoreV1().RESTClient(), "nodes", "", self)
	if _, err := watchtools.UntilWithSync(ctx, source, &corev1.Node{}, nil, hasSubnet); err != nil {
		return fmt.Errorf("wait for the subnet of node %q: %w", outcome.Node, err)
	}
	log.Info("node has its subnet", "node", outcome.Node)
	return nil
}

func hasSubnet(event watch.Event) (bool, error) {
	item, ok := event.Object.(*corev1.Node)
	return ok && event.Type != watch.Deleted && item.Spec.PodCIDR != "", nil
}
