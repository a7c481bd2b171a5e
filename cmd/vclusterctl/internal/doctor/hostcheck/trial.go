package hostcheck

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// trialImage is in no registry: the pod is only asked about.
const trialImage = "vclusterctl.invalid/node"

// trialPod is a node pod as far as policies judge it: how it asks for rights, and
// what it mounts. The controller asks about the exact one before it makes it.
func trialPod(namespace string, p profile.Profile, class *nodev1.RuntimeClass) (*corev1.Pod, error) {
	q, err := profile.QuestionOf(class, nil)
	if err != nil {
		return nil, fmt.Errorf("RuntimeClass %q: %w", class.Name, err)
	}
	shape := p.PodShape(q.PodOptions(false))
	context, err := securityContext(shape.SecurityContext)
	if err != nil {
		return nil, fmt.Errorf("pod of runtime %q: %w", p.Knowledge().Name, err)
	}
	pod := &corev1.Pod{ObjectMeta: objectMeta(namespace), Spec: corev1.PodSpec{
		RuntimeClassName:             ptr.To(shape.RuntimeClassName),
		AutomountServiceAccountToken: ptr.To(false),
		EnableServiceLinks:           ptr.To(false),
		NodeSelector:                 shape.NodeSelector,
		Volumes: []corev1.Volume{{Name: "state", VolumeSource: corev1.VolumeSource{
			EmptyDir: &corev1.EmptyDirVolumeSource{Medium: shape.EphemeralMedium},
		}}},
		Containers: []corev1.Container{{
			Name: cluster.ContainerName, Image: trialImage, Command: shape.Command, Env: shape.Env, SecurityContext: context,
			VolumeMounts: []corev1.VolumeMount{{Name: "state", MountPath: guestapi.StateDirOf("k8s")}},
		}},
	}}
	pod.Annotations = shape.Annotations
	if !shape.HostUsers {
		pod.Spec.HostUsers = ptr.To(false)
	}
	return pod, nil
}

// securityContext goes by way of JSON, in which both types have the same form.
func securityContext(from *corev1ac.SecurityContextApplyConfiguration) (*corev1.SecurityContext, error) {
	data, err := json.Marshal(from)
	if err != nil {
		return nil, err
	}
	var to *corev1.SecurityContext
	return to, json.Unmarshal(data, &to)
}
