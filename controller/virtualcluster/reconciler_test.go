package virtualcluster

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

func TestFromNothingToReady(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")

	w.reconcile("dev")
	if w.exists("dev-server", &appsv1.StatefulSet{}) {
		t.Error("a StatefulSet exists although the identity was not on record when it was decided on")
	}
	if w.vc("dev").Status.IdentityFingerprint == "" {
		t.Error("the first reconciliation left no fingerprint")
	}
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
	w.expect("dev", v1alpha1.ConditionKubeconfigReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	w.expect("dev", v1alpha1.ConditionRuntimeReady, metav1.ConditionTrue, v1alpha1.ReasonReady)

	pod := w.startPods("dev", "server")[0]
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionControlPlaneReady, metav1.ConditionFalse, v1alpha1.ReasonBooting)
	w.expect("dev", v1alpha1.ConditionIsolated, metav1.ConditionUnknown, v1alpha1.ReasonNotProven)
	if got := len(w.reports.tracked[w.key("dev")]); got != 1 {
		t.Errorf("%d guests are asked, want 1", got)
	}

	w.says(pod)
	w.makeReady(pod)
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionControlPlaneReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	w.expect("dev", v1alpha1.ConditionNodesReady, metav1.ConditionUnknown, v1alpha1.ReasonNotProven)

	w.says(pod, serving)
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionNodesReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	w.expect("dev", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	w.expectKubeconfig("dev")
}

// expectKubeconfig checks the Secret that users and Cluster API read.
func (w *world) expectKubeconfig(name string) {
	w.t.Helper()
	secret, api := &corev1.Secret{}, &corev1.Service{}
	w.get(name+"-kubeconfig", secret)
	w.get(name+"-api", api)
	p, err := kubeconfig.Parse(secret.Data["value"])
	if err != nil {
		w.t.Fatal(err)
	}
	if want := "https://" + api.Spec.ClusterIP + ":6443"; p.Server != want || p.TLSServerName != "kubernetes.default.svc" {
		w.t.Errorf("kubeconfig leads to %s as %s, want %s", p.Server, p.TLSServerName, want)
	}
}
