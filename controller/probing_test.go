package controller_test

import (
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller"
	runtimeprobe "github.com/vclusterctl/vclusterctl/runtime/probe"
	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
)

const probeNamespace = namespace + "-probes"

func startProbing(t *testing.T, cfg *rest.Config) {
	t.Helper()
	asInstalled(t, cfg, controller.Options{ProbeNamespace: probeNamespace})
}

// prove takes a node from its own word to a proof, and a cluster with it.
func prove(t *testing.T, admin client.Client, ns string) {
	t.Helper()
	create(t, admin, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "default"}})
	create(t, admin, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: probeNamespace, Name: "default"}})
	vc := &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "dev"}}
	create(t, admin, vc)
	offerRuntime(t, admin)
	key := client.ObjectKeyFromObject(vc)
	eventually(t, "the cluster waits for a node that is not Ready", func() error {
		if err := admin.Get(t.Context(), key, vc); err != nil {
			return err
		}
		return expect(vc, v1alpha1.ConditionReady, v1alpha1.ReasonPending)
	})
	node := &corev1.Node{}
	if err := admin.Get(t.Context(), client.ObjectKey{Name: "host-a"}, node); err != nil {
		t.Fatal(err)
	}
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	if err := admin.Status().Update(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a probe is under way", func() error {
		if err := admin.Get(t.Context(), key, vc); err != nil {
			return err
		}
		return expect(vc, v1alpha1.ConditionReady, v1alpha1.ReasonProbing)
	})
	if err := admin.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: "dev-server"}, &appsv1.StatefulSet{}); err == nil {
		t.Error("a StatefulSet exists although no node has proven the runtime")
	}
	eventually(t, "the probe pod ends", func() error { return endProbe(t, admin) })
	set := &appsv1.StatefulSet{}
	eventually(t, "the servers exist", func() error {
		return admin.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: "dev-server"}, set)
	})
	if set.Spec.Template.Spec.NodeSelector[runtimeprobe.NodeLabel(v1alpha1.RuntimeUserns, true)] != v1alpha1.NodeLabelProven {
		t.Errorf("servers may run where no probe passed: %v", set.Spec.Template.Spec.NodeSelector)
	}
	eventually(t, "the probe pod is gone", func() error {
		var pods corev1.PodList
		if err := admin.List(t.Context(), &pods, client.InNamespace(probeNamespace)); err != nil || len(pods.Items) == 0 {
			return err
		}
		return fmt.Errorf("%d are left", len(pods.Items))
	})
	report := &v1alpha1.RuntimeReport{}
	if err := admin.Get(t.Context(), client.ObjectKey{Name: "host-a.userns"}, report); err != nil {
		t.Fatal(err)
	}
	temporary(t, admin, report)
	temporary(t, admin, vc)
}

// endProbe does what the kubelet and the guest would.
func endProbe(t *testing.T, admin client.Client) error {
	t.Helper()
	var pods corev1.PodList
	if err := admin.List(t.Context(), &pods, client.InNamespace(probeNamespace)); err != nil {
		return err
	}
	if len(pods.Items) != 1 {
		return fmt.Errorf("%d probe pods", len(pods.Items))
	}
	var found []finding.Finding
	for _, name := range []string{
		finding.Systemd, finding.UserNamespace, finding.GroupMap, finding.Mount, finding.Cgroup, finding.Sysctls, finding.Procfs,
		finding.Veth, finding.Bridge, finding.VXLAN, finding.Nftables, finding.Iptables,
	} {
		found = append(found, finding.Finding{Name: name, OK: true})
	}
	message, err := finding.New(found).Encode()
	if err != nil {
		t.Fatal(err)
	}
	pod := &pods.Items[0]
	pod.Status.Phase = corev1.PodSucceeded
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: runtimeprobe.ContainerName, State: corev1.ContainerState{
		Terminated: &corev1.ContainerStateTerminated{Message: string(message), FinishedAt: metav1.Now()},
	}}}
	return admin.Status().Update(t.Context(), pod)
}
