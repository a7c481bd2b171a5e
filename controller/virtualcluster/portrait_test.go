package virtualcluster

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/kubeconfig"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// portrait shows a cluster, its objects and its status, without what differs
// between two clusters that are the same.
func (w *world) portrait(name string) string {
	w.t.Helper()
	vc := w.vc(name)
	api := &corev1.Service{}
	w.get(name+"-api", api)
	var out bytes.Buffer
	for _, obj := range w.owned(name) {
		out.WriteString(kindOfObject(obj) + " " + paint(w.t, obj) + "\n")
	}
	status := vc.DeepCopy()
	for i := range status.Status.Conditions {
		status.Status.Conditions[i].LastTransitionTime = metav1.Time{}
		status.Status.Conditions[i].ObservedGeneration -= vc.Generation
	}
	for i := range status.Status.Timeline {
		status.Status.Timeline[i].Time = metav1.MicroTime{}
	}
	status.Status.ObservedGeneration -= vc.Generation
	status.Status.IdentityFingerprint = ""
	out.WriteString("status " + asJSON(w.t, status.Status) + "\n")
	return strings.NewReplacer(
		string(vc.UID), "UID", w.ns, "NAMESPACE", api.Spec.ClusterIP, "ADDRESS",
	).Replace(nodePort.ReplaceAllString(out.String(), "${1}PORT"))
}

// nodePort is a port of the host's nodes, which the API server chooses.
var nodePort = regexp.MustCompile(`("nodePort":|192\.0\.2\.10:)\d+`)

// paint is one object without what the API server gives it.
func paint(t *testing.T, obj client.Object) string {
	t.Helper()
	raw, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		t.Fatal(err)
	}
	u := unstructured.Unstructured{Object: raw}
	for _, field := range []string{"uid", "resourceVersion", "creationTimestamp", "generation"} {
		unstructured.RemoveNestedField(u.Object, "metadata", field)
	}
	// A StatefulSet that once was paused has been confirmed.
	unstructured.RemoveNestedField(u.Object, "status", "observedGeneration")
	managed := u.GetManagedFields()
	for i := range managed {
		managed[i].Time = nil
	}
	u.SetManagedFields(managed)
	unstructured.RemoveNestedField(u.Object, "spec", "template", "metadata", "annotations", "vclusterctl.dev/config-hash")
	if secret, ok := obj.(*corev1.Secret); ok {
		u.Object["data"] = sortedKeys(secret.Data)
	}
	return asJSON(t, u.Object)
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// expectSound checks what no portrait shows: one identity, recorded, which
// everything that proves anything is signed by; and nothing left about that
// nobody owns.
func (w *world) expectSound(name string) {
	w.t.Helper()
	vc := w.vc(name)
	identity, join, access := w.backup(name+"-identity"), w.backup(name+"-join"), w.backup(name+"-kubeconfig")
	id, err := pki.LoadIdentity(vc.Status.Resolved.Distro, identity.Data)
	if err != nil {
		w.t.Fatal(err)
	}
	if id.Fingerprint() != vc.Status.IdentityFingerprint {
		w.t.Errorf("the identity is %.12s, on record is %.12s", id.Fingerprint(), vc.Status.IdentityFingerprint)
	}
	if err := pki.ValidateJoin(id, join.Data); err != nil {
		w.t.Errorf("the join credentials are another cluster's: %v", err)
	}
	p, err := kubeconfig.Parse(access.Data["value"])
	if err != nil {
		w.t.Fatal(err)
	}
	if !bytes.Equal(p.CA, id.ServerCA()) {
		w.t.Error("the kubeconfig trusts another authority")
	}
	clients := id.ServerCA()
	if own := identity.Data[guestapi.IdentityClientCACert]; own != nil { // k3s keeps two
		clients = own
	}
	w.expectSigned(p.ClientCert, clients)
	if orphans := w.collect(); len(orphans) > 0 {
		w.t.Errorf("nobody owns %v", orphans)
	}
	if all, ours := names(w.everything()), names(w.owned(name)); all != ours {
		w.t.Errorf("the namespace holds %s, and the cluster is made of %s", all, ours)
	}
}

func (w *world) expectSigned(cert, ca []byte) {
	w.t.Helper()
	block, _ := pem.Decode(cert)
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		w.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		w.t.Errorf("the kubeconfig's certificate is of another authority: %v", err)
	}
}

// lines compares portraits line by line: a whole one is too long to read.
func lines(portrait string) []string {
	out := strings.Split(strings.TrimSpace(portrait), "\n")
	slices.Sort(out)
	return out
}
