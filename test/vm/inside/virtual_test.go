package inside

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// virtual is one virtual cluster with one server and one pool node, whose pod
// has limits.
type virtual struct {
	distro harness.Distro
	vc     *v1alpha1.VirtualCluster
	// inner is the cluster as its user sees it.
	inner *harness.Cluster
}

// pool of the cluster; its node's memory limit is far below what the machine
// has, and above what a node takes.
const (
	pool       = "small"
	poolMemory = 768 << 20
)

const manifestFormat = `apiVersion: vclusterctl.dev/v1alpha1
kind: VirtualCluster
metadata: {name: %[1]s, namespace: %[2]s}
spec:
%[3]s  pools:
  - name: %[4]s
    storage: {ephemeral: true}
    resources:
      requests: {memory: 100Mi, cpu: 100m}
      limits: {memory: "%[5]d", cpu: 1500m}
`

// TestVirtualCluster is the main job, on every distro that the image carries,
// and that it holds what it was told to.
func TestVirtualCluster(t *testing.T) {
	s := begin(t)
	carried, err := harness.Carried(host.Options.Image)
	s.must(err)
	for _, d := range harness.Distros() {
		t.Run(string(d.Name), func(t *testing.T) {
			if !slices.Contains(carried, string(d.Name)) {
				t.Skipf("the node image does not carry %s: set K3S_BINARY", d.Name)
			}
			testDistro(t, d)
		})
	}
}

func testDistro(t *testing.T, d harness.Distro) {
	t.Helper()
	v := &virtual{distro: d, vc: harness.VirtualCluster(namespace, string(d.Name))}
	for _, step := range []struct {
		name string
		run  func(*virtual, *scene)
	}{
		{"Create", (*virtual).create},
		{"Node", (*virtual).checkNode},
		{"Workload", (*virtual).checkWorkload},
		{"InnerLimit", (*virtual).checkInnerLimit},
		{"NodeLimit", (*virtual).checkNodeLimit},
		{"Clock", (*virtual).checkClock},
		{"Delete", (*virtual).delete},
	} {
		t.Run(step.name, func(t *testing.T) {
			s := begin(t)
			if step.name != "Create" && v.inner == nil {
				t.Skip("the cluster is not there")
			}
			step.run(v, s)
		})
	}
}

// asked is the line of the spec that asks for the distro. K3s is what comes
// where nobody does: the machine has all that it insists on.
func (v *virtual) asked() string {
	if v.distro.Name == v1alpha1.DistroK3s {
		return ""
	}
	return fmt.Sprintf("  distro: %s\n", v.distro.Name)
}

// create uses the real program.
func (v *virtual) create(s *scene) {
	manifest := filepath.Join(s.TempDir(), "cluster.yaml")
	text := fmt.Sprintf(manifestFormat, v.vc.Name, namespace, v.asked(), pool, poolMemory)
	s.must(os.WriteFile(manifest, []byte(text), 0o600))
	s.run("create", "-f", manifest, "--wait", "--timeout="+bootTimeout.String())
	s.run("describe", v.vc.Name)
	var err error
	v.inner, err = host.Inside(s.ctx, v.vc)
	s.must(err)
}

// run runs the real program, which has to succeed.
func (s *scene) run(args ...string) {
	s.Helper()
	r := host.Run(s.within(bootTimeout+stepTimeout), args...)
	progressf("%s", r)
	if r.Code != 0 {
		s.Fatal(r)
	}
}

// checkNode looks at the node pods: what they were given, and what they do
// without, which is nothing.
func (v *virtual) checkNode(s *scene) {
	s.must(host.Get(s.ctx, client.ObjectKeyFromObject(v.vc), v.vc))
	v.checkDistro(s)
	nodes := meta.FindStatusCondition(v.vc.Status.Conditions, v1alpha1.ConditionNodesReady)
	if nodes == nil || nodes.Status != metav1.ConditionTrue || strings.Contains(nodes.Message, "degraded") {
		s.Errorf("the nodes are not all that they could be: %+v", nodes)
	}
	isolated := meta.FindStatusCondition(v.vc.Status.Conditions, v1alpha1.ConditionIsolated)
	if isolated == nil || isolated.Status != metav1.ConditionTrue {
		s.Errorf("the cluster is not isolated: %+v", isolated)
	}
	for _, group := range []string{cluster.ServerGroup, pool} {
		name := harness.NodePod(v.vc, group)
		s.hasControllers(s.in(host.Cluster, name, "cat /sys/fs/cgroup/cgroup.controllers"))
		s.checkCgroup(host.Cluster, name)
	}
	if v.distro.Name == v1alpha1.DistroK8s {
		s.noWrapper(s.in(host.Cluster, harness.ServerPod(v.vc), "cat /run/vcluster/containerd.toml"))
	}
	// What a node that needs the wrapper has its containerd told, on either distro.
	if got := s.in(host.Cluster, harness.ServerPod(v.vc), "grep -rl vcluster-oci /run/vcluster "+guestapi.K3sStateDir+"/agent/etc/containerd 2>/dev/null || true"); got != "" {
		s.Errorf("containerd uses the wrapper: %s", got)
	}
}

// checkDistro makes sure that the cluster has the distro that it was to get, and
// says why.
func (v *virtual) checkDistro(s *scene) {
	s.Helper()
	why := "asked for in spec.distro"
	if v.asked() == "" {
		why = "the default where"
	}
	got := v.vc.Status.Resolved
	if got.Distro != v.distro.Name || !strings.HasPrefix(got.DistroReason, why) {
		s.Errorf("distro: got %q because %q, want %q because %q", got.Distro, got.DistroReason, v.distro.Name, why)
	}
}

// checkCgroup makes sure that a pod's container is where systemd puts what a
// kubelet with the systemd driver asks it to.
func (s *scene) checkCgroup(c *harness.Cluster, name string) {
	s.Helper()
	group := s.cgroupOf(s.pod(c, name))
	if !strings.Contains(group, "/kubepods.slice/") || !strings.Contains(group, "/cri-containerd-") || !strings.Contains(group, ".scope") {
		s.Errorf("pod %q is in cgroup %q, which is not of the systemd driver", name, group)
	}
}

// cgroupOf is the directory of the machine's cgroup of a pod's first container.
func (s *scene) cgroupOf(pod *corev1.Pod) string {
	s.Helper()
	init, err := harness.InitOf(pod)
	s.must(err)
	_, path, _ := strings.Cut(s.read(init+"/cgroup"), "::")
	before, _, ok := strings.Cut(path, ".scope")
	if !ok {
		s.Fatalf("pod %q is in cgroup %q, which is no scope of systemd", pod.Name, path)
	}
	return "/sys/fs/cgroup" + before + ".scope"
}

// checkWorkload runs a web server on the pool's node and asks it by the name of
// its Service.
func (v *virtual) checkWorkload(s *scene) {
	labels := map[string]string{"app": "web"}
	template := busybox("web", "mkdir /www && hostname >/www/index.html && exec httpd -f -p 8080 -h /www").Spec
	template.RestartPolicy = corev1.RestartPolicyAlways
	template.NodeSelector = map[string]string{corev1.LabelHostname: pool + "-0"}
	web := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: template},
		},
	}
	s.must(v.inner.Create(s.ctx, web))
	s.must(v.inner.Create(s.ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "web"},
		Spec:       corev1.ServiceSpec{Selector: labels, Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080)}}},
	}))
	v.askWeb(s, "ask")
}

// askWeb has a new pod on the server's node ask the web server until it answers.
func (v *virtual) askWeb(s *scene, name string) {
	s.Helper()
	ask := busybox(name, "until wget -q -T 20 -O- http://web.default.svc.cluster.local; do sleep 1; done", func(spec *corev1.PodSpec) {
		spec.NodeSelector = map[string]string{corev1.LabelHostname: "server-0"}
	})
	s.must(v.inner.Create(s.ctx, ask))
	s.await(v.inner, ask, func(p *corev1.Pod) bool { return p.Status.Phase == corev1.PodSucceeded })
	log, err := v.inner.Logs(s.within(stepTimeout), namespace, name, 1)
	s.must(err)
	if !strings.HasPrefix(log, "web-") {
		s.Errorf("the web server says %q", log)
	}
}

func (v *virtual) delete(s *scene) {
	s.run("delete", v.vc.Name, "--wait", "--timeout="+stepTimeout.String())
}
