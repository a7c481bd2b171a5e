package access

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tunnel/tunneltest"
)

// nowhere is an address where nobody listens.
const nowhere = "https://127.0.0.1:1"

// paramsFor are those of a cluster whose kubeconfig leads to an address.
func paramsFor(t *testing.T, c *tunneltest.Cluster, h *tunneltest.Host, server string) Params {
	t.Helper()
	vc := &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "dev"}}
	vc.Status.KubeconfigSecretRef = &corev1.LocalObjectReference{Name: "dev-kubeconfig"}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "dev-kubeconfig"}, Data: map[string][]byte{SecretKey: c.Kubeconfig(t, server)}}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "dev-server-0", Labels: map[string]string{v1alpha1.LabelCluster: "dev", v1alpha1.LabelRole: "server"}}}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	return Params{Host: h.Serve(t), Client: fake.NewClientBuilder().WithObjects(secret, pod).Build(), Cluster: vc, Context: "mine"}
}

func hello(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }

func TestOpen(t *testing.T) {
	c, other := tunneltest.NewCluster(t, hello), tunneltest.NewCluster(t, hello)
	cases := map[string]struct {
		reason    string
		server    string
		through   bool
		tunnelled bool
		says      string
	}{
		"Direct":  {reason: "An address that answers is taken.", server: "https://" + c.Address},
		"Nobody":  {reason: "One that does not is not.", server: nowhere, tunnelled: true, says: nowhere + " does not answer from here"},
		"Through": {reason: "Who asks for a tunnel gets one.", server: "https://" + c.Address, through: true, tunnelled: true},
		"Other":   {reason: "Where another cluster answers, ours is reached in another way.", server: "https://" + other.Address, tunnelled: true, says: "does not answer from here"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			host := tunneltest.NewHost(c.Address)
			p := paramsFor(t, c, host, tc.server)
			p.Through = tc.through
			said := ""
			p.Tell = func(format string, args ...any) { said += fmt.Sprintf(format, args...) }
			r, err := Open(t.Context(), p)
			if err != nil {
				t.Fatalf("%s\nOpen(): %v", tc.reason, err)
			}
			defer r.Close()
			if r.Tunnelled != tc.tunnelled || !r.Tunnelled && r.Server != tc.server || !r.Tunnelled && len(host.Dials()) > 0 {
				t.Errorf("%s\ntunnelled %v to %s with %v", tc.reason, r.Tunnelled, r.Server, host.Dials())
			}
			if !strings.Contains(said, tc.says) || tc.says == "" && said != "" {
				t.Errorf("%s\nwant %q told, got %q", tc.reason, tc.says, said)
			}
			if err := Reach(t.Context(), r.Kubeconfig, 10*time.Second); err != nil {
				t.Errorf("%s\nits kubeconfig leads nowhere: %v", tc.reason, err)
			}
			if server, err := Server(r.Kubeconfig); server != r.Server || err != nil {
				t.Errorf("%s\nits kubeconfig leads to %q (%v), the route to %q", tc.reason, server, err, r.Server)
			}
			r.Close()
			if err := Reach(t.Context(), r.Kubeconfig, time.Second); (err != nil) != tc.tunnelled {
				t.Errorf("%s\nafter it was closed: %v", tc.reason, err)
			}
		})
	}
}

func TestOpenUnreachable(t *testing.T) {
	c, other := tunneltest.NewCluster(t, hello), tunneltest.NewCluster(t, hello)
	cases := map[string]struct {
		reason  string
		host    *tunneltest.Host
		through bool
		want    func(error) bool
	}{
		"Forbidden": {reason: "The user may not forward ports.", host: &tunneltest.Host{Refuse: http.StatusForbidden}, want: apierrors.IsForbidden},
		"Through":   {reason: "So may not who asks for nothing else.", host: &tunneltest.Host{Refuse: http.StatusForbidden}, through: true, want: apierrors.IsForbidden},
		"Other":     {reason: "A server that is another is not taken for ours.", host: tunneltest.NewHost(other.Address), want: func(err error) bool { return strings.Contains(err.Error(), "x509") }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := paramsFor(t, c, tc.host, nowhere)
			p.Through = tc.through
			_, err := Open(t.Context(), p)
			var unreachable *UnreachableError
			if !errors.As(err, &unreachable) || !tc.want(err) || strings.Contains(err.Error(), nowhere) == tc.through {
				t.Errorf("%s\nOpen(): got %v", tc.reason, err)
			}
		})
	}
}

func TestPortTaken(t *testing.T) {
	c := tunneltest.NewCluster(t, hello)
	p := paramsFor(t, c, tunneltest.NewHost(c.Address), nowhere)
	first, err := Open(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	p.LocalPort = LocalPort(first.Server)
	if _, err := Open(t.Context(), p); !PortTaken(err) {
		t.Errorf("a port that is taken is told apart: got %v", err)
	}
	if PortTaken(errors.New("boom")) {
		t.Error("anything else is no port that is taken")
	}
}

func TestPorts(t *testing.T) {
	seen := map[int]bool{}
	order := []int{}
	for port := range Ports("https://host/team/dev") {
		if port < firstPort || port >= firstPort+ports || seen[port] {
			t.Fatalf("port %d, after %d others", port, len(seen))
		}
		seen[port] = true
		order = append(order, port)
	}
	if len(seen) != ports {
		t.Errorf("%d ports are offered, want %d", len(seen), ports)
	}
	for port := range Ports("https://host/team/dev") {
		if port != order[0] {
			t.Errorf("the first port is %d once and %d another time", order[0], port)
		}
		break
	}
	for port := range Ports("https://host/team/test") {
		if port == order[0] {
			t.Errorf("another cluster gets the same port %d", port)
		}
		break
	}
}

func TestLocalPort(t *testing.T) {
	got := map[string]int{}
	for _, server := range []string{LocalServer(30001), "https://10.0.0.1:6443", "https://127.0.0.1", "https://127.0.0.1:x", "https://127.0.0.1:6443/path", "%"} {
		if port := LocalPort(server); port != 0 {
			got[server] = port
		}
	}
	if diff := cmp.Diff(map[string]int{"https://127.0.0.1:30001": 30001}, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}
