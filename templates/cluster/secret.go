package cluster

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// IdentitySecret holds the cluster's authorities and keys. It is created once,
// by a plain create that fails where one is: applying it could replace the
// authorities of a living cluster. For the same reason it is immutable.
func IdentitySecret(in Input, data map[string][]byte, annotations map[string]string) *corev1.Secret {
	s := secret(in, IdentitySecretName(in.Name), "identity", data)
	s.Annotations = annotations
	s.Immutable = ptr.To(true)
	return s
}

// JoinSecret holds what all nodes get: no authority's key is in it.
func JoinSecret(in Input, data map[string][]byte) *corev1.Secret {
	return secret(in, JoinSecretName(in.Name), "join", data)
}

func secret(in Input, name, component string, data map[string][]byte) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name:      name,
			Namespace: in.Namespace,
			Labels:    Labels(in.Name, component),
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion:         v1alpha1.GroupVersion.String(),
				Kind:               "VirtualCluster",
				Name:               in.Name,
				UID:                in.UID,
				Controller:         ptr.To(true),
				BlockOwnerDeletion: ptr.To(true),
			}},
		},
		Type: corev1.SecretTypeOpaque,
		Data: data,
	}
}

// KubeconfigSecret is what the users of the cluster read, in the shape that
// Cluster API and Flux expect.
func KubeconfigSecret(in Input, kubeconfig []byte) *corev1ac.SecretApplyConfiguration {
	labels := Labels(in.Name, "kubeconfig")
	maps.Copy(labels, map[string]string{LabelClusterAPICluster: in.Name})
	return corev1ac.Secret(KubeconfigSecretName(in.Name), in.Namespace).
		WithLabels(labels).
		WithOwnerReferences(in.owner()).
		WithType(TypeKubeconfigSecret).
		WithData(map[string][]byte{
			KeyKubeconfigValue: kubeconfig,
			KeyKubeconfig:      kubeconfig,
		})
}
