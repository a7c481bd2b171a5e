package probe

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// LabelProbe is on every probe pod, with the name of the profile. It has none of
// the labels of a node pod: no NetworkPolicy and no list of a cluster takes a
// probe for a node.
const LabelProbe = "vclusterctl.dev/probe"

const (
	// ContainerName is the name of the one container.
	ContainerName = "probe"
	// Deadline is when the kubelet ends a probe pod whatever it does. Most of it
	// is for pulling the node image, which a node pod would have to wait for, too.
	Deadline = 10 * 60

	volumeState  = "state"
	volumeConfig = "config"
	// configDir is where node pods have a volume that is a tmpfs: under a user
	// namespace such a volume needs ID-mapped mounts as well.
	configDir = "/etc/vcluster"
)

// Options say which probe pod to build.
type Options struct {
	Knowledge profile.Knowledge
	// Shape that node pods have on this node.
	Shape profile.PodShape
	Node  string
	// Namespace whose Pod Security level lets the profile's pods in.
	Namespace string
	// Name of the pod; empty lets the API server make one up.
	Name string
	// Image is the node image.
	Image            string
	ImagePullSecrets []string
	// Labels and Annotations beside those of every probe pod.
	Labels, Annotations map[string]string
}

// Pod builds the probe pod. It is pinned to its node past the scheduler: taints
// and cordons say where work should go, and not what a node can do.
func Pod(o Options) (*corev1.Pod, error) {
	if o.Node == "" || o.Image == "" {
		return nil, errors.New("a probe pod needs a node and a node image")
	}
	container, err := container(o)
	if err != nil {
		return nil, err
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:   o.Namespace,
			Name:        o.Name,
			Labels:      labels(o),
			Annotations: merged(o.Shape.Annotations, o.Annotations),
		},
		Spec: corev1.PodSpec{
			NodeName:                      o.Node,
			NodeSelector:                  maps.Clone(o.Shape.NodeSelector),
			Tolerations:                   []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
			RuntimeClassName:              &o.Shape.RuntimeClassName,
			RestartPolicy:                 corev1.RestartPolicyNever,
			ActiveDeadlineSeconds:         ptr.To[int64](Deadline),
			TerminationGracePeriodSeconds: ptr.To[int64](0),
			AutomountServiceAccountToken:  ptr.To(false),
			EnableServiceLinks:            ptr.To(false),
			Volumes:                       volumes(o),
			Containers:                    []corev1.Container{*container},
		},
	}
	if o.Name == "" {
		pod.GenerateName = "vclusterctl-probe-"
	}
	if !o.Shape.HostUsers {
		pod.Spec.HostUsers = ptr.To(false)
	}
	for _, name := range o.ImagePullSecrets {
		pod.Spec.ImagePullSecrets = append(pod.Spec.ImagePullSecrets, corev1.LocalObjectReference{Name: name})
	}
	return pod, nil
}

func labels(o Options) map[string]string {
	return merged(o.Labels, map[string]string{
		"app.kubernetes.io/name":      "vclusterctl",
		"app.kubernetes.io/component": "probe",
		"app.kubernetes.io/part-of":   "vclusterctl",
		LabelProbe:                    string(o.Knowledge.Name),
	})
}

func merged(all ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func container(o Options) (*corev1.Container, error) {
	security, err := securityContext(o.Shape)
	if err != nil {
		return nil, err
	}
	return &corev1.Container{
		Name:  ContainerName,
		Image: o.Image,
		// Of Sysbox the first word makes the container a machine; more may follow.
		Command:         append(append([]string{}, o.Shape.Command...), "--unit="+finding.Target),
		ImagePullPolicy: corev1.PullIfNotPresent,
		Env:             o.Shape.Env,
		SecurityContext: security,
		Resources: corev1.ResourceRequirements{
			Requests: quantities("10m", "32Mi"),
			// A virtual machine is made as large as these.
			Limits: quantities("1", "256Mi"),
		},
		TerminationMessagePath:   finding.MessagePath,
		TerminationMessagePolicy: corev1.TerminationMessageReadFile,
		VolumeMounts: []corev1.VolumeMount{
			{Name: volumeConfig, MountPath: configDir, ReadOnly: true},
			{Name: volumeState, MountPath: finding.StateDir},
		},
	}, nil
}

func quantities(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse(cpu),
		corev1.ResourceMemory: resource.MustParse(memory),
	}
}

// securityContext is the shape's as an API type.
func securityContext(shape profile.PodShape) (*corev1.SecurityContext, error) {
	if shape.SecurityContext == nil {
		return nil, nil //nolint:nilnil // a pod without one is what the runtime wants
	}
	data, err := json.Marshal(shape.SecurityContext)
	if err != nil {
		return nil, fmt.Errorf("security context of a probe pod: %w", err)
	}
	out := &corev1.SecurityContext{}
	if err := json.Unmarshal(data, out); err != nil {
		return nil, fmt.Errorf("security context of a probe pod: %w", err)
	}
	return out, nil
}

func volumes(o Options) []corev1.Volume {
	return []corev1.Volume{
		{Name: volumeState, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{Medium: o.Shape.EphemeralMedium}}},
		{Name: volumeConfig, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			Sources: []corev1.VolumeProjection{{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{
				Path: "probe", FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.name"},
			}}}}},
		}}},
	}
}
