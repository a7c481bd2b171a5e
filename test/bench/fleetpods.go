package main

import (
	"context"
	"fmt"
	"net"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// makePods does what the controller of StatefulSets would.
func (f *fleet) makePods(ctx context.Context) error {
	var sets appsv1.StatefulSetList
	if err := f.admin.List(ctx, &sets); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i := range sets.Items {
		group.Go(func() error { return f.makePod(ctx, &sets.Items[i]) })
	}
	return group.Wait()
}

func (f *fleet) makePod(ctx context.Context, set *appsv1.StatefulSet) error {
	pod := &corev1.Pod{ObjectMeta: set.Spec.Template.ObjectMeta, Spec: set.Spec.Template.Spec}
	pod.Namespace, pod.Name = set.Namespace, set.Name+"-0"
	pod.Labels[appsv1.PodIndexLabel] = "0"
	pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("StatefulSet"))}
	for _, claim := range set.Spec.VolumeClaimTemplates {
		template := claim.Name
		claim.Namespace, claim.Name = pod.Namespace, template+"-"+pod.Name
		if err := f.admin.Create(ctx, &claim); err != nil {
			return err
		}
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: template, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim.Name},
		}})
	}
	return f.admin.Create(ctx, pod)
}

// runPods does what scheduler, kubelet and the node inside would: each pod gets
// to the node, an address of its own on loopback, and a guest that answers there.
func (f *fleet) runPods(ctx context.Context) error {
	var pods corev1.PodList
	if err := f.admin.List(ctx, &pods, client.InNamespace(namespace)); err != nil {
		return err
	}
	f.guests = make([]*guest, len(pods.Items))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i := range pods.Items {
		group.Go(func() error {
			pod := &pods.Items[i]
			if err := f.runPod(ctx, pod, i); err != nil {
				return fmt.Errorf("run pod %q: %w", pod.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

func (f *fleet) runPod(ctx context.Context, pod *corev1.Pod, i int) error {
	var err error
	if f.guests[i], err = f.guestOf(ctx, pod); err != nil {
		return err
	}
	address := loopback(i)
	if err := f.guests[i].listen(ctx, net.JoinHostPort(address, fmt.Sprint(guestapi.Port))); err != nil {
		return err
	}
	binding := &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Name: pod.Name}, Target: corev1.ObjectReference{Kind: "Node", Name: fleetNode}}
	if err := f.admin.Clientset.CoreV1().Pods(pod.Namespace).Bind(ctx, binding, metav1.CreateOptions{}); err != nil {
		return err
	}
	if err := f.admin.Get(ctx, client.ObjectKeyFromObject(pod), pod); err != nil {
		return err
	}
	now := metav1.Now()
	pod.Status = corev1.PodStatus{
		Phase: corev1.PodRunning, StartTime: &now, PodIP: address, PodIPs: []corev1.PodIP{{IP: address}},
		Conditions: append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: now}),
	}
	for _, c := range pod.Spec.Containers {
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, Ready: true, Started: ptr.To(true),
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		})
	}
	return f.admin.Status().Update(ctx, pod)
}

// guestOf is the guest of a pod, with what its Secrets give it.
func (f *fleet) guestOf(ctx context.Context, pod *corev1.Pod) (*guest, error) {
	name := pod.Labels[v1alpha1.LabelCluster]
	var join, identity corev1.Secret
	for secret, key := range map[*corev1.Secret]string{&join: cluster.JoinSecretName(name), &identity: cluster.IdentitySecretName(name)} {
		if err := f.admin.Get(ctx, client.ObjectKey{Namespace: pod.Namespace, Name: key}, secret); err != nil {
			return nil, err
		}
	}
	id, err := pki.LoadIdentity(v1alpha1.DistroK8s, identity.Data)
	if err != nil {
		return nil, err
	}
	return newGuest(pod.UID, join.Data, id.Files())
}

// asked is how often guests were asked so far.
func (f *fleet) asked() int64 {
	var sum int64
	for _, g := range f.guests {
		if g != nil {
			sum += g.asked.Load()
		}
	}
	return sum
}

// loopback is an address of this machine for each guest.
func loopback(i int) string { return fmt.Sprintf("127.77.%d.%d", i/250, i%250+1) }
