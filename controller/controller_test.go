package controller_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	nodev1 "k8s.io/api/node/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

func TestMain(m *testing.M) { envtest.Main(m) }

const (
	namespace = "vclusterctl-system"
	user      = "system:serviceaccount:" + namespace + ":vclusterctl"
)

// TestRights runs the whole manager with the rights of the installed
// controller, and nothing more.
func TestRights(t *testing.T) {
	admin := envtest.Client(t)
	create(t, admin, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})
	create(t, admin, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: probeNamespace}})
	t.Run("Cluster", func(t *testing.T) {
		install(t, admin, "cluster.yaml")
		start(t, envtest.Config(t), "")
		live(t, admin, envtest.Namespace(t, admin))
	})
	t.Run("Probes", func(t *testing.T) {
		install(t, admin, "cluster.yaml")
		startProbing(t, envtest.Config(t))
		prove(t, admin, envtest.Namespace(t, admin))
	})
	t.Run("Namespaced", func(t *testing.T) {
		install(t, admin, "namespaced.yaml")
		start(t, envtest.Config(t), namespace)
		live(t, admin, namespace)
	})
}

// live takes a cluster through its life: made without a runtime, started when
// there is one, a pool taken out, told about in events.
func live(t *testing.T, admin client.Client, ns string) {
	t.Helper()
	create(t, admin, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "default"}})
	vc := &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "dev"}}
	vc.Spec.Pools = []v1alpha1.Pool{{Name: "big"}}
	create(t, admin, vc)
	get := func(name string, obj client.Object) error {
		return admin.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: name}, obj)
	}
	eventually(t, "the cluster waits for a runtime", func() error {
		if err := get("dev", vc); err != nil {
			return err
		}
		return expect(vc, v1alpha1.ConditionReady, v1alpha1.ReasonRuntimeClassMissing)
	})
	for name, obj := range map[string]client.Object{
		"dev-api":        &corev1.Service{},
		"dev-nodes":      &corev1.Service{},
		"dev-identity":   &corev1.Secret{},
		"dev-join":       &corev1.Secret{},
		"dev-kubeconfig": &corev1.Secret{},
		"dev-server":     &corev1.ConfigMap{},
	} {
		if err := get(name, obj); err != nil {
			t.Error(err)
		}
	}
	if err := get("dev-server", &appsv1.StatefulSet{}); err == nil {
		t.Error("a StatefulSet exists although no node offers the runtime")
	}

	offerRuntime(t, admin)
	eventually(t, "the servers exist", func() error { return get("dev-server", &appsv1.StatefulSet{}) })
	eventually(t, "the pool exists", func() error { return get("dev-big", &appsv1.StatefulSet{}) })

	base := vc.DeepCopy()
	vc.Spec.Pools = nil
	if err := admin.Patch(t.Context(), vc, client.MergeFrom(base)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the pool is gone", func() error {
		if err := get("dev-big", &appsv1.StatefulSet{}); !apierrors.IsNotFound(err) {
			return fmt.Errorf("the StatefulSet of the pool is still there: %w", err)
		}
		return nil
	})
	outdate(t, admin, ns)
	eventually(t, "an event tells of the missing RuntimeClass", func() error {
		var list eventsv1.EventList
		if err := admin.List(t.Context(), &list, client.InNamespace(ns)); err != nil {
			return err
		}
		for _, e := range list.Items {
			if e.Reason == v1alpha1.ReasonRuntimeClassMissing {
				return nil
			}
		}
		return fmt.Errorf("%d other events", len(list.Items))
	})
}

// outdate changes the administrator's catalogue: a cluster is told without being
// woken by anything else.
func outdate(t *testing.T, admin client.Client, ns string) {
	t.Helper()
	cm := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: catalogue.ConfigMapName},
		Data:       map[string]string{catalogue.Key: "default: v1.36.3\nentries: [{version: v1.36.3, image: localhost/newer, distros: [k8s]}]\n"},
	}
	state := func(reason string) func() error {
		return func() error {
			vc := &v1alpha1.VirtualCluster{}
			if err := admin.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: "dev"}, vc); err != nil {
				return err
			}
			return expect(vc, v1alpha1.ConditionUpToDate, reason)
		}
	}
	eventually(t, "the cluster is up to date", state(v1alpha1.ReasonCurrent))
	create(t, admin, cm)
	eventually(t, "the cluster is outdated", state(v1alpha1.ReasonOutdated))
	if err := admin.Delete(t.Context(), cm); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the cluster is up to date again", state(v1alpha1.ReasonCurrent))
}

func expect(vc *v1alpha1.VirtualCluster, condition, reason string) error {
	c := meta.FindStatusCondition(vc.Status.Conditions, condition)
	if c == nil || c.Reason != reason {
		return fmt.Errorf("%s is %+v, want reason %s", condition, c, reason)
	}
	return nil
}

// offerRuntime makes a node that offers the runtime.
func offerRuntime(t *testing.T, admin client.Client) {
	t.Helper()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "host-a"}}
	create(t, admin, node)
	node.Status.RuntimeHandlers = []corev1.NodeRuntimeHandler{{
		Name: userns.Handler, Features: &corev1.NodeRuntimeHandlerFeatures{UserNamespaces: ptr.To(true)},
	}}
	node.Status.NodeInfo = corev1.NodeSystemInfo{
		OperatingSystem: "linux", KernelVersion: "6.18.44", KubeletVersion: "v1.36.3", ContainerRuntimeVersion: "containerd://2.4.2",
	}
	if err := admin.Status().Update(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	class := &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: userns.ClassName}, Handler: userns.Handler}
	create(t, admin, class)
	temporary(t, admin, node)
	temporary(t, admin, class)
}

func create(t *testing.T, admin client.Client, obj client.Object) {
	t.Helper()
	if err := admin.Create(t.Context(), obj); err != nil {
		t.Fatal(err)
	}
}

// start runs a manager as the installed controller until the test ends.
func start(t *testing.T, cfg *rest.Config, watched string) {
	t.Helper()
	asInstalled(t, cfg, controller.Options{WatchNamespace: watched})
}

// asInstalled runs a manager with the rights of the installed controller.
func asInstalled(t *testing.T, cfg *rest.Config, opts controller.Options) {
	t.Helper()
	cfg.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated"}}
	opts.Namespace, opts.LeaderElection, opts.MetricsAddress, opts.ProbeAddress = namespace, true, "0", "0"
	opts.Catalogue = catalogue.Single("v1.36.3", "localhost/vclusterctl/node:v1.36.3", v1alpha1.DistroK8s)
	begin(t, cfg, opts)
}

// install gives the controller the rights that a static manifest gives it, until
// the test ends.
func install(t *testing.T, admin client.Client, manifest string) {
	t.Helper()
	f, err := os.Open("../charts/rendered/" + manifest)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read from
	for d := yaml.NewYAMLOrJSONDecoder(f, 4096); ; {
		var raw map[string]any
		if err := d.Decode(&raw); err != nil {
			return // the end of the file
		}
		createRBAC(t, admin, raw)
	}
}

func eventually(t *testing.T, what string, try func() error) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("not in time: %s: %v", what, err)
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
	create(t, admin, obj)
	temporary(t, admin, obj)
}

// temporary deletes an object when the test ends.
func temporary(t *testing.T, admin client.Client, obj client.Object) {
	t.Helper()
	t.Cleanup(func() {
		if err := admin.Delete(context.Background(), obj); client.IgnoreNotFound(err) != nil {
			t.Error(err)
		}
	})
}
