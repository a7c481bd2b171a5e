package harness

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// VirtualCluster is one with nothing chosen.
func VirtualCluster(namespace, name string) *v1alpha1.VirtualCluster {
	return &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

// AwaitReady waits until a pod can start inside a virtual cluster.
func (h *Host) AwaitReady(ctx context.Context, vc *v1alpha1.VirtualCluster) (*v1alpha1.VirtualCluster, error) {
	return h.AwaitCondition(ctx, vc, v1alpha1.ConditionReady, metav1.ConditionTrue, "")
}

// AwaitCondition waits until a condition has a status, and the reason if one is
// given, and all of the words in its message.
func (h *Host) AwaitCondition(ctx context.Context, vc *v1alpha1.VirtualCluster, condition string, status metav1.ConditionStatus, reason string, words ...string) (*v1alpha1.VirtualCluster, error) {
	return Await(ctx, h.Cluster, vc, func(vc *v1alpha1.VirtualCluster) (bool, string) {
		c := meta.FindStatusCondition(vc.Status.Conditions, condition)
		ok := c != nil && c.ObservedGeneration == vc.Generation && c.Status == status && (reason == "" || c.Reason == reason)
		for _, w := range words {
			ok = ok && strings.Contains(c.Message, w)
		}
		return ok, fmt.Sprintf("want %s=%s %s %q:%s", condition, status, reason, words, Conditions(vc))
	})
}

// Conditions are those of a virtual cluster, one per line.
func Conditions(vc *v1alpha1.VirtualCluster) string {
	var b strings.Builder
	for _, c := range vc.Status.Conditions {
		fmt.Fprintf(&b, "\n  %s=%s %s: %s", c.Type, c.Status, c.Reason, c.Message)
	}
	return b.String()
}

// Inside is the virtual cluster as its user sees it, who has the kubeconfig
// Secret and nothing else.
func (h *Host) Inside(ctx context.Context, vc *v1alpha1.VirtualCluster) (*Cluster, error) {
	data, err := h.KubeconfigOf(ctx, vc)
	if err != nil {
		return nil, err
	}
	c, err := connect(data)
	if err != nil {
		return nil, fmt.Errorf("reach %q: %w", vc.Name, err)
	}
	return c, nil
}

// KubeconfigOf reads the kubeconfig Secret where Cluster API looks.
func (h *Host) KubeconfigOf(ctx context.Context, vc *v1alpha1.VirtualCluster) ([]byte, error) {
	var secret corev1.Secret
	key := client.ObjectKey{Namespace: vc.Namespace, Name: cluster.KubeconfigSecretName(vc.Name)}
	if err := h.Get(ctx, key, &secret); err != nil {
		return nil, fmt.Errorf("read the kubeconfig of %q: %w", vc.Name, err)
	}
	return secret.Data[cluster.KeyKubeconfigValue], nil
}

// ServerPod is the name of the pod of a virtual cluster's server.
func ServerPod(vc *v1alpha1.VirtualCluster) string { return NodePod(vc, cluster.ServerGroup) }

// NodePod is the name of the first pod of a group.
func NodePod(vc *v1alpha1.VirtualCluster, group string) string {
	return cluster.GroupName(vc.Name, group) + "-0"
}

// Shell runs a line of shell in the pod of a virtual cluster's server.
func (h *Host) Shell(ctx context.Context, vc *v1alpha1.VirtualCluster, line string) (string, error) {
	return h.Exec(ctx, vc.Namespace, ServerPod(vc), "sh", "-c", line)
}

// OfferVersion adds a version of some distros to the controller's catalogue,
// whether its image exists or not.
func (h *Host) OfferVersion(ctx context.Context, version, image string, distros ...v1alpha1.Distro) error {
	var cm corev1.ConfigMap
	key := client.ObjectKey{Namespace: ControllerNamespace, Name: catalogue.ConfigMapName}
	if err := h.Get(ctx, key, &cm); err != nil {
		return err
	}
	c, err := catalogue.Parse([]byte(cm.Data[catalogue.Key]))
	if err != nil {
		return err
	}
	c.Entries = append(c.Entries, catalogue.Entry{Version: version, Image: image, Distros: distros})
	data, err := yaml.Marshal(c)
	if err != nil {
		return err
	}
	cm.Data[catalogue.Key] = string(data)
	return h.Update(ctx, &cm)
}
