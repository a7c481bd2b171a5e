package cluster

import (
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// Names inside a node pod.
const (
	// ContainerName is the name of the one container of a node pod.
	ContainerName = "node"

	volumeConfig = "vcluster"
	volumeState  = "state"
	portAPI      = "api"
	portGuest    = "guest"
)

// terminationGraceSeconds is what systemd gets to stop a node: etcd flushes,
// the kubelet tells its API server.
const terminationGraceSeconds = 30

// labelPodIndex is put on the pods of a StatefulSet by its controller.
const labelPodIndex = "apps.kubernetes.io/pod-index"

// podTemplate is the template of every pod of a group.
func podTemplate(in Input, g Group, shape profile.PodShape) (*corev1ac.PodTemplateSpecApplyConfiguration, error) {
	config, err := nodeYAML(in, g)
	if err != nil {
		return nil, err
	}
	spec, err := podSpec(in, g, shape)
	if err != nil {
		return nil, err
	}
	return corev1ac.PodTemplateSpec().
		WithLabels(GroupLabels(in.Name, g.Name, g.Role)).
		WithAnnotations(shape.Annotations).
		WithAnnotations(map[string]string{AnnotationConfigHash: configHash(config)}).
		WithSpec(spec), nil
}

func podSpec(in Input, g Group, shape profile.PodShape) (*corev1ac.PodSpecApplyConfiguration, error) {
	spec := corev1ac.PodSpec().
		WithRuntimeClassName(shape.RuntimeClassName).
		WithAutomountServiceAccountToken(false).
		WithEnableServiceLinks(false).
		WithTerminationGracePeriodSeconds(terminationGraceSeconds).
		WithVolumes(configVolume(in, g)).
		WithContainers(container(in, g, shape))
	if !shape.HostUsers {
		spec.WithHostUsers(false)
	}
	for _, s := range in.Spec.ImagePullSecrets {
		spec.WithImagePullSecrets(corev1ac.LocalObjectReference().WithName(s.Name))
	}
	if g.Ephemeral() {
		spec.WithVolumes(emptyState(g, shape.EphemeralMedium))
	}
	if g.Role == guestapi.RoleServer {
		spec.WithTopologySpreadConstraints(spread(in, g))
	}
	return spec, schedule(spec, g.Scheduling, shape)
}

func container(in Input, g Group, shape profile.PodShape) *corev1ac.ContainerApplyConfiguration {
	c := corev1ac.Container().
		WithName(ContainerName).
		WithImage(in.Resolved.Image).
		WithImagePullPolicy(corev1.PullIfNotPresent).
		WithCommand(shape.Command...).
		WithPorts(containerPort(portGuest, guestapi.Port)).
		WithReadinessProbe(readiness()).
		WithVolumeMounts(corev1ac.VolumeMount().WithName(volumeConfig).WithMountPath(guestapi.ConfigDir).WithReadOnly(true))
	giveState(c, in, g)
	if g.Role == guestapi.RoleServer {
		c.WithPorts(containerPort(portAPI, APIPort))
	}
	for _, e := range shape.Env {
		c.WithEnv(corev1ac.EnvVar().WithName(e.Name).WithValue(e.Value))
	}
	if shape.SecurityContext != nil {
		c.WithSecurityContext(shape.SecurityContext)
	}
	if r := resources(g.Resources); r != nil {
		c.WithResources(r)
	}
	return c
}

// giveState gives a container the state volume: as a folder, or as a device.
func giveState(c *corev1ac.ContainerApplyConfiguration, in Input, g Group) {
	if g.Block {
		c.WithVolumeDevices(corev1ac.VolumeDevice().WithName(volumeState).WithDevicePath(guestapi.StateDevice))
		return
	}
	c.WithVolumeMounts(corev1ac.VolumeMount().WithName(volumeState).WithMountPath(guestapi.StateDirOf(string(in.Resolved.Distro))))
}

func containerPort(name string, number int32) *corev1ac.ContainerPortApplyConfiguration {
	return corev1ac.ContainerPort().WithName(name).WithContainerPort(number).WithProtocol(corev1.ProtocolTCP)
}

// readiness asks the guest, which answers as soon as the node serves. A second
// is the shortest period there is, and every one of them is start-up time.
func readiness() *corev1ac.ProbeApplyConfiguration {
	return corev1ac.Probe().
		WithHTTPGet(corev1ac.HTTPGetAction().
			WithScheme(corev1.URISchemeHTTPS).
			WithPath(guestapi.ReadyPath).
			WithPort(intstr.FromString(portGuest))).
		WithPeriodSeconds(1).
		WithTimeoutSeconds(2).
		WithFailureThreshold(3)
}

func resources(r corev1.ResourceRequirements) *corev1ac.ResourceRequirementsApplyConfiguration {
	if len(r.Limits) == 0 && len(r.Requests) == 0 {
		return nil
	}
	out := corev1ac.ResourceRequirements()
	if len(r.Limits) > 0 {
		out.WithLimits(r.Limits)
	}
	if len(r.Requests) > 0 {
		out.WithRequests(r.Requests)
	}
	return out
}

// configVolume is everything that is handed in, in one volume: CAs and keys go
// to servers only.
func configVolume(in Input, g Group) *corev1ac.VolumeApplyConfiguration {
	projected := corev1ac.ProjectedVolumeSource().
		WithDefaultMode(0o400).
		WithSources(
			corev1ac.VolumeProjection().WithConfigMap(corev1ac.ConfigMapProjection().
				WithName(GroupName(in.Name, g.Name)).
				WithItems(corev1ac.KeyToPath().WithKey(keyNodeConfig).WithPath(keyNodeConfig))),
			secretProjection(JoinSecretName(in.Name), "join", joinKeys()),
			downwardProjection())
	if g.Role == guestapi.RoleServer {
		projected.WithSources(secretProjection(IdentitySecretName(in.Name), "identity", in.IdentityKeys))
	}
	return corev1ac.Volume().WithName(volumeConfig).WithProjected(projected)
}

func joinKeys() []string {
	return []string{
		guestapi.JoinCACert,
		guestapi.JoinGuestCert,
		guestapi.JoinGuestKey,
		guestapi.JoinGuestToken,
		guestapi.JoinToken,
	}
}

func secretProjection(name, dir string, keys []string) *corev1ac.VolumeProjectionApplyConfiguration {
	source := corev1ac.SecretProjection().WithName(name)
	for _, k := range slices.Sorted(slices.Values(keys)) {
		source.WithItems(corev1ac.KeyToPath().WithKey(k).WithPath(dir + "/" + k))
	}
	return corev1ac.VolumeProjection().WithSecret(source)
}

func downwardProjection() *corev1ac.VolumeProjectionApplyConfiguration {
	return corev1ac.VolumeProjection().WithDownwardAPI(corev1ac.DownwardAPIProjection().WithItems(
		downwardFile("pod/index", "metadata.labels['"+labelPodIndex+"']"),
		downwardFile("pod/uid", "metadata.uid")))
}

func downwardFile(path, field string) *corev1ac.DownwardAPIVolumeFileApplyConfiguration {
	return corev1ac.DownwardAPIVolumeFile().WithPath(path).
		WithFieldRef(corev1ac.ObjectFieldSelector().WithAPIVersion("v1").WithFieldPath(field))
}

func emptyState(g Group, medium corev1.StorageMedium) *corev1ac.VolumeApplyConfiguration {
	source := corev1ac.EmptyDirVolumeSource()
	if medium != corev1.StorageMediumDefault {
		source.WithMedium(medium)
	}
	if g.Storage.Size != nil {
		source.WithSizeLimit(*g.Storage.Size)
	}
	return corev1ac.Volume().WithName(volumeState).WithEmptyDir(source)
}

// spread keeps servers on different nodes where that is possible.
func spread(in Input, g Group) *corev1ac.TopologySpreadConstraintApplyConfiguration {
	return corev1ac.TopologySpreadConstraint().
		WithMaxSkew(1).
		WithTopologyKey(corev1.LabelHostname).
		WithWhenUnsatisfiable(corev1.ScheduleAnyway).
		WithLabelSelector(metav1ac.LabelSelector().WithMatchLabels(groupSelector(in.Name, g.Name, g.Role)))
}

func schedule(spec *corev1ac.PodSpecApplyConfiguration, s v1alpha1.NodeScheduling, shape profile.PodShape) error {
	spec.WithNodeSelector(s.NodeSelector).WithNodeSelector(shape.NodeSelector)
	for _, t := range s.Tolerations {
		spec.WithTolerations(toleration(t))
	}
	if s.PriorityClassName != "" {
		spec.WithPriorityClassName(s.PriorityClassName)
	}
	if s.Affinity == nil {
		return nil
	}
	affinity, err := affinity(s.Affinity)
	if err != nil {
		return err
	}
	spec.WithAffinity(affinity)
	return nil
}

func toleration(t corev1.Toleration) *corev1ac.TolerationApplyConfiguration {
	out := corev1ac.Toleration()
	if t.Key != "" {
		out.WithKey(t.Key)
	}
	if t.Operator != "" {
		out.WithOperator(t.Operator)
	}
	if t.Value != "" {
		out.WithValue(t.Value)
	}
	if t.Effect != "" {
		out.WithEffect(t.Effect)
	}
	if t.TolerationSeconds != nil {
		out.WithTolerationSeconds(*t.TolerationSeconds)
	}
	return out
}

// affinity copies by way of JSON: the two types have the same form there, and
// the tree is too deep to copy by hand without forgetting a field.
func affinity(a *corev1.Affinity) (*corev1ac.AffinityApplyConfiguration, error) {
	data, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("affinity: %w", err)
	}
	out := corev1ac.Affinity()
	if err := json.Unmarshal(data, out); err != nil {
		return nil, fmt.Errorf("affinity: %w", err)
	}
	return out, nil
}
