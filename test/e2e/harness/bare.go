package harness

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/images"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// BareServer makes the server of a virtual cluster without a VirtualCluster, so
// that no controller repairs what is taken away from it: one pod as the real
// builders make it, of the shape that a runtime profile gives, with changes.
func (h *Host) BareServer(ctx context.Context, namespace, name string, p profile.Profile, changes ...func(*corev1.PodSpec)) (*corev1.Pod, error) {
	in, objects, err := bareInput(namespace, name)
	if err != nil {
		return nil, err
	}
	group := cluster.Servers(in.Spec)
	config, err := cluster.ConfigMap(in, group)
	if err != nil {
		return nil, err
	}
	objects = append(objects, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: *config.Name}, Data: config.Data})
	pod, err := barePod(in, group, p)
	if err != nil {
		return nil, err
	}
	for _, change := range changes {
		change(&pod.Spec)
	}
	for _, o := range append(objects, pod) {
		// There is no owner, and what has none that exists is collected.
		o.SetOwnerReferences(nil)
		if err := h.Create(ctx, o); err != nil {
			return nil, fmt.Errorf("make server %q: %w", name, err)
		}
	}
	return pod, nil
}

// bareInput is what a controller would have resolved, and the Secrets it would
// have made.
func bareInput(namespace, name string) (cluster.Input, []client.Object, error) {
	in := cluster.Input{
		Name: name, Namespace: namespace, APIAddress: "127.0.0.1",
		Spec: v1alpha1.VirtualClusterSpec{Servers: v1alpha1.Servers{Storage: v1alpha1.Storage{Ephemeral: ptr.To(true)}}},
		Resolved: v1alpha1.Resolved{
			Distro: v1alpha1.DistroK8s, Version: images.KubernetesVersion, Image: images.NodeRef(),
			PodCIDR: "10.52.0.0/16", ServiceCIDR: "10.53.0.0/16", ClusterDomain: "cluster.local",
		},
	}
	id, err := pki.NewIdentity(v1alpha1.DistroK8s, time.Now(), rand.Reader)
	if err != nil {
		return in, nil, err
	}
	join, err := pki.NewJoin(id, time.Now(), rand.Reader)
	if err != nil {
		return in, nil, err
	}
	in.IdentityKeys = slices.Sorted(maps.Keys(id.Files()))
	return in, []client.Object{cluster.IdentitySecret(in, id.Files(), nil), cluster.JoinSecret(in, join)}, nil
}

// barePod is the first pod that the StatefulSet of a group would make. It is not
// started again, so that the last words of one that dies can be read.
func barePod(in cluster.Input, g cluster.Group, p profile.Profile) (*corev1.Pod, error) {
	set, err := cluster.StatefulSet(in, g, p.PodShape(profile.PodOptions{Seccomp: true}))
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(set.Spec.Template)
	if err != nil {
		return nil, err
	}
	var pod corev1.Pod
	if err := json.Unmarshal(data, &pod); err != nil {
		return nil, err
	}
	pod.Namespace, pod.Name = in.Namespace, *set.Name+"-0"
	pod.Labels["apps.kubernetes.io/pod-index"] = "0"
	pod.Spec.Hostname, pod.Spec.RestartPolicy = pod.Name, corev1.RestartPolicyNever
	pod.Spec.TerminationGracePeriodSeconds = ptr.To[int64](1)
	return &pod, nil
}
