package virtualcluster

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	"k8s.io/utils/ptr"
)

// trial is a pod as its StatefulSet would make it, to ask the API server
// whether it would let it in: a StatefulSet tells that nobody but its events.
type trial struct {
	group string
	pod   *corev1.Pod
}

// trialPod is the first pod of a StatefulSet.
func trialPod(set *appsv1ac.StatefulSetApplyConfiguration, namespace string) (*corev1.Pod, error) {
	data, err := json.Marshal(set.Spec.Template)
	if err != nil {
		return nil, fmt.Errorf("pod of StatefulSet %q: %w", *set.Name, err)
	}
	var template corev1.PodTemplateSpec
	if err := json.Unmarshal(data, &template); err != nil {
		return nil, fmt.Errorf("pod of StatefulSet %q: %w", *set.Name, err)
	}
	pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
	pod.Name, pod.Namespace = *set.Name+"-0", namespace
	pod.Spec.Hostname, pod.Spec.Subdomain = pod.Name, ptr.Deref(set.Spec.ServiceName, "")
	for _, c := range set.Spec.VolumeClaimTemplates {
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{
			Name: *c.Name,
			VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{
				ClaimName: *c.Name + "-" + pod.Name,
			}},
		})
	}
	return pod, nil
}
