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

// Params say what pods are to be like.
type Params struct {
	// Image that they run.
	Image string
	// PullSecrets are what the image is pulled with, from whatever namespace.
	PullSecrets []corev1.Secret
	// Grace is how long one pod may take, and gets to end when it is no longer
	// wanted.
	Grace time.Duration
	// Tell is told, in a sentence, what is waited for that nobody expects.
	Tell func(what string)
}

// patient is the part of the time of a pod for which its image is waited for.
const patient = 5

// Rollout is a namespace for pods on nodes.
type Rollout struct {
	Params

	client    client.WithWatch
	namespace *corev1.Namespace
}

// Open makes the namespace, with what pods in it need.
func Open(ctx context.Context, c client.WithWatch, p Params) (*Rollout, error) {
	r := &Rollout{Params: p, client: c, namespace: &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: prefix,
		Labels:       map[string]string{profile.LabelEnforce: "privileged", "app.kubernetes.io/part-of": "vclusterctl", mark: markValue},
		Annotations:  map[string]string{mayTake: p.Grace.String()},
	}}}
	if err := c.Create(ctx, r.namespace); err != nil {
		return nil, fmt.Errorf("make a namespace for pods on the nodes: %w", err)
	}
	if err := r.furnish(ctx); err != nil {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), margin)
		defer cancel()
		return nil, errors.Join(err, r.Close(closing))
	}
	return r, nil
}

// furnish puts into the namespace what pods need: they can use the Secrets of
// their own only.
func (r *Rollout) furnish(ctx context.Context) error {
	sa := &corev1.ServiceAccount{
		ObjectMeta:                   metav1.ObjectMeta{Namespace: r.namespace.Name, Name: account},
		AutomountServiceAccountToken: ptr.To(false),
	}
	if err := r.client.Create(ctx, sa); err != nil {
		return fmt.Errorf("make a ServiceAccount for pods on the nodes: %w", err)
	}
	for i := range r.PullSecrets {
		s := &r.PullSecrets[i]
		twin := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace.Name, Name: s.Name}, Type: s.Type, Data: s.Data}
		if err := client.IgnoreAlreadyExists(r.client.Create(ctx, twin)); err != nil {
			return fmt.Errorf("copy pull secret %q of namespace %q for pods on the nodes: %w", s.Name, s.Namespace, err)
		}
	}
	return nil
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

// cannotStart are the kubelet's words for what does not come right by itself.
var cannotStart = []string{"ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError", "RunContainerError"}

// errSilent means that a program has ended and not said how: another one, or one
// that was killed.
var errSilent = errors.New("it has said nothing, and ended")

func outcome(p *corev1.Pod) (left string, done bool, err error) {
	for _, s := range p.Status.ContainerStatuses {
		if w := s.State.Waiting; w != nil && slices.Contains(cannotStart, w.Reason) {
			return "", false, fmt.Errorf("%s: %s", w.Reason, w.Message)
		}
		if t := s.State.Terminated; t != nil {
			if t.Message == "" {
				return "", false, fmt.Errorf("%w with code %d (%s)", errSilent, t.ExitCode, t.Reason)
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
	var secrets []corev1.LocalObjectReference
	for i := range r.PullSecrets {
		secrets = append(secrets, corev1.LocalObjectReference{Name: r.PullSecrets[i].Name})
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace.Name, GenerateName: container + "-"},
		Spec: corev1.PodSpec{
			NodeName:                      node,
			HostPID:                       true, // systemctl wants to see the node's first process
			RestartPolicy:                 corev1.RestartPolicyNever,
			ServiceAccountName:            account,
			ImagePullSecrets:              secrets,
			AutomountServiceAccountToken:  ptr.To(false),
			EnableServiceLinks:            ptr.To(false),
			TerminationGracePeriodSeconds: ptr.To(int64(r.Grace.Seconds())),
			// Nobody may be left to take it away.
			ActiveDeadlineSeconds: ptr.To(int64((r.Grace + margin).Seconds())),
			PriorityClassName:     "system-node-critical", // nothing may push it out in the middle
			Tolerations:           []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
			Containers: []corev1.Container{{
				Name: container, Image: r.Image, ImagePullPolicy: corev1.PullIfNotPresent,
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
