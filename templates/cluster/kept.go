package cluster

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// A cluster that was made from an older template keeps it: the node image that
// is pinned with it knows no newer one. What the user asks of a group still
// follows: its size, resources, scheduling, labels, and raw settings. A group
// that comes new takes after one that is there.

// KeptConfigMap is the configuration of a group in the shape that a model has.
func KeptConfigMap(in Input, g Group, model *corev1.ConfigMap) (*corev1ac.ConfigMapApplyConfiguration, error) {
	data, err := keptYAML(in, g, model)
	if err != nil {
		return nil, err
	}
	return configMap(in, g, data), nil
}

// keptYAML lays what the spec says of a group over the configuration of a model.
func keptYAML(in Input, g Group, model *corev1.ConfigMap) ([]byte, error) {
	var kept, current map[string]any
	if err := yaml.Unmarshal([]byte(model.Data[keyNodeConfig]), &kept); err != nil || kept == nil {
		return nil, fmt.Errorf("ConfigMap %q holds no node configuration under %q: delete it, and it is made anew", model.Name, keyNodeConfig)
	}
	built, err := json.Marshal(NodeConfig(in, g))
	if err != nil {
		return nil, fmt.Errorf("node configuration of group %q: %w", g.Name, err)
	}
	if err := json.Unmarshal(built, &current); err != nil {
		return nil, fmt.Errorf("node configuration of group %q: %w", g.Name, err)
	}
	follow := []string{"config", "nodeLabels", "nodeTaints"}
	if kept["nodeNamePrefix"] != current["nodeNamePrefix"] {
		follow = append(follow, "role", "nodeNamePrefix", "joinEndpoint", "extraSANs", "datastore", "controlPlaneOnly", "stateDevice")
	} else {
		keepSANs(kept, in.Spec.Expose.ExtraSANs)
	}
	for _, key := range follow {
		delete(kept, key)
		if value, ok := current[key]; ok {
			kept[key] = value
		}
	}
	data, err := yaml.Marshal(kept)
	if err != nil {
		return nil, fmt.Errorf("node configuration of group %q: %w", g.Name, err)
	}
	return data, nil
}

// keepSANs adds names that users ask for. Others stay: which of them the user
// asked for before is not known.
func keepSANs(kept map[string]any, asked []string) {
	held, _ := kept["extraSANs"].([]any)
	for _, name := range asked {
		if !slices.Contains(held, any(name)) {
			held = append(held, name)
		}
	}
	if len(held) > 0 {
		kept["extraSANs"] = held
	}
}

// KeptStatefulSet runs the nodes of a group with pods in the shape that a model
// has; config is the configuration that goes with it. A model of another group
// is one of a pool, or of the servers, which have more than a pool may get.
func KeptStatefulSet(in Input, g Group, model *appsv1.StatefulSet, config *corev1ac.ConfigMapApplyConfiguration) (*appsv1ac.StatefulSetApplyConfiguration, error) {
	set, err := ExtractStatefulSet(model, v1alpha1.FieldOwner)
	if err != nil {
		return nil, err
	}
	if set.Spec == nil || set.Spec.Template == nil || set.Spec.Template.Spec == nil || len(set.Spec.Template.Spec.Containers) != 1 {
		return nil, fmt.Errorf("StatefulSet %q is not as it was made: its pods do not have the one container; delete it with --cascade=orphan, and it is made anew", model.Name)
	}
	if model.Name != GroupName(in.Name, g.Name) {
		takeAfter(set, in, g)
	}
	// The model may be one that was paused.
	set.Spec.WithReplicas(g.Replicas).WithPersistentVolumeClaimRetentionPolicy(running(g, set.Spec))
	set.Spec.Template.WithAnnotations(map[string]string{AnnotationConfigHash: configHash([]byte(config.Data[keyNodeConfig]))})
	return set, keepPod(set.Spec.Template.Spec, in, g)
}

// keepPod lays what the spec says of a group over its pods.
func keepPod(spec *corev1ac.PodSpecApplyConfiguration, in Input, g Group) error {
	spec.Containers[0].Resources = resources(g.Resources)
	spec.ImagePullSecrets = nil
	for _, s := range in.Spec.ImagePullSecrets {
		spec.WithImagePullSecrets(corev1ac.LocalObjectReference().WithName(s.Name))
	}
	// The runtime's part of the node selector is part of the shape.
	shape := profile.PodShape{NodeSelector: maps.Clone(spec.NodeSelector)}
	maps.DeleteFunc(shape.NodeSelector, func(key, _ string) bool { return !ofRuntime(key) })
	spec.NodeSelector, spec.Tolerations, spec.PriorityClassName, spec.Affinity = nil, nil, nil, nil
	return schedule(spec, g.Scheduling, shape)
}

// ofRuntime says whether the runtime selects nodes by a label.
func ofRuntime(key string) bool {
	return strings.HasPrefix(key, v1alpha1.NodeLabelSeccompPrefix) || strings.HasPrefix(key, v1alpha1.NodeLabelProvenPrefix)
}

// takeAfter makes a StatefulSet of another group one of this group.
func takeAfter(set *appsv1ac.StatefulSetApplyConfiguration, in Input, g Group) {
	name := GroupName(in.Name, g.Name)
	set.WithName(name)
	set.UID = nil
	set.Labels = GroupLabels(in.Name, g.Name, g.Role)
	set.Spec.Selector.MatchLabels = groupSelector(in.Name, g.Name, g.Role)
	set.Spec.Template.Labels = GroupLabels(in.Name, g.Name, g.Role)
	pod := set.Spec.Template.Spec
	pod.TopologySpreadConstraints = nil
	ports := pod.Containers[0].Ports
	pod.Containers[0].Ports = slices.DeleteFunc(ports, func(p corev1ac.ContainerPortApplyConfiguration) bool { return *p.Name == portAPI })
	medium := stateMedium(pod)
	pod.Volumes = slices.DeleteFunc(pod.Volumes, func(v corev1ac.VolumeApplyConfiguration) bool { return *v.Name == volumeState })
	for _, v := range pod.Volumes {
		if v.Projected != nil {
			v.Projected.Sources = poolSources(v.Projected.Sources, in, name)
		}
	}
	set.Spec.VolumeClaimTemplates = nil
	takeState(&pod.Containers[0])
	giveState(&pod.Containers[0], in, g)
	if g.Ephemeral() {
		pod.WithVolumes(emptyState(g, medium))
	} else {
		set.Spec.WithVolumeClaimTemplates(stateClaim(in, g))
	}
}

// takeState takes the state volume from a container.
func takeState(c *corev1ac.ContainerApplyConfiguration) {
	c.VolumeMounts = slices.DeleteFunc(c.VolumeMounts, func(m corev1ac.VolumeMountApplyConfiguration) bool { return *m.Name == volumeState })
	c.VolumeDevices = slices.DeleteFunc(c.VolumeDevices, func(d corev1ac.VolumeDeviceApplyConfiguration) bool { return *d.Name == volumeState })
}

// stateMedium is what a model keeps state on that goes with the pod, or would: a
// runtime whose volumes are block devices can use no folder of the host.
func stateMedium(pod *corev1ac.PodSpecApplyConfiguration) corev1.StorageMedium {
	if len(pod.Containers[0].VolumeDevices) > 0 {
		return corev1.StorageMediumMemory
	}
	for _, v := range pod.Volumes {
		if *v.Name == volumeState && v.EmptyDir != nil && v.EmptyDir.Medium != nil {
			return *v.EmptyDir.Medium
		}
	}
	return corev1.StorageMediumDefault
}

// poolSources are those of a model that a pool may have: its own configuration,
// the join credentials, and what the pod says of itself. Above all no authority.
func poolSources(model []corev1ac.VolumeProjectionApplyConfiguration, in Input, config string) []corev1ac.VolumeProjectionApplyConfiguration {
	var out []corev1ac.VolumeProjectionApplyConfiguration
	for _, source := range model {
		switch {
		case source.ConfigMap != nil:
			source.ConfigMap.WithName(config)
		case source.Secret != nil && (source.Secret.Name == nil || *source.Secret.Name != JoinSecretName(in.Name)):
			continue
		case source.Secret != nil:
			source.Secret.Items = slices.DeleteFunc(source.Secret.Items, func(i corev1ac.KeyToPathApplyConfiguration) bool {
				return !slices.Contains(joinKeys(), *i.Key)
			})
		}
		out = append(out, source)
	}
	return out
}

// IsKept says whether a group of a cluster keeps the template it was made from.
func IsKept(revision string) bool { return revision != TemplateRevision }
