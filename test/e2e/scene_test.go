package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// scene is what one test works with: the host, and a namespace on it.
type scene struct {
	*testing.T

	ctx       context.Context
	host      *harness.Host
	distro    harness.Distro
	namespace string
}

// watch is the scene of a test that changes nothing: it looks at the shared
// cluster of a distro.
func watch(t *testing.T, d harness.Distro) *scene {
	t.Helper()
	s := enter(t, d, sharedNamespace(d))
	t.Cleanup(s.diagnose)
	return s
}

// begin is the scene of a test with a namespace of its own, which is removed
// with everything in it.
func begin(t *testing.T, d harness.Distro) *scene {
	t.Helper()
	name := strings.ToLower(strings.TrimPrefix(string(d.Name)+"-"+t.Name()[strings.LastIndex(t.Name(), "/")+1:], "-"))
	s := enter(t, d, name)
	t.Cleanup(s.diagnose)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	s.must(s.host.Create(s.ctx, namespace))
	t.Cleanup(func() {
		ctx, cancel := s.afterwards()
		defer cancel()
		if err := client.IgnoreNotFound(s.host.Delete(ctx, namespace)); err != nil {
			t.Errorf("delete namespace %q: %v", name, err)
		}
	})
	return s
}

// in is the same scene for a subtest, which says by itself what it saw.
func (s *scene) in(t *testing.T) *scene {
	t.Helper()
	return enter(t, s.distro, s.namespace)
}

func enter(t *testing.T, d harness.Distro, namespace string) *scene {
	t.Helper()
	if world.missing != nil {
		t.Skip(world.missing)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := context.AfterFunc(world.ctx, func() { cancel(context.Cause(world.ctx)) })
	t.Cleanup(func() { stop(); cancel(nil) })
	return &scene{T: t, ctx: ctx, host: world.host, distro: d, namespace: namespace}
}

// diagnose shows what there is to see where a test failed.
func (s *scene) diagnose() {
	if !s.Failed() {
		return
	}
	ctx, cancel := s.afterwards()
	defer cancel()
	s.Log(s.host.Diagnose(ctx, s.namespace))
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// within bounds one step.
func (s *scene) within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(s.ctx, d)
	s.Cleanup(cancel)
	return ctx
}

// sharedName is the name of the cluster of a distro that tests share.
const sharedName = "shared"

func sharedNamespace(d harness.Distro) string { return string(d.Name) + "-shared" }

func sharedCluster(d harness.Distro) *v1alpha1.VirtualCluster {
	vc := harness.VirtualCluster(sharedNamespace(d), sharedName)
	vc.Spec.Distro = d.Name
	vc.Spec.Registries = mirrors()
	return vc
}

// createShared makes the cluster of a distro that tests share, and waits until
// it is ready or the distro has refused to run on this host.
func createShared(ctx context.Context, h *harness.Host, d harness.Distro) (refused string, err error) {
	ctx, cancel := context.WithTimeout(ctx, bootTimeout)
	defer cancel()
	vc := sharedCluster(d)
	if err := h.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: vc.Namespace}}); err != nil {
		return "", err
	}
	if err := h.Create(ctx, vc); err != nil {
		return "", err
	}
	return h.AwaitOrRefusal(ctx, d, vc)
}

// afterwards is for what is done after a test, also one that was cut short.
func (s *scene) afterwards() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(s.ctx), time.Minute)
}

// shared waits for the cluster that tests share.
func (s *scene) shared() *v1alpha1.VirtualCluster {
	s.Helper()
	_, err := world.shared[s.distro.Name]()
	s.must(err)
	return s.ready(sharedCluster(s.distro))
}

// create makes a virtual cluster in the scene's namespace.
func (s *scene) create(name string, changes ...func(*v1alpha1.VirtualClusterSpec)) *v1alpha1.VirtualCluster {
	s.Helper()
	vc := harness.VirtualCluster(s.namespace, name)
	vc.Spec.Distro = s.distro.Name
	for _, change := range changes {
		if change != nil {
			change(&vc.Spec)
		}
	}
	s.must(s.host.Create(s.ctx, vc))
	return vc
}

// ready waits until a pod can start in a virtual cluster.
func (s *scene) ready(vc *v1alpha1.VirtualCluster) *v1alpha1.VirtualCluster {
	s.Helper()
	vc, err := s.host.AwaitReady(s.within(bootTimeout), vc)
	s.must(err)
	return vc
}

// change changes the spec of a cluster, whoever else writes the object meanwhile.
func (s *scene) change(vc *v1alpha1.VirtualCluster, change func(*v1alpha1.VirtualClusterSpec)) error {
	ctx := s.within(stepTimeout)
	return s.host.Eventually(ctx, func() error {
		var now v1alpha1.VirtualCluster
		if err := s.host.Get(ctx, client.ObjectKeyFromObject(vc), &now); err != nil {
			return err
		}
		change(&now.Spec)
		return s.host.Update(ctx, &now)
	})
}

// inside is a virtual cluster as its user sees it.
func (s *scene) inside(vc *v1alpha1.VirtualCluster) *harness.Cluster {
	s.Helper()
	c, err := s.host.Inside(s.ctx, vc)
	s.must(err)
	return c
}

// pod reads a node pod.
func (s *scene) pod(vc *v1alpha1.VirtualCluster) *corev1.Pod {
	s.Helper()
	var pod corev1.Pod
	s.must(s.host.Get(s.ctx, client.ObjectKey{Namespace: vc.Namespace, Name: harness.ServerPod(vc)}, &pod))
	return &pod
}

// shell runs a line of shell in the server pod of a virtual cluster.
func (s *scene) shell(vc *v1alpha1.VirtualCluster, line string) string {
	s.Helper()
	out, err := s.host.Shell(s.within(stepTimeout), vc, line)
	s.must(err)
	return strings.TrimSpace(out)
}
