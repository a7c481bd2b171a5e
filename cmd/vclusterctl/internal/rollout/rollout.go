package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/wait"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

const (
	// Root is where a pod has its node's file system.
	Root = "/host"
	// Result is the file whose content Run returns.
	Result = "/dev/termination-log"

	// prefix of the namespace's name.
	prefix = "vclusterctl-runtime-"
	// account is a ServiceAccount without rights; the one that every namespace
	// gets may come too late for the first pod.
	account   = "node-setup"
	container = "node-setup"
)

// Rollout is a namespace for pods on nodes.
type Rollout struct {
	client    client.WithWatch
	image     string
	grace     time.Duration
	namespace *corev1.Namespace
}

// Open makes the namespace. Pods run the image; grace is how long one may take, and
// gets to end when it is no longer wanted.
func Open(ctx context.Context, c client.WithWatch, image string, grace time.Duration) (*Rollout, error) {
	r := &Rollout{client: c, image: image, grace: grace, namespace: &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: prefix,
		Labels:       map[string]string{profile.LabelEnforce: "privileged", "app.kubernetes.io/part-of": "vclusterctl", mark: markValue},
		Annotations:  map[string]string{mayTake: grace.String()},
	}}}
	if err := c.Create(ctx, r.namespace); err != nil {
		return nil, fmt.Errorf("make a namespace for pods on the nodes: %w", err)
	}
	sa := &corev1.ServiceAccount{
		ObjectMeta:                   metav1.ObjectMeta{Namespace: r.namespace.Name, Name: account},
		AutomountServiceAccountToken: ptr.To(false),
	}
	if err := c.Create(ctx, sa); err != nil {
		return nil, errors.Join(fmt.Errorf("make a ServiceAccount for pods on the nodes: %w", err), r.Close(ctx))
	}
	return r, nil
}

// Namespace is the one that was made.
func (r *Rollout) Namespace() string { return r.namespace.Name }

// Close removes the namespace with everything in it, and waits until it is gone:
// what still runs in there ends well.
func (r *Rollout) Close(ctx context.Context) error {
	if err := client.IgnoreNotFound(r.client.Delete(ctx, r.namespace)); err != nil {
		return fmt.Errorf("remove namespace %q: %w", r.namespace.Name, err)
	}
	err := wait.Until(ctx, r.client, r.namespace, &corev1.NamespaceList{}, func(_ *corev1.Namespace, exists bool) (bool, error) {
		return !exists, nil
	})
	if err != nil {
		return fmt.Errorf("wait until namespace %q is gone: %w", r.namespace.Name, err)
	}
	return nil
}

// Run runs this program on a node and returns what it has left in Result. The
// API server may go away meanwhile: on a node of the control plane it does.
func (r *Rollout) Run(ctx context.Context, node string, args []string) (string, error) {
	pod := r.pod(node, args)
	if err := r.client.Create(ctx, pod); err != nil {
		return "", fmt.Errorf("make a pod on node %q: %w", node, err)
	}
	left := ""
	err := wait.Until(ctx, r.client, pod, &corev1.PodList{}, func(p *corev1.Pod, exists bool) (bool, error) {
		if !exists {
			return false, fmt.Errorf("pod %q is gone before it has ended", p.Name)
		}
		var done bool
		var err error
		left, done, err = outcome(p)
		return done, err
	})
	if err != nil {
		return "", fmt.Errorf("run %s on node %q: %w", r.image, node, err)
	}
	return left, nil
}

// cannotStart are the kubelet's words for what does not come right by itself.
var cannotStart = []string{"ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError", "RunContainerError"}

func outcome(p *corev1.Pod) (left string, done bool, err error) {
	for _, s := range p.Status.ContainerStatuses {
		if w := s.State.Waiting; w != nil && slices.Contains(cannotStart, w.Reason) {
			return "", false, fmt.Errorf("%s: %s", w.Reason, w.Message)
		}
		if t := s.State.Terminated; t != nil {
			if t.Message == "" {
				return "", false, fmt.Errorf("it ended with code %d (%s) and has said nothing", t.ExitCode, t.Reason)
			}
			return t.Message, true, nil
		}
	}
	if p.Status.Phase == corev1.PodFailed {
		return "", false, fmt.Errorf("%s: %s", p.Status.Reason, p.Status.Message)
	}
	return "", false, nil
}

// pod is on the node without being scheduled: neither taints nor a cordon are in
// the way of an administrator.
func (r *Rollout) pod(node string, args []string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace.Name, GenerateName: container + "-"},
		Spec: corev1.PodSpec{
			NodeName:                      node,
			HostPID:                       true, // systemctl wants to see the node's first process
			RestartPolicy:                 corev1.RestartPolicyNever,
			ServiceAccountName:            account,
			AutomountServiceAccountToken:  ptr.To(false),
			EnableServiceLinks:            ptr.To(false),
			TerminationGracePeriodSeconds: ptr.To(int64(r.grace.Seconds())),
			// Nobody may be left to take it away.
			ActiveDeadlineSeconds: ptr.To(int64((r.grace + margin).Seconds())),
			PriorityClassName:     "system-node-critical", // nothing may push it out in the middle
			Tolerations:           []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
			Containers: []corev1.Container{{
				Name: container, Image: r.image, ImagePullPolicy: corev1.PullIfNotPresent,
				Command: []string{"/vclusterctl"}, Args: args,
				TerminationMessagePath:   Result,
				TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
				SecurityContext: &corev1.SecurityContext{
					Privileged: ptr.To(true), RunAsUser: ptr.To(int64(0)), RunAsGroup: ptr.To(int64(0)),
				},
				VolumeMounts: []corev1.VolumeMount{{Name: "node", MountPath: Root, MountPropagation: ptr.To(corev1.MountPropagationHostToContainer)}},
			}},
			Volumes: []corev1.Volume{{Name: "node", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}}},
		},
	}
}
