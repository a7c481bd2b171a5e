package cluster

import (
	"fmt"
	"maps"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// ServerGroup is the reserved name of the group of servers.
const ServerGroup = "server"

// APIPort is the port of the inner API server, on the pod and on its Service.
const APIPort = 6443

// Values of the recommended labels.
const (
	labelName      = "app.kubernetes.io/name"
	labelInstance  = "app.kubernetes.io/instance"
	labelComponent = "app.kubernetes.io/component"
	labelPartOf    = "app.kubernetes.io/part-of"
	labelManagedBy = "app.kubernetes.io/managed-by"

	// PartOf is the value of app.kubernetes.io/part-of on every object of the
	// product. The controller caches nothing without it.
	PartOf = "vclusterctl"
	// AppName is the value of app.kubernetes.io/name on what belongs to a
	// virtual cluster.
	AppName = "virtualcluster"
)

// AnnotationConfigHash on a node pod is the hash of the node configuration it
// was made for: a pod that carries another one is outdated.
const AnnotationConfigHash = "vclusterctl.dev/config-hash"

// LabelClusterAPICluster marks the kubeconfig Secret in the way that Cluster
// API does.
const LabelClusterAPICluster = "cluster.x-k8s.io/cluster-name"

// TypeKubeconfigSecret is the type that Cluster API gives to its kubeconfig
// Secrets, and that its consumers look for.
const TypeKubeconfigSecret = "cluster.x-k8s.io/secret"

// Keys of the kubeconfig Secret. Both hold the same bytes: the first is where
// Cluster API and Flux look, the second is where kubectl users do.
const (
	KeyKubeconfigValue = "value"
	KeyKubeconfig      = "config"
)

// keyNodeConfig is the key of the node configuration in its ConfigMap.
const keyNodeConfig = "node.yaml"

// APIServiceName is the name of the Service in front of the API servers.
func APIServiceName(cluster string) string { return cluster + "-api" }

// NodesServiceName is the name of the headless Service of all node pods.
func NodesServiceName(cluster string) string { return cluster + "-nodes" }

// IdentitySecretName is the name of the Secret that makes the cluster that
// cluster and no other.
func IdentitySecretName(cluster string) string { return cluster + "-identity" }

// JoinSecretName is the name of the Secret that all nodes get.
func JoinSecretName(cluster string) string { return cluster + "-join" }

// KubeconfigSecretName is the name of the Secret that the cluster's users read.
func KubeconfigSecretName(cluster string) string { return cluster + "-kubeconfig" }

// GroupName is the name of the StatefulSet and of the ConfigMap of a group.
func GroupName(cluster, group string) string { return cluster + "-" + group }

// StateClaimName is the name of the PersistentVolumeClaim that the StatefulSet of
// a group makes for one of its pods.
func StateClaimName(cluster, group string, ordinal int32) string {
	return fmt.Sprintf("%s-%s-%d", volumeState, GroupName(cluster, group), ordinal)
}

// Labels are the labels that every object of a virtual cluster carries.
func Labels(cluster, component string) map[string]string {
	return map[string]string{
		labelName:             AppName,
		labelInstance:         cluster,
		labelComponent:        component,
		labelPartOf:           PartOf,
		labelManagedBy:        PartOf,
		v1alpha1.LabelCluster: cluster,
	}
}

// GroupLabels are the labels of what belongs to one group of nodes, its pods
// among them.
func GroupLabels(cluster, group string, role guestapi.Role) map[string]string {
	labels := Labels(cluster, string(role))
	maps.Copy(labels, groupSelector(cluster, group, role))
	return labels
}

// groupSelector selects the pods of one group. It can never change: a
// StatefulSet refuses another selector.
func groupSelector(cluster, group string, role guestapi.Role) map[string]string {
	return map[string]string{
		v1alpha1.LabelCluster: cluster,
		v1alpha1.LabelRole:    string(role),
		v1alpha1.LabelPool:    group,
	}
}

// serverSelector selects the pods that serve the API.
func serverSelector(cluster string) map[string]string {
	return map[string]string{
		v1alpha1.LabelCluster: cluster,
		v1alpha1.LabelRole:    string(guestapi.RoleServer),
	}
}

// clusterSelector selects all node pods.
func clusterSelector(cluster string) map[string]string {
	return map[string]string{v1alpha1.LabelCluster: cluster}
}
