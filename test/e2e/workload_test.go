package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/images"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// web is a Deployment of web servers behind a Service of the same name. Each
// server answers with the name of its pod.
type web struct {
	cluster   *harness.Cluster
	namespace string
	name      string
	replicas  int32
	node      string // empty for any
}

// With the kubeconfig Secret and nothing else one can do inside what one does in
// a cluster.
func testWorkload(t *testing.T, d harness.Distro) {
	s := watch(t, d)
	inner := s.inside(s.shared())
	w := web{cluster: inner, namespace: "default", name: "web", replicas: 2}
	s.deploy(w)
	s.checkLookUp(w)
	s.checkLogs(w)
	s.checkOwnWorld(inner)
}

// deploy makes the servers and waits until all of them serve.
func (s *scene) deploy(w web) {
	s.Helper()
	labels := map[string]string{"app": w.name}
	s.must(w.cluster.Create(s.ctx, w.deployment(labels)))
	s.must(w.cluster.Create(s.ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: w.name},
		Spec:       corev1.ServiceSpec{Selector: labels, Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080)}}},
	}))
	s.awaitWeb(w)
}

func (s *scene) awaitWeb(w web) {
	s.Helper()
	wanted := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: w.name}}
	_, err := harness.Await(s.within(stepTimeout), w.cluster, wanted, func(d *appsv1.Deployment) (bool, string) {
		return d.Status.ReadyReplicas == w.replicas && d.Status.UpdatedReplicas == w.replicas,
			fmt.Sprintf("%d of %d are ready: %v", d.Status.ReadyReplicas, w.replicas, d.Status.Conditions)
	})
	s.must(err)
}

func (w web) deployment(labels map[string]string) *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: w.name},
		Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To(w.replicas),
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					TerminationGracePeriodSeconds: ptr.To[int64](0),
					NodeSelector:                  w.nodeSelector(),
					Containers: []corev1.Container{{
						Name: "web", Image: images.Ref(images.Busybox), ImagePullPolicy: corev1.PullIfNotPresent,
						Command:        []string{"sh", "-c", "mkdir /www && hostname >/www/index.html && echo I am $(hostname) && exec httpd -f -p 8080 -h /www"},
						ReadinessProbe: &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: intstr.FromInt32(8080)}}},
					}},
				},
			},
		},
	}
}

func (w web) nodeSelector() map[string]string {
	if w.node == "" {
		return nil
	}
	return map[string]string{corev1.LabelHostname: w.node}
}

// pods are the names of the servers, sorted.
func (w web) pods(ctx context.Context) ([]string, error) {
	var list corev1.PodList
	err := w.cluster.List(ctx, &list, client.InNamespace(w.namespace), client.MatchingLabels{"app": w.name})
	names := harness.Names(&list)
	slices.Sort(names)
	return names, err
}

// checkLookUp asks the Service by name from within each of its pods, until both
// have answered.
func (s *scene) checkLookUp(w web) {
	s.Helper()
	pods, err := w.pods(s.ctx)
	s.must(err)
	s.must(s.askUntil(w, pods[0], pods))
}

// askUntil asks from one pod until each of others has answered.
func (s *scene) askUntil(w web, from string, wanted []string) error {
	seen := map[string]bool{}
	return w.cluster.Eventually(s.within(stepTimeout), func() error {
		url := fmt.Sprintf("http://%s.%s.svc.cluster.local", w.name, w.namespace)
		out, err := w.cluster.Exec(s.ctx, w.namespace, from, "wget", "-q", "-T", "5", "-O-", url)
		if err != nil {
			return err
		}
		seen[strings.TrimSpace(out)] = true
		for _, name := range wanted {
			if !seen[name] {
				return errors.New("pod " + name + " has not answered")
			}
		}
		return nil
	})
}

func (s *scene) checkLogs(w web) {
	s.Helper()
	pods, err := w.pods(s.ctx)
	s.must(err)
	for _, name := range pods {
		log, err := w.cluster.Logs(s.ctx, w.namespace, name, 10)
		s.must(err)
		if log != "I am "+name+"\n" {
			s.Errorf("log of pod %q: got %q", name, log)
		}
	}
}

// checkOwnWorld makes sure that the inner cluster has its own nodes and pods, and
// none of the host's.
func (s *scene) checkOwnWorld(inner *harness.Cluster) {
	s.Helper()
	var nodes corev1.NodeList
	s.must(inner.List(s.ctx, &nodes))
	if diff := cmp.Diff([]string{"server-0"}, harness.Names(&nodes)); diff != "" {
		s.Errorf("nodes inside: -want, +got:\n%s", diff)
	}
	var pods corev1.PodList
	s.must(inner.List(s.ctx, &pods))
	for _, p := range pods.Items {
		if strings.HasPrefix(p.Name, sharedName+"-") || p.Namespace == harness.ControllerNamespace {
			s.Errorf("pod %s/%s of the host is seen inside", p.Namespace, p.Name)
		}
	}
	var namespaces corev1.NamespaceList
	s.must(inner.List(s.ctx, &namespaces))
	if slices.Contains(harness.Names(&namespaces), sharedNamespace(s.distro)) {
		s.Errorf("namespaces of the host are seen inside: %v", harness.Names(&namespaces))
	}
}
