package virtualcluster

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

// backup is a Secret as a user would save and restore it.
func (w *world) backup(name string) *corev1.Secret {
	w.t.Helper()
	s := &corev1.Secret{}
	w.get(name, s)
	s.ResourceVersion, s.UID, s.ManagedFields = "", "", nil
	return s
}

func (w *world) delete(name string, obj client.Object) {
	w.t.Helper()
	w.get(name, obj)
	if err := w.client.Delete(w.t.Context(), obj); err != nil {
		w.t.Fatal(err)
	}
}

// TestIdentityLost: an identity that was recorded is never made anew, and the
// cluster goes on once it is restored.
func TestIdentityLost(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.settle("dev")
	saved := w.backup("dev-identity")
	before := w.vc("dev").Status.IdentityFingerprint
	w.delete("dev-identity", &corev1.Secret{})

	w.settle("dev")
	c := w.expect("dev", v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonIdentityLost)
	for _, word := range []string{"dev-identity", "restore", "delete"} {
		if !strings.Contains(c.Message, word) {
			t.Errorf("the message does not say %q: %s", word, c.Message)
		}
	}
	if w.exists("dev-identity", &corev1.Secret{}) {
		t.Fatal("the identity was made anew")
	}
	if got := w.vc("dev").Status.IdentityFingerprint; got != before {
		t.Errorf("the record changed from %s to %s", before, got)
	}
	if !w.exists("dev-server", &appsv1.StatefulSet{}) {
		t.Error("the servers were removed")
	}

	w.create(saved)
	w.settle("dev")
	if c := w.vc("dev").Status.Conditions; len(c) == 0 || hasCondition(c, v1alpha1.ConditionStalled) {
		t.Errorf("still stalled after the restore: %v", c)
	}
}

func hasCondition(conditions []metav1.Condition, name string) bool {
	for _, c := range conditions {
		if c.Type == name {
			return true
		}
	}
	return false
}

// TestIdentityReplaced: another identity in the place of the recorded one is as
// bad as none.
func TestIdentityReplaced(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.newCluster("other")
	w.settle("dev")
	w.settle("other")
	saved, foreign := w.backup("dev-identity"), w.backup("other-identity")
	w.delete("dev-identity", &corev1.Secret{})
	saved.Data = foreign.Data
	w.create(saved)
	w.settle("dev")
	c := w.expect("dev", v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonIdentityLost)
	if !strings.Contains(c.Message, "another identity") {
		t.Errorf("the message is: %s", c.Message)
	}
}

// TestStatusLost: who the cluster is can be read off the identity alone.
func TestStatusLost(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", func(vc *v1alpha1.VirtualCluster) { vc.Spec.Network.PodCIDR = "10.66.0.0/16" })
	w.settle("dev")
	before := w.vc("dev").Status
	vc := w.vc("dev")
	vc.Status = v1alpha1.VirtualClusterStatus{}
	w.updateStatus(vc)
	w.r.opts.Catalogue = func(context.Context) (catalogue.Catalogue, error) { // nothing may be chosen again
		return catalogue.Catalogue{}, errors.New("no catalogue")
	}

	w.reconcile("dev")
	after := w.vc("dev").Status
	if after.IdentityFingerprint != before.IdentityFingerprint || *after.Resolved != *before.Resolved {
		t.Errorf("the status came back as %+v, was %+v", after.Resolved, before.Resolved)
	}
}

// TestFingerprintNotLost: a record that the cache has not seen yet still keeps
// the identity from being made anew.
func TestFingerprintNotLost(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	stale := w.vc("dev")
	w.settle("dev")
	chosen := *w.vc("dev").Status.Resolved
	w.delete("dev-identity", &corev1.Secret{})
	w.delete("dev-join", &corev1.Secret{}) // nothing but the record is left to tell
	w.delete("dev-server", &appsv1.StatefulSet{})
	w.catalogue(catalogue.Single("v1.37.0", "localhost/vclusterctl/node:v1.37.0", v1alpha1.DistroK8s))
	w.r = New(w.opts)
	if _, err := w.r.Reconcile(t.Context(), stale); err != nil {
		t.Fatal(err)
	}
	if got := w.vc("dev").Status.Resolved; got == nil || *got != chosen {
		t.Errorf("a stale cache made %+v of what was chosen, %+v", got, chosen)
	}
	if w.exists("dev-identity", &corev1.Secret{}) {
		t.Error("the identity was made anew on the word of a stale cache")
	}
}

// TestRecordedFirst: no server starts while the API server does not take the
// record of the identity that its data is going to be bound to.
func TestRecordedFirst(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.count.fail = func(r *http.Request) error {
		if strings.HasSuffix(r.URL.Path, "/status") {
			return envtest.ErrDead
		}
		return nil
	}
	for range 4 {
		if _, err := w.try("dev"); err == nil {
			t.Error("the error was swallowed")
		}
	}
	if !w.exists("dev-identity", &corev1.Secret{}) || !w.exists("dev-api", &corev1.Service{}) {
		t.Fatal("the test does not get far enough to mean anything")
	}
	if w.exists("dev-server", &appsv1.StatefulSet{}) {
		t.Error("servers were started under an identity that is not on record")
	}
	w.count.fail = nil
	w.settle("dev")
	if !w.exists("dev-server", &appsv1.StatefulSet{}) {
		t.Error("no servers were started afterwards")
	}
}

// TestJoinSecret: what the identity can sign anew is made anew.
func TestJoinSecret(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.settle("dev")
	w.delete("dev-join", &corev1.Secret{})
	w.settle("dev")
	if !w.exists("dev-join", &corev1.Secret{}) {
		t.Error("the join Secret was not made anew")
	}
}

// TestJoinDamaged: a damaged one is no lost identity, and the way out is short.
func TestJoinDamaged(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.settle("dev")
	secret := &corev1.Secret{}
	w.get("dev-join", secret)
	w.delete("dev-join", &corev1.Secret{})
	secret.ResourceVersion, secret.UID, secret.ManagedFields = "", "", nil
	secret.Data = map[string][]byte{"token": []byte("x")}
	w.create(secret)
	w.settle("dev")
	c := w.expect("dev", v1alpha1.ConditionStalled, yes, v1alpha1.ReasonJoinDamaged)
	if want := `delete Secret "dev-join": it is made anew`; !strings.Contains(c.Message, want) {
		t.Errorf("the message does not say %q: %s", want, c.Message)
	}
	w.delete("dev-join", &corev1.Secret{})
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionReady, no, v1alpha1.ReasonProgressing)
}

// TestKubeconfigSecret: it is renewed in time, and nobody else's content is
// taken for ours.
func TestKubeconfigSecret(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	w.settle("dev")
	first := w.backup("dev-kubeconfig").Data["value"]

	if got := w.reconcile("dev").RequeueAfter; got <= 0 || got > adminLifetime {
		t.Errorf("the controller comes back after %v, want in time for the renewal", got)
	}
	w.clock.Step(adminLifetime * 3 / 4)
	w.settle("dev")
	renewed := w.backup("dev-kubeconfig").Data["value"]
	if string(renewed) == string(first) {
		t.Error("the certificate was not renewed")
	}

	secret := &corev1.Secret{}
	w.get("dev-kubeconfig", secret)
	secret.Data["value"] = first
	if err := w.client.Update(t.Context(), secret, client.FieldOwner("somebody")); err != nil {
		t.Fatal(err)
	}
	w.settle("dev")
	w.expectKubeconfig("dev")
	if got := w.backup("dev-kubeconfig").Data; string(got["value"]) == string(first) || string(got["value"]) != string(got["config"]) {
		t.Error("somebody else's content was kept")
	}
	w.clock.SetTime(time.Now())
}

// TestExpose: the kubeconfig leads to where the API is exposed, once that is
// known.
func TestExpose(t *testing.T) {
	server := func(w *world) string {
		p, err := kubeconfig.Parse(w.backup("dev-kubeconfig").Data["value"])
		if err != nil {
			w.t.Fatal(err)
		}
		return p.Server
	}
	t.Run("NodePort", func(t *testing.T) {
		w := newWorld(t)
		w.newCluster("dev", func(vc *v1alpha1.VirtualCluster) { vc.Spec.Expose.Type = v1alpha1.ExposeNodePort })
		w.settle("dev")
		if got := server(w); !strings.HasPrefix(got, "https://192.0.2.10:3") {
			t.Errorf("the kubeconfig leads to %s, want a node's address and port", got)
		}
		vc := w.vc("dev")
		vc.Spec.Expose.Type = v1alpha1.ExposeClusterIP
		if err := w.client.Update(t.Context(), vc); err != nil {
			t.Fatal(err)
		}
		w.settle("dev")
		w.expectKubeconfig("dev")
	})
	t.Run("LoadBalancer", func(t *testing.T) {
		w := newWorld(t)
		w.newCluster("dev", func(vc *v1alpha1.VirtualCluster) { vc.Spec.Expose.Type = v1alpha1.ExposeLoadBalancer })
		w.settle("dev")
		w.expect("dev", v1alpha1.ConditionKubeconfigReady, metav1.ConditionFalse, v1alpha1.ReasonPending)
		if !w.exists("dev-server", &appsv1.StatefulSet{}) {
			t.Error("the servers wait for an address that only users need")
		}
		api := &corev1.Service{}
		w.get("dev-api", api)
		api.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "192.0.2.77"}}
		w.updateStatus(api)
		w.settle("dev")
		if got := server(w); got != "https://192.0.2.77:6443" {
			t.Errorf("the kubeconfig leads to %s, want the load balancer", got)
		}
	})
}
