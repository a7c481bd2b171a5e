package e2e

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/images"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

const kubeletPort = 10250

// Two clusters side by side cannot use each other's credentials, and reach
// neither each other's node pods nor the host, but where it was allowed.
func testIsolation(t *testing.T, d harness.Distro) {
	s := begin(t, d)
	node := s.host.Status.NodeAddress
	other := s.create("other", func(spec *v1alpha1.VirtualClusterSpec) {
		spec.Network.Allow = []v1alpha1.NetworkRule{{CIDR: node + "/32", Ports: []v1alpha1.NetworkPort{{Port: cluster.APIPort}}}}
	})
	shared := s.shared()
	other = s.ready(other)
	s.checkCredentials(shared, other)
	s.checkCredentials(other, shared)
	s.checkFences(shared, other)
}

// checkCredentials tries what one cluster gave out on the other.
func (s *scene) checkCredentials(from, to *v1alpha1.VirtualCluster) {
	s.Helper()
	source, target := s.inside(from), s.inside(to)
	config := rest.CopyConfig(source.Config)
	config.Host = target.Config.Host
	err := s.ask(config)
	if unknown := (x509.UnknownAuthorityError{}); !errors.As(err, &unknown) {
		s.Errorf("%s trusts the certificate of %s: %v", from.Name, to.Name, err)
	}
	// Whoever trusts the other's certificate still has the wrong credentials.
	config.CAData = target.Config.CAData
	if err := s.ask(config); !apierrors.IsUnauthorized(err) {
		s.Errorf("%s takes the client certificate of %s: %v", to.Name, from.Name, err)
	}
	config.CertData, config.KeyData = nil, nil
	for what, token := range map[string]string{"ServiceAccount token": s.accountToken(source), "join token": s.joinToken(from)} {
		config.BearerToken = token
		if err := s.ask(config); !apierrors.IsUnauthorized(err) {
			s.Errorf("%s takes a %s of %s: %v", to.Name, what, from.Name, err)
		}
	}
}

// ask does the least that needs a credential.
func (s *scene) ask(config *rest.Config) error {
	c, err := harness.NewCluster(config)
	s.must(err)
	_, err = c.Clientset.CoreV1().Namespaces().List(s.within(stepTimeout), metav1.ListOptions{})
	return err
}

func (s *scene) accountToken(c *harness.Cluster) string {
	s.Helper()
	t, err := c.Clientset.CoreV1().ServiceAccounts("kube-system").CreateToken(s.ctx, "generic-garbage-collector",
		&authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	s.must(err)
	return t.Status.Token
}

func (s *scene) joinToken(vc *v1alpha1.VirtualCluster) string {
	s.Helper()
	var secret corev1.Secret
	s.must(s.host.Get(s.ctx, client.ObjectKey{Namespace: vc.Namespace, Name: cluster.JoinSecretName(vc.Name)}, &secret))
	return string(secret.Data[guestapi.JoinToken])
}

// target is an address to try.
type target struct {
	what string
	host string
	port int32
}

// checkFences tries the ways between two clusters and to the host. That a closed
// way is one at all is seen from a pod that no policy fences in.
func (s *scene) checkFences(a, b *v1alpha1.VirtualCluster) {
	s.Helper()
	node, podB := s.host.Status.NodeAddress, s.pod(b).Status.PodIP
	hostAPI := target{"the host's API on its node", node, cluster.APIPort}
	elsewhere := []target{
		hostAPI,
		{"the host's API Service", s.serviceIP("default", "kubernetes"), 443},
		{"the host's kubelet", node, kubeletPort},
		{"the API of the other cluster's pod", podB, cluster.APIPort},
		{"the API Service of the other cluster", s.serviceIP(b.Namespace, cluster.APIServiceName(b.Name)), cluster.APIPort},
	}
	within := []target{
		{"the kubelet of the other cluster", podB, kubeletPort},
		{"the guest of the other cluster", podB, guestapi.Port},
	}
	plain := s.plainPod()
	for _, x := range elsewhere {
		s.expect(s.fromPlain(plain), x, true)
	}
	for _, x := range within {
		s.expect(s.fromPlain(plain), x, false)
		s.expect(s.fromNode(b), x, true)
	}
	for _, x := range append(elsewhere, within...) {
		s.expect(s.fromNode(a), x, false)
	}
	s.expect(s.fromInside(a), hostAPI, false)
	s.expect(s.fromNode(a), target{"its own API", s.serviceIP(a.Namespace, cluster.APIServiceName(a.Name)), cluster.APIPort}, true)
	s.expect(s.fromNode(b), hostAPI, true) // by spec.network.allow
	s.expect(s.fromNode(b), target{"the host's kubelet", node, kubeletPort}, false)
	name := cluster.APIServiceName(b.Name) + "." + b.Namespace + ".svc.cluster.local"
	if got := s.shell(a, "getent ahostsv4 "+name+" | cut -d' ' -f1 | sort -u"); got != elsewhere[4].host {
		s.Errorf("the host's DNS from a node pod: %s is %q, want %q", name, got, elsewhere[4].host)
	}
}

func (s *scene) serviceIP(namespace, name string) string {
	s.Helper()
	var service corev1.Service
	s.must(s.host.Get(s.ctx, client.ObjectKey{Namespace: namespace, Name: name}, &service))
	return service.Spec.ClusterIP
}

// vantage is somewhere to open connections from.
type vantage struct {
	name string
	// run runs a line of shell there.
	run func(ctx context.Context, line string) (string, error)
	// dial is the line that opens a connection to a host and a port.
	dial string
}

func (s *scene) fromNode(vc *v1alpha1.VirtualCluster) vantage {
	return vantage{"a node of " + vc.Name, func(ctx context.Context, line string) (string, error) {
		return s.host.Shell(ctx, vc, line)
	}, "timeout 3 bash -c 'exec 3<>/dev/tcp/%s/%d' 2>&1"}
}

// busyboxDial is how a pod with nothing but busybox opens a connection. It says
// something, so that the other side answers and closes.
const busyboxDial = "echo | nc -w 3 %s %d >/dev/null 2>&1"

func (s *scene) fromPlain(pod *corev1.Pod) vantage {
	return vantage{"a pod of the host", func(ctx context.Context, line string) (string, error) {
		return s.host.Exec(ctx, pod.Namespace, pod.Name, "sh", "-c", line)
	}, busyboxDial}
}

// fromInside is a pod of a virtual cluster.
func (s *scene) fromInside(vc *v1alpha1.VirtualCluster) vantage {
	s.Helper()
	inner := s.inside(vc)
	pod := s.runPlain(inner, "default", "probe-"+s.namespace)
	return vantage{"a pod inside " + vc.Name, func(ctx context.Context, line string) (string, error) {
		return inner.Exec(ctx, pod.Namespace, pod.Name, "sh", "-c", line)
	}, busyboxDial}
}

// expect tries a way until it is as it should be: rules take a moment to reach
// the kernel.
func (s *scene) expect(from vantage, to target, open bool) {
	s.Helper()
	line := fmt.Sprintf("if "+from.dial+"; then echo open; else echo closed; fi", to.host, to.port)
	want := map[bool]string{true: "open", false: "closed"}[open]
	ctx := s.within(30 * time.Second)
	err := s.host.Eventually(ctx, func() error {
		out, err := from.run(ctx, line)
		if err == nil && !strings.HasSuffix(strings.TrimSpace(out), want) {
			err = fmt.Errorf("it is %s", strings.TrimSpace(out))
		}
		return err
	})
	if err != nil {
		s.Errorf("from %s to %s (%s): want %s: %v", from.name, to.what, net.JoinHostPort(to.host, fmt.Sprint(to.port)), want, err)
	}
}

// plainPod is a pod that does nothing.
func plainPod(namespace, name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: ptr.To[int64](0),
			AutomountServiceAccountToken:  ptr.To(false),
			Containers: []corev1.Container{{
				Name: "shell", Image: images.Ref(images.Busybox), ImagePullPolicy: corev1.PullIfNotPresent,
				Command: []string{"sleep", "3600"},
			}},
		},
	}
}

// plainPod is a pod of the host that belongs to no virtual cluster.
func (s *scene) plainPod() *corev1.Pod {
	s.Helper()
	return s.runPlain(s.host.Cluster, s.namespace, "plain")
}

func (s *scene) runPlain(c *harness.Cluster, namespace, name string) *corev1.Pod {
	s.Helper()
	pod := plainPod(namespace, name)
	s.must(c.Create(s.ctx, pod))
	pod, err := harness.Await(s.within(stepTimeout), c, pod, func(p *corev1.Pod) (bool, string) {
		return p.Status.Phase == corev1.PodRunning, fmt.Sprint(p.Status.Phase, p.Status.Conditions)
	})
	s.must(err)
	return pod
}
