package install

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/charts"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

func render(t *testing.T, p Params) Manifests {
	t.Helper()
	m, err := Render(p)
	if err != nil {
		t.Fatalf("Render(%+v): %v", p, err)
	}
	return m
}

// only is the one object of a kind and, unless empty, a name.
func only(t *testing.T, m Manifests, kind, name string) *unstructured.Unstructured {
	t.Helper()
	var found []*unstructured.Unstructured
	for _, u := range m.All() {
		if u.GetKind() == kind && (name == "" || u.GetName() == name) {
			found = append(found, u)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d objects of kind %s named %q, want one", len(found), kind, name)
	}
	return found[0]
}

func as[T any](t *testing.T, u *unstructured.Unstructured) T {
	t.Helper()
	var typed T
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(u.Object, &typed, true); err != nil {
		t.Fatalf("%s %q: %v", u.GetKind(), u.GetName(), err)
	}
	return typed
}

func TestRenderChangesNamespace(t *testing.T) {
	for _, namespaced := range []bool{false, true} {
		m := render(t, Params{Namespace: "elsewhere", Namespaced: namespaced})
		data, err := json.Marshal(m.All())
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(charts.Namespace)) {
			t.Errorf("namespaced %t: %q is still in the manifests", namespaced, charts.Namespace)
		}
		if got := only(t, m, "Deployment", "").GetNamespace(); got != "elsewhere" {
			t.Errorf("namespaced %t: the Deployment is in namespace %q", namespaced, got)
		}
	}
}

func TestRenderStandsForNamespaceOnly(t *testing.T) {
	// Replacing the name by its text is right only where it stands alone.
	for name, manifests := range map[string][]byte{"cluster": charts.Cluster, "namespaced": charts.Namespaced} {
		for line := range strings.Lines(string(manifests)) {
			_, after, found := strings.Cut(line, charts.Namespace)
			if !found {
				continue
			}
			if rest := strings.TrimSpace(after); rest != "" && !slices.Contains([]string{"-edit", "-view", "-host-api", "-probes", "-node-pods", `:vclusterctl"`}, rest) {
				t.Errorf("%s: %q goes on after the namespace", name, line)
			}
		}
	}
}

func TestRenderImage(t *testing.T) {
	d := as[appsv1.Deployment](t, only(t, render(t, Params{Image: "example.com/controller:v9", Version: "v9"}), "Deployment", ""))
	if diff := cmp.Diff("example.com/controller:v9", d.Spec.Template.Spec.Containers[0].Image); diff != "" {
		t.Errorf("image: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff("v9", d.Labels[VersionLabel]); diff != "" {
		t.Errorf("version: -want, +got:\n%s", diff)
	}
}

func TestRenderArgs(t *testing.T) {
	plain := as[appsv1.Deployment](t, only(t, render(t, Params{}), "Deployment", ""))
	with := as[appsv1.Deployment](t, only(t, render(t, Params{Args: []string{"--allow-config", "--allow-network=10.0.0.0/8"}}), "Deployment", ""))
	want := append(slices.Clone(plain.Spec.Template.Spec.Containers[0].Args), "--allow-config", "--allow-network=10.0.0.0/8")
	if diff := cmp.Diff(want, with.Spec.Template.Spec.Containers[0].Args); diff != "" {
		t.Errorf("arguments: -want, +got:\n%s", diff)
	}
}

// TestDeploymentIsRestricted checks what Pod Security's restricted level, which
// the namespace enforces, would refuse.
func TestDeploymentIsRestricted(t *testing.T) {
	m := render(t, Params{})
	if got := only(t, m, "Namespace", charts.Namespace).GetLabels()["pod-security.kubernetes.io/enforce"]; got != "restricted" {
		t.Errorf("the namespace enforces %q", got)
	}
	pod := as[appsv1.Deployment](t, only(t, m, "Deployment", "")).Spec.Template.Spec
	got, err := json.Marshal(map[string]any{"pod": pod.SecurityContext, "container": pod.Containers[0].SecurityContext})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"container":{"capabilities":{"drop":["ALL"]},"readOnlyRootFilesystem":true,"allowPrivilegeEscalation":false},` +
		`"pod":{"runAsUser":65532,"runAsGroup":65532,"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("security contexts: -want, +got:\n%s", diff)
	}
}

func TestNamespacedReadsOnlyWhatHasNoNamespace(t *testing.T) {
	m := render(t, Params{Namespace: "team-a", Namespaced: true})
	role := as[rbacv1.ClusterRole](t, only(t, m, "ClusterRole", "vclusterctl-team-a"))
	var resources []string
	for _, rule := range role.Rules {
		resources = append(resources, rule.Resources...)
		if diff := cmp.Diff([]string{"get", "list", "watch"}, rule.Verbs); diff != "" {
			t.Errorf("%v: -want, +got:\n%s", rule.Resources, diff)
		}
	}
	slices.Sort(resources)
	if diff := cmp.Diff([]string{"nodes", "runtimeclasses", "servicecidrs"}, resources); diff != "" {
		t.Errorf("resources: -want, +got:\n%s", diff)
	}
}

func TestNoRoleIsAWildcard(t *testing.T) {
	for _, namespaced := range []bool{false, true} {
		for _, u := range render(t, Params{Namespaced: namespaced}).All() {
			if u.GetKind() != "ClusterRole" && u.GetKind() != "Role" {
				continue
			}
			for _, rule := range as[rbacv1.ClusterRole](t, u).Rules {
				all := slices.Concat(rule.APIGroups, rule.Resources, rule.Verbs)
				if slices.Contains(all, "*") || slices.Contains(all, "escalate") || slices.Contains(all, "bind") {
					t.Errorf("%s %q: rule %v allows everything", u.GetKind(), u.GetName(), rule)
				}
			}
		}
	}
}

// TestNobodyCreatesUnasked: what makes pods is given by an administrator.
func TestNobodyCreatesUnasked(t *testing.T) {
	for _, namespaced := range []bool{false, true} {
		for _, u := range render(t, Params{Namespaced: namespaced}).All() {
			for _, role := range []string{"admin", "edit"} {
				if _, found := u.GetLabels()["rbac.authorization.k8s.io/aggregate-to-"+role]; found {
					t.Errorf("%s %q becomes part of the built-in role %q", u.GetKind(), u.GetName(), role)
				}
			}
		}
	}
}

// TestRenderNodeImage: the catalogue's default version gets the image, and
// stays readable.
func TestRenderNodeImage(t *testing.T) {
	const image = "registry.example.com/node:v1"
	u := only(t, render(t, Params{NodeImage: image}), "ConfigMap", catalogue.ConfigMapName)
	text, _, err := unstructured.NestedString(u.Object, "data", catalogue.Key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalogue.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if entry, ok := c.Lookup(""); !ok || entry.Image != image {
		t.Errorf("the default is %+v, want image %q", entry, image)
	}
}

func TestSameRightsInBothModes(t *testing.T) {
	// Moving rules into a Role must lose none.
	cluster := as[rbacv1.ClusterRole](t, only(t, render(t, Params{}), "ClusterRole", "vclusterctl"))
	m := render(t, Params{Namespace: "a", Namespaced: true})
	split := slices.Concat(
		as[rbacv1.ClusterRole](t, only(t, m, "ClusterRole", "vclusterctl-a")).Rules,
		as[rbacv1.Role](t, only(t, m, "Role", "vclusterctl")).Rules)
	if diff := cmp.Diff(flat(cluster.Rules), flat(split)); diff != "" {
		t.Errorf("rights: -cluster, +namespaced:\n%s", diff)
	}
}

// flat lists rules one by one.
func flat(rules []rbacv1.PolicyRule) []string {
	var all []string
	for _, r := range rules {
		for _, group := range r.APIGroups {
			for _, resource := range r.Resources {
				for _, verb := range r.Verbs {
					all = append(all, group+"/"+resource+"/"+verb)
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

// TestRuntimeClassIsTheProfiles: the installer makes the classes of those
// profiles that a cluster can get without asking for them.
func TestRuntimeClassIsTheProfiles(t *testing.T) {
	var names []string
	for _, p := range catalog.Profiles() {
		if p.Knowledge().OnlyByName != "" {
			continue
		}
		data, err := json.Marshal(p.RuntimeClass(profile.ClassOptions{}))
		if err != nil {
			t.Fatal(err)
		}
		want := &unstructured.Unstructured{}
		if err := want.UnmarshalJSON(data); err != nil {
			t.Fatal(err)
		}
		got := only(t, render(t, Params{}), "RuntimeClass", want.GetName())
		got.SetLabels(nil)
		if diff := cmp.Diff(want.Object, got.Object); diff != "" {
			t.Errorf("RuntimeClass: -profile, +chart:\n%s", diff)
		}
		names = append(names, want.GetName())
	}
	for _, u := range render(t, Params{}).All() {
		if u.GetKind() == "RuntimeClass" && !slices.Contains(names, u.GetName()) {
			t.Errorf("RuntimeClass %q is made for nobody", u.GetName())
		}
	}
}

func TestCatalogueIsReadable(t *testing.T) {
	u := only(t, render(t, Params{}), "ConfigMap", catalogue.ConfigMapName)
	text, _, err := unstructured.NestedString(u.Object, "data", catalogue.Key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := catalogue.Parse([]byte(text)); err != nil {
		t.Error(err)
	}
}

// TestCatalogueOffers: what an image carries is known where it was built, not
// in the chart.
func TestCatalogueOffers(t *testing.T) {
	u := only(t, render(t, Params{NodeImage: "example.com/node:1", NodeDistros: []string{"k8s", "k3s=v1.36.3+k3s1"}}), "ConfigMap", catalogue.ConfigMapName)
	text, _, err := unstructured.NestedString(u.Object, "data", catalogue.Key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalogue.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	e, ok := c.Lookup("")
	if !ok || e.Image != "example.com/node:1" || e.VersionOf(v1alpha1.DistroK3s) != "v1.36.3+k3s1" || !e.Carries(v1alpha1.DistroK8s) {
		t.Errorf("the catalogue offers %+v", e)
	}
	for _, bad := range []string{"k0s", "k3s=", "k3s=v1.30.1+k3s1"} {
		if _, err := Render(Params{NodeDistros: []string{bad}}); err == nil || !strings.Contains(err.Error(), "k3s1") {
			t.Errorf("%q: got error %v, want one that shows what is right", bad, err)
		}
	}
}

func TestCarriedDistros(t *testing.T) {
	told := map[string]string{v1alpha1.NodeAnnotationDistros: "k8s=v1.36.3,k3s=v1.36.3+k3s1"}
	cases := map[string]struct {
		reason string
		nodes  []metav1.PartialObjectMetadata
		want   []string
	}{
		"Host":  {"an embedded host tells", []metav1.PartialObjectMetadata{{ObjectMeta: metav1.ObjectMeta{Annotations: told}}}, []string{"k8s=v1.36.3", "k3s=v1.36.3+k3s1"}},
		"Other": {"other nodes know nothing of our images", []metav1.PartialObjectMetadata{{}}, nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := CarriedDistros(t.Context(), listed{tc.nodes})
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Errorf("%s: %v, -want +got:\n%s", tc.reason, err, diff)
			}
		})
	}
}

// listed is a cluster that has these nodes.
type listed struct {
	nodes []metav1.PartialObjectMetadata
}

func (l listed) List(_ context.Context, into client.ObjectList, _ ...client.ListOption) error {
	into.(*metav1.PartialObjectMetadataList).Items = l.nodes
	return nil
}

func (l listed) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	return errors.New("nobody asks for one")
}

func TestOrder(t *testing.T) {
	m := render(t, Params{})
	var kinds []string
	for _, u := range m.All() {
		kinds = append(kinds, u.GetKind())
	}
	for _, pair := range [][2]string{
		{"CustomResourceDefinition", "Namespace"}, {"Namespace", "ServiceAccount"}, {"ClusterRoleBinding", "Deployment"}, {"RoleBinding", "Deployment"},
	} {
		if slices.Index(kinds, pair[0]) > slices.Index(kinds, pair[1]) {
			t.Errorf("%s comes after %s", pair[0], pair[1])
		}
	}
}
