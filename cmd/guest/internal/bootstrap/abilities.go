package bootstrap

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	watchtools "k8s.io/client-go/tools/watch"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/prepare"
	"github.com/vclusterctl/vclusterctl/images"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// tellAbilities writes on this host's node what can't be seen from outside: the
// cgroup controllers that it cannot delegate, and the distros in its image. The
// kubelet would do so once, when the node is new; machine and image may change.
func tellAbilities(ctx context.Context, outcome prepare.Outcome) error {
	config, err := clientcmd.BuildConfigFromFlags("", node.SuperAdminConfig)
	if err != nil {
		return fmt.Errorf("load the server's credentials: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	version, err := os.ReadFile(guestapi.K3sVersionFile)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("read the version of K3s: %w", err)
	}
	patch, err := json.Marshal(abilities(outcome.Facts.CgroupControllers, strings.TrimSpace(string(version))))
	if err != nil {
		return err
	}
	if err := awaitNode(ctx, client, outcome.Node); err != nil {
		return err
	}
	_, err = client.CoreV1().Nodes().Patch(ctx, outcome.Node, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "vcluster-guest"})
	return err
}

// abilities is a merge patch: what is nil is removed.
func abilities(controllers []string, k3s string) map[string]any {
	var missing any
	if names := node.MissingForK3s(controllers); len(names) > 0 {
		missing = strings.Join(names, ".")
	}
	distros := guestapi.DistroK8s + "=" + images.KubernetesVersion
	if k3s != "" {
		distros += "," + guestapi.DistroK3s + "=" + k3s
	}
	return map[string]any{"metadata": map[string]any{
		"labels":      map[string]any{v1alpha1.NodeLabelMissingControllers: missing},
		"annotations": map[string]any{v1alpha1.NodeAnnotationDistros: distros},
	}}
}

// awaitNode returns once the kubelet has registered the node.
func awaitNode(ctx context.Context, client kubernetes.Interface, name string) error {
	self := fields.OneTermEqualSelector(metav1.ObjectNameField, name)
	source := cache.NewListWatchFromClient(client.CoreV1().RESTClient(), "nodes", "", self)
	there := func(event watch.Event) (bool, error) { return event.Type != watch.Deleted, nil }
	if _, err := watchtools.UntilWithSync(ctx, source, &corev1.Node{}, nil, there); err != nil {
		return fmt.Errorf("wait for node %q: %w", name, err)
	}
	return nil
}
