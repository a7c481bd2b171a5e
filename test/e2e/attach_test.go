package e2e

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// throughHost is what the program says where the API cannot be reached directly.
const throughHost = "going through the API server of the host"

// kubectl is the one that the repository builds, or any.
func (s *scene) kubectl() string {
	s.Helper()
	path, err := filepath.Abs("../../dist/testbin/kubectl")
	s.must(err)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	path, err = exec.LookPath("kubectl")
	if err != nil {
		s.Fatalf("%v: run \"make testbin\"", err)
	}
	return path
}

// elsewhere is a place from which only the API server of the host is reached.
func (s *scene) elsewhere() *harness.Elsewhere {
	s.Helper()
	e, err := s.host.Elsewhere(s.TempDir())
	s.must(err)
	s.Cleanup(func() { s.must(e.Close()) })
	return e
}

// A cluster can be used from where its API is reachable and from where it is
// not, without its user knowing which.
func testAttach(t *testing.T, d harness.Distro) {
	s := watch(t, d)
	s.shared()
	u := s.user()
	away := s.elsewhere()
	for name, start := range map[string]func(...string) *harness.Process{
		"Direct": func(args ...string) *harness.Process {
			return s.host.Launch(s.within(stepTimeout), u.kubeconfig, args...)
		},
		"Through": func(args ...string) *harness.Process { return away.Launch(s.within(stepTimeout), args...) },
	} {
		do := func(code int, args ...string) harness.Result {
			r := start(append(args, "-n", s.namespace)...).Wait()
			s.wantCode(r, code)
			return r
		}
		r := start("attach", sharedName, "-n", s.namespace, "--", s.kubectl(), "get", "nodes", "-o", "name").Wait()
		s.wantCode(r, 0)
		if told := strings.Contains(r.Stderr, throughHost); r.Stdout != "node/server-0\n" || told != (name == "Through") {
			s.Errorf("%s: %s", name, r)
		}
		s.wantCode(start("attach", sharedName, "-n", s.namespace, "--", s.kubectl(), "get", "pods", "-A").Wait(), 0)
		s.wantCode(start("attach", sharedName, "-n", s.namespace, "--", "sh", "-c", "exit 7").Wait(), 7)
		s.wantCode(start("attach", sharedName, "-n", s.namespace, "--", "no-such-command").Wait(), 127)
		do(125, "attach", "missing")
		s.checkUser(do(0, "kubeconfig", sharedName, "--user", "ann", "--group", "team", "--ttl", "1h"))
	}
	s.checkShell(u)
}

// checkUser wants a kubeconfig of ann's for an hour, which leads where that of
// the administrator does.
func (s *scene) checkUser(r harness.Result) {
	s.Helper()
	config, err := clientcmd.RESTConfigFromKubeConfig([]byte(r.Stdout))
	s.must(err)
	block, _ := pem.Decode(config.CertData)
	if block == nil {
		s.Fatalf("no certificate: %s", r)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	s.must(err)
	if left := time.Until(cert.NotAfter); left > time.Hour || left < 50*time.Minute {
		s.Errorf("her certificate is good for %s", left)
	}
	c, err := harness.NewCluster(config)
	s.must(err)
	review, err := c.Clientset.AuthenticationV1().SelfSubjectReviews().Create(s.ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	s.must(err)
	if who := review.Status.UserInfo; who.Username != "ann" || !strings.Contains(strings.Join(who.Groups, " "), "team") {
		s.Errorf("the cluster takes her for %v", who)
	}
}

// checkShell runs programs in the node.
func (s *scene) checkShell(u user) {
	s.Helper()
	do := func(args ...string) harness.Result {
		return s.host.RunWith(s.within(stepTimeout), u.kubeconfig, append([]string{"shell", "-n", s.namespace}, args...)...)
	}
	r := do(sharedName, "--", "sh", "-c", "hostname; id -u; echo other >&2; exit 3")
	if s.wantCode(r, 3); r.Stdout != sharedName+"-server-0\n0\n" || r.Stderr != "other\n" {
		s.Errorf("a command in the node: %s", r)
	}
	s.wantCode(do(sharedName+"/server-0", "--", "true"), 0)
	s.wantCode(do(sharedName, "--", "no-such-command"), 127)
	s.wantCode(do(sharedName+"/server-7", "--", "true"), 125)
}

// Who is attached stays so over a new pod; and so does who holds a connection.
func testTunnel(t *testing.T, d harness.Distro) {
	s := begin(t, d)
	vc := s.ready(s.create("dev"))
	away := s.elsewhere()
	signs := s.TempDir()
	script := `"$0" get nodes -o name && touch "$1/before" && until [ -e "$1/go" ]; do sleep 0.1; done && "$0" get nodes -o name`
	attached := away.Launch(s.within(bootTimeout), "attach", "dev", "-n", s.namespace, "--", "sh", "-c", script, s.kubectl(), signs)
	holding := away.Launch(s.within(bootTimeout), "connect", "dev", "-n", s.namespace, "--hold")
	s.must(s.host.Eventually(s.within(stepTimeout), func() error {
		_, err := os.Stat(filepath.Join(signs, "before"))
		return err
	}))
	s.awaitNodes(away)
	old := s.pod(vc)
	s.must(s.host.Delete(s.ctx, old))
	s.must(s.awaitNewPod(old))
	s.must(os.WriteFile(filepath.Join(signs, "go"), nil, 0o600))
	r := attached.Wait()
	if s.wantCode(r, 0); r.Stdout != "node/server-0\nnode/server-0\n" {
		s.Errorf("over a new pod: %s", r)
	}
	s.awaitNodes(away)
	s.must(holding.Signal(syscall.SIGINT))
	r = holding.Wait()
	if s.wantCode(r, 0); !strings.Contains(r.Stdout, "vclusterctl-"+s.namespace+"-dev\n") {
		s.Errorf("what holds the way open: %s", r)
	}
}

// awaitNewPod waits until a new pod is there and serves.
func (s *scene) awaitNewPod(old *corev1.Pod) error {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: old.Namespace, Name: old.Name}}
	_, err := harness.Await(s.within(bootTimeout), s.host.Cluster, pod, func(pod *corev1.Pod) (bool, string) {
		for _, c := range pod.Status.Conditions {
			if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue && pod.UID != old.UID {
				return true, ""
			}
		}
		return false, "no new pod serves"
	})
	return err
}

// awaitNodes asks the current context of somebody away for its nodes.
func (s *scene) awaitNodes(away *harness.Elsewhere) {
	s.Helper()
	s.must(s.host.Eventually(s.within(stepTimeout), func() error {
		r := away.Command(s.within(stepTimeout), s.kubectl(), "--context", "vclusterctl-"+s.namespace+"-dev", "get", "nodes", "-o", "name")
		if r.Code != 0 || r.Stdout != "node/server-0\n" {
			return fmt.Errorf("ask for its nodes: %s", r)
		}
		return nil
	}))
}
