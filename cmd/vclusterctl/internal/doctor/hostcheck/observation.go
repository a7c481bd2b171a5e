package hostcheck

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	storagev1 "k8s.io/api/storage/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/version"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
)

// Observation is all that was seen of a host.
type Observation struct {
	// Namespace is the name of the one that virtual clusters are wanted in.
	Namespace string

	Version doctor.Seen[*version.Info]
	// Nodes are those asked for, sorted by name.
	Nodes doctor.Seen[[]corev1.Node]
	// Kubelets is how the kubelets of these are configured, by node.
	Kubelets map[string]doctor.Seen[Kubelet]
	Classes  doctor.Seen[[]nodev1.RuntimeClass]
	// Object is the namespace itself.
	Object  doctor.Seen[*corev1.Namespace]
	Limits  doctor.Seen[[]corev1.LimitRange]
	Quotas  doctor.Seen[[]corev1.ResourceQuota]
	Storage doctor.Seen[[]storagev1.StorageClass]
	// Pods are those of the whole host that run or are to run.
	Pods doctor.Seen[[]corev1.Pod]
	// Daemons are those of the whole host.
	Daemons doctor.Seen[[]appsv1.DaemonSet]
	// Definition is what the API server knows of virtual clusters, nil if
	// nothing.
	Definition doctor.Seen[*apiextensionsv1.CustomResourceDefinition]
	// Controllers are ours; Trouble says what keeps their pods from running.
	Controllers doctor.Seen[[]appsv1.Deployment]
	Trouble     string
	// Trials is what the API server said to a node pod that it was only asked
	// about, by profile: an empty text lets it in. Profiles whose RuntimeClass is
	// not there are not tried.
	Trials map[v1alpha1.RuntimeProfile]doctor.Seen[string]
	// Proofs are what pods have found out that tried, now or before.
	Proofs doctor.Seen[map[Spot]Proof]
}

// Kubelet is what matters of a kubelet's configuration.
type Kubelet struct {
	PodPidsLimit         int64  `json:"podPidsLimit"`
	CgroupDriver         string `json:"cgroupDriver"`
	SingleProcessOOMKill *bool  `json:"singleProcessOOMKill"`
	MaxPods              int32  `json:"maxPods"`
	UserNamespaces       struct {
		IDsPerPod int64 `json:"idsPerPod"`
	} `json:"userNamespaces"`
	FailSwapOn *bool `json:"failSwapOn"`
	MemorySwap struct {
		SwapBehavior string `json:"swapBehavior"`
	} `json:"memorySwap"`
	FeatureGates map[string]bool `json:"featureGates"`
}
