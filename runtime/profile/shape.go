package profile

import (
	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

// PodOptions vary the shape of a node pod.
type PodOptions struct {
	// Seccomp makes the pod use the profile's own seccomp profile, and run
	// only on nodes whose label says that they have it. Without it the pod runs
	// on any node, unconfined.
	Seccomp bool
	// UserNamespace is how the RuntimeClass's pods ask for one.
	UserNamespace UserNamespace
	// Cgroup is how the RuntimeClass's pods get a writable one.
	Cgroup WritableCgroup
}

// PodShape is what a runtime profile makes of a node pod.
type PodShape struct {
	RuntimeClassName string
	// HostUsers is false where the pod gets a user namespace from Kubernetes.
	HostUsers bool
	// Annotations of the pod.
	Annotations     map[string]string
	Command         []string
	Env             []corev1.EnvVar
	SecurityContext *corev1ac.SecurityContextApplyConfiguration
	// NodeSelector the shape needs, beside the RuntimeClass's own.
	NodeSelector map[string]string
	// EphemeralMedium is what state is kept on that goes with the pod.
	EphemeralMedium corev1.StorageMedium
}
