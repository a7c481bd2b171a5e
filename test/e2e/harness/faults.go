package harness

import (
	"context"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/controller"
)

// controllerName is the name of the controller's Deployment.
const controllerName = "vclusterctl"

// ControllerPods are the pods of the controller that are not on their way out.
func (h *Host) ControllerPods(ctx context.Context) ([]corev1.Pod, error) {
	pods, err := h.pods(ctx, ControllerNamespace)
	var out []corev1.Pod
	for _, p := range pods {
		if p.DeletionTimestamp == nil && p.Labels["app.kubernetes.io/name"] == controllerName {
			out = append(out, p)
		}
	}
	return out, err
}

// KillController kills every pod of the controller without a word of warning.
func (h *Host) KillController(ctx context.Context) error {
	pods, err := h.ControllerPods(ctx)
	if err != nil {
		return err
	}
	for i := range pods {
		if err := h.Kill(ctx, &pods[i]); err != nil {
			return err
		}
	}
	return nil
}

// Kill deletes a pod and does not let it end in peace.
func (h *Host) Kill(ctx context.Context, pod *corev1.Pod) error {
	return client.IgnoreNotFound(h.Delete(ctx, pod, client.GracePeriodSeconds(0)))
}

// leaseTime is for how long a Lease is good that nobody renews.
const leaseTime = 15 * time.Second

// Leader is the pod of the controller that holds the Lease, and renews it.
func (h *Host) Leader(ctx context.Context) (*corev1.Pod, error) {
	var lease coordinationv1.Lease
	if err := h.Get(ctx, client.ObjectKey{Namespace: ControllerNamespace, Name: controller.LeaseName}, &lease); err != nil {
		return nil, err
	}
	pods, err := h.ControllerPods(ctx)
	if err != nil {
		return nil, err
	}
	holder := ptr.Deref(lease.Spec.HolderIdentity, "")
	if renewed := ptr.Deref(lease.Spec.RenewTime, metav1.MicroTime{}); time.Since(renewed.Time) > leaseTime {
		return nil, fmt.Errorf("the Lease of %q was last renewed at %s", holder, renewed)
	}
	for i := range pods {
		if strings.HasPrefix(holder, pods[i].Name+"_") {
			return &pods[i], nil
		}
	}
	return nil, fmt.Errorf("the Lease is held by %q, which is no pod of the controller", holder)
}

// ScaleController sets how many pods the controller has, and waits until all of
// them are ready. A controller that does not lead is.
func (h *Host) ScaleController(ctx context.Context, replicas int32) error {
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: ControllerNamespace, Name: controllerName}}
	patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas)
	if err := h.Patch(ctx, d, client.RawPatch("application/merge-patch+json", patch)); err != nil {
		return err
	}
	_, err := Await(ctx, h.Cluster, d, func(d *appsv1.Deployment) (bool, string) {
		return d.Status.ObservedGeneration >= d.Generation && d.Status.Replicas == replicas && d.Status.ReadyReplicas == replicas,
			fmt.Sprintf("%d of %d are ready", d.Status.ReadyReplicas, replicas)
	})
	return err
}

// Cordon keeps new pods off the host's node, or lets them on it again.
func (h *Host) Cordon(ctx context.Context, on bool) error {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: NodeName}}
	return h.Patch(ctx, node, client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"spec":{"unschedulable":%t}}`, on)))
}

// NodeName is the name of the host's one node.
const NodeName = "host-0"

// Evict asks for a pod to leave, as "kubectl drain" does.
func (h *Host) Evict(ctx context.Context, pod *corev1.Pod) error {
	return h.SubResource("eviction").Create(ctx, pod, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}})
}

// StopAPIServer stops the host's API server, and StartAPIServer starts it again.
func (h *Host) StopAPIServer(ctx context.Context) error {
	_, err := h.OnNode(ctx, "systemctl", "stop", "kube-apiserver.service")
	return err
}

// StartAPIServer starts the host's API server and waits until it answers.
func (h *Host) StartAPIServer(ctx context.Context) error {
	if _, err := h.OnNode(ctx, "systemctl", "start", "kube-apiserver.service"); err != nil {
		return err
	}
	return h.Eventually(ctx, func() error {
		return h.Get(ctx, client.ObjectKey{Name: NodeName}, &corev1.Node{})
	})
}
