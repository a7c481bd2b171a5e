package cluster

import (
	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

// PodShape is what a runtime profile makes of a node pod.
type PodShape struct {
	RuntimeClassName string
	Command          []string
	Env              []corev1.EnvVar
	SecurityContext  *corev1ac.SecurityContextApplyConfiguration
	// NodeSelector the shape needs, beside the RuntimeClass's own.
	NodeSelector map[string]string
}
