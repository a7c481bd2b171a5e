package inside

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/images"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// namespace that everything is in, on the host and inside.
const namespace = "default"

// scene is one test.
type scene struct {
	*testing.T

	ctx context.Context
}

func begin(t *testing.T) *scene {
	t.Helper()
	if host == nil {
		t.Skip("this is not the virtual machine of \"make test-vm\"")
	}
	progressf("%s", t.Name())
	s := &scene{T: t, ctx: t.Context()}
	t.Cleanup(func() {
		progressf("%s: failed: %t", t.Name(), t.Failed())
		if t.Failed() {
			s.diagnose()
		}
	})
	return s
}

// diagnose shows what there is to see where a test failed.
func (s *scene) diagnose() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), cleanTimeout)
	defer cancel()
	text := host.Diagnose(ctx, namespace)
	s.Log(text)
	progressf("%s", text)
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

// onNode runs a line of shell on the embedded host's node.
func (s *scene) onNode(line string) string {
	s.Helper()
	out, err := host.OnNode(s.within(stepTimeout), "sh", "-c", line)
	s.must(err)
	return strings.TrimSpace(out)
}

// in runs a line of shell in a pod of a cluster.
func (s *scene) in(c *harness.Cluster, pod, line string) string {
	s.Helper()
	out, err := c.Exec(s.within(stepTimeout), namespace, pod, "sh", "-c", line)
	s.must(err)
	return strings.TrimSpace(out)
}

// pod reads a pod of a cluster.
func (s *scene) pod(c *harness.Cluster, name string) *corev1.Pod {
	s.Helper()
	var pod corev1.Pod
	s.must(c.Get(s.within(stepTimeout), client.ObjectKey{Namespace: namespace, Name: name}, &pod))
	return &pod
}

// await waits until a pod of a cluster is as it should be.
func (s *scene) await(c *harness.Cluster, pod *corev1.Pod, done func(*corev1.Pod) bool) *corev1.Pod {
	s.Helper()
	pod, err := harness.Await(s.within(stepTimeout), c, pod, func(p *corev1.Pod) (bool, string) {
		return done(p), fmt.Sprintf("%s %+v", p.Status.Phase, p.Status.ContainerStatuses)
	})
	s.must(err)
	return pod
}

// busybox is a pod that runs a line of shell once.
func busybox(name, line string, changes ...func(*corev1.PodSpec)) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app": name}},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: ptr.To[int64](0),
			AutomountServiceAccountToken:  ptr.To(false),
			RestartPolicy:                 corev1.RestartPolicyNever,
			Containers: []corev1.Container{{
				Name: "main", Image: images.Ref(images.Busybox), ImagePullPolicy: corev1.PullIfNotPresent,
				Command: []string{"sh", "-c", line},
			}},
		},
	}
	for _, change := range changes {
		change(&pod.Spec)
	}
	return pod
}

func running(p *corev1.Pod) bool { return p.Status.Phase == corev1.PodRunning }

func restarts(p *corev1.Pod) int32 {
	var n int32
	for _, c := range p.Status.ContainerStatuses {
		n += c.RestartCount
	}
	return n
}
