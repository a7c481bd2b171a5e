package controller_test

import (
	"context"
	"os"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

func TestMain(m *testing.M) { envtest.Main(m) }

const (
	namespace = "vclusterctl-system"
	user      = "system:serviceaccount:" + namespace + ":vclusterctl"
)

// TestRights runs the whole manager with the rights of the installed
// controller, and nothing more, until it has made a cluster's objects.
func TestRights(t *testing.T) {
	admin := envtest.Client(t)
	install(t, admin)
	start(t, envtest.Config(t))

	ns := envtest.Namespace(t, admin)
	vc := &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "dev"}}
	if err := admin.Create(t.Context(), vc); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the kubeconfig is ready", func() bool {
		if err := admin.Get(t.Context(), client.ObjectKeyFromObject(vc), vc); err != nil {
			t.Fatal(err)
		}
		return vc.Status.KubeconfigSecretRef != nil
	})
	for name, obj := range map[string]client.Object{
		"dev-api":        &corev1.Service{},
		"dev-nodes":      &corev1.Service{},
		"dev-identity":   &corev1.Secret{},
		"dev-join":       &corev1.Secret{},
		"dev-kubeconfig": &corev1.Secret{},
		"dev-server":     &corev1.ConfigMap{},
	} {
		if err := admin.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: name}, obj); err != nil {
			t.Error(err)
		}
	}
	if err := admin.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: "dev-server"}, &appsv1.StatefulSet{}); err == nil {
		t.Error("a StatefulSet exists although no node offers the runtime")
	}
}

// start runs a manager as the installed controller until the test ends.
func start(t *testing.T, cfg *rest.Config) {
	t.Helper()
	cfg.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated"}}
	mgr, err := controller.New(cfg, controller.Options{
		Namespace:      namespace,
		LeaderElection: true,
		MetricsAddress: "0",
		ProbeAddress:   "0",
		Catalogue:      catalogue.Single("v1.36.3", "localhost/vclusterctl/node:v1.36.3", v1alpha1.DistroK8s),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the manager ended with %v", err)
		}
	})
}

// install gives the controller the rights that the static manifests give it.
func install(t *testing.T, admin client.Client) {
	t.Helper()
	f, err := os.Open("../charts/rendered/cluster.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read from
	if err := admin.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}); err != nil {
		t.Fatal(err)
	}
	for d := yaml.NewYAMLOrJSONDecoder(f, 4096); ; {
		var raw map[string]any
		if err := d.Decode(&raw); err != nil {
			return // the end of the file
		}
		createRBAC(t, admin, raw)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("not in time: %s", what)
		case <-tick.C:
		}
	}
}

func createRBAC(t *testing.T, admin client.Client, raw map[string]any) {
	t.Helper()
	var obj client.Object
	switch raw["kind"] {
	case "Role":
		obj = &rbacv1.Role{}
	case "RoleBinding":
		obj = &rbacv1.RoleBinding{}
	case "ClusterRole":
		obj = &rbacv1.ClusterRole{}
	case "ClusterRoleBinding":
		obj = &rbacv1.ClusterRoleBinding{}
	default:
		return
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, obj); err != nil {
		t.Fatal(err)
	}
	if err := admin.Create(t.Context(), obj); err != nil {
		t.Fatal(err)
	}
}
