package e2e

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/images"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

const (
	// mirrored is a registry that nobody runs; that of shared clusters has
	// mirrors.
	mirrored = "registry.example.com:5000"
	// mirrorPort is where a node of a shared cluster looks for them.
	mirrorPort = "5999"
)

// mirrors of a registry: both are on the node itself, one below a path.
func mirrors() v1alpha1.Registries {
	const url = "http://127.0.0.1:" + mirrorPort
	return v1alpha1.Registries{Mirrors: []v1alpha1.RegistryMirror{{Host: mirrored, Endpoints: []string{url, url + "/proxy"}}}}
}

// Nodes ask the mirrors of a registry for its images, in their order, whatever
// the distro.
func testMirrors(t *testing.T, d harness.Distro) {
	s := watch(t, d)
	inner := s.inside(s.shared())
	s.start(inner, "mirror", corev1.PodSpec{
		HostNetwork: true,
		Containers: []corev1.Container{{
			Name: "mirror", Image: images.Ref(images.Busybox), ImagePullPolicy: corev1.PullIfNotPresent,
			Command: []string{"httpd", "-f", "-vv", "-p", mirrorPort, "-h", "/var"},
		}},
	})
	s.start(inner, "mirrored", corev1.PodSpec{
		Containers: []corev1.Container{{Name: "mirrored", Image: mirrored + "/some/image:v1"}},
	})
	s.must(inner.Eventually(s.within(stepTimeout), func() error {
		log, err := inner.Logs(s.ctx, metav1.NamespaceDefault, "mirror", 1000)
		if err != nil {
			return err
		}
		return inOrder(log, "url:/v2/some/image/manifests/v1\n", "url:/proxy/some/image/manifests/v1\n")
	}))
}

// start makes a pod that is removed after the test.
func (s *scene) start(c *harness.Cluster, name string, spec corev1.PodSpec) {
	s.Helper()
	spec.TerminationGracePeriodSeconds = ptr.To[int64](0)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: name}, Spec: spec}
	s.must(c.Create(s.ctx, pod))
	s.Cleanup(func() {
		ctx, cancel := s.afterwards()
		defer cancel()
		if err := c.Delete(ctx, pod); err != nil {
			s.Errorf("delete pod %q: %v", name, err)
		}
	})
}

// inOrder says which of some words a text does not have after those before.
func inOrder(text string, words ...string) error {
	rest := text
	for _, word := range words {
		_, after, found := strings.Cut(rest, word)
		if !found {
			return fmt.Errorf("no %q in time: %q", word, text)
		}
		rest = after
	}
	return nil
}
