package ptytest

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/tuitest"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/verbs"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

// asProgram makes this binary the program itself, or with proofsProgram its
// screens in the world of the proofs.
const (
	asProgram     = "VCLUSTERCTL_PTYTEST_PROGRAM"
	proofsProgram = "proofs"
)

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "" {
		envtest.Main(m)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var code int
	if os.Getenv(asProgram) == proofsProgram {
		code = ofProofs(ctx)
	} else {
		code = verbs.Main(ctx, os.Args)
	}
	stop()
	os.Exit(code)
}

// place is a namespace of a real API server, and the kubeconfig that leads
// there.
type place struct {
	client.Client

	namespace, kubeconfig string
}

func newPlace(t *testing.T) place {
	t.Helper()
	c := envtest.Client(t)
	p := place{Client: c, namespace: envtest.Namespace(t, c), kubeconfig: filepath.Join(t.TempDir(), "config")}
	config := envtest.Config(t)
	k := clientcmdapi.NewConfig()
	k.Clusters["host"] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	k.AuthInfos["admin"] = &clientcmdapi.AuthInfo{ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}
	k.Contexts["host"] = &clientcmdapi.Context{Cluster: "host", AuthInfo: "admin", Namespace: p.namespace}
	k.Clusters["gone"] = &clientcmdapi.Cluster{Server: "https://127.0.0.1:1"}
	k.Contexts["nowhere"] = &clientcmdapi.Context{Cluster: "gone", AuthInfo: "admin", Namespace: p.namespace}
	k.CurrentContext = "host"
	if err := clientcmd.WriteToFile(*k, p.kubeconfig); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p place) get(t *testing.T, name string) *v1alpha1.VirtualCluster {
	t.Helper()
	vc := &v1alpha1.VirtualCluster{}
	if err := p.Get(t.Context(), client.ObjectKey{Namespace: p.namespace, Name: name}, vc); err != nil {
		t.Fatal(err)
	}
	return vc
}

// observe writes a status in place of the controller.
func (p place) observe(t *testing.T, name string, state tuitest.Option) {
	t.Helper()
	vc := p.get(t, name)
	state(vc)
	if err := p.Status().Update(t.Context(), vc); err != nil {
		t.Fatal(err)
	}
}

// TestFlow is a cluster's whole life, from the keyboard.
func TestFlow(t *testing.T) {
	p := newPlace(t)
	m := open(t, p.kubeconfig)
	m.shows("No virtual clusters in namespace")
	m.press("n")
	m.shows("would take it")
	m.press("\x15" + strings.Repeat("x", 46) + "\t") // ctrl+u
	m.shows("at most 45")
	m.press("\x1b[Z\x15life\t\t\tv1.99\t") // shift+tab
	m.shows("full version")
	m.press("\x1b[Z\x15\t\t2\t")
	m.shows("would take it")
	m.press("\x13") // ctrl+s
	m.shows("life")
	m.shows("the controller has not taken it up yet")
	if got := p.get(t, "life").Spec.Pools; len(got) != 1 || *got[0].Replicas != 2 {
		t.Errorf("pools are %+v", got)
	}
	p.observe(t, "life", tuitest.Booted)
	m.shows("Starting API")
	p.observe(t, "life", tuitest.Ready)
	m.shows("● Ready")
	m.press("d")
	m.shows("Boot of server-0")
	m.press("y")
	m.shows("apiVersion: vclusterctl.dev/v1alpha1")
	m.press("qq")
	m.press("p")
	m.shows("Pause life in namespace")
	m.press("y")
	m.shows("Pausing life")
	if !p.get(t, "life").Spec.Lifecycle.IsPaused() {
		t.Error("it is not paused")
	}
	m.press("\x04") // ctrl+d
	m.shows("its credentials")
	m.press("y")
	m.shows("No virtual clusters in namespace")
	if err := p.Get(t.Context(), client.ObjectKey{Namespace: p.namespace, Name: "life"}, &v1alpha1.VirtualCluster{}); !apierrors.IsNotFound(err) {
		t.Errorf("it is still there: %v", err)
	}
	m.press("q")
	m.ends(0)
}

// TestOverview: all namespaces, a name that exists, and another context, which
// leads nowhere.
func TestOverview(t *testing.T) {
	p := newPlace(t)
	vc := &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Namespace: p.namespace, Name: "dev"}}
	if err := p.Create(t.Context(), vc); err != nil {
		t.Fatal(err)
	}
	m := open(t, p.kubeconfig, "tui", "--ascii", "-A")
	m.shows("all namespaces")
	m.shows(p.namespace + " dev")
	m.press("n\x15dev\t\x15" + p.namespace + "\t")
	m.shows("exists already")
	m.press("\x1b")
	m.shows("> clusters") // with a letter behind it at once, esc would be alt
	m.must(m.Resize(40, 12))
	m.shows("~") // what does not fit
	m.must(m.Resize(100, 30))
	m.shows("ctrl+d delete")
	m.press("C")
	m.shows("nowhere")
	m.press("nowh\r")
	m.shows("connection refused")
	m.shows("not connected")
	m.press("C")
	m.shows("nowhere")
	m.press("host\r")
	m.shows("* live")
	m.press("\x03") // ctrl+c
	m.ends(0)
}

// TestKubeconfig: the file is its owner's alone.
func TestKubeconfig(t *testing.T) {
	p := newPlace(t)
	vc := &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Namespace: p.namespace, Name: "dev"}}
	if err := p.Create(t.Context(), vc); err != nil {
		t.Fatal(err)
	}
	m := open(t, p.kubeconfig)
	m.shows("dev")
	m.press("f")
	m.shows("Cannot save the kubeconfig")
	m.press("\r")
	m.press("a")
	m.shows("Press Enter to go back.")
	m.press("\r")
	m.shows("Back from attach dev")
	m.press("q")
	m.ends(0)
}

// TestTerminated: a signal ends the program, and leaves the terminal as it was.
func TestTerminated(t *testing.T) {
	p := newPlace(t)
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		m := open(t, p.kubeconfig)
		m.shows("live")
		m.must(m.Signal(signal))
		m.ends(0)
	}
}

// TestSuspend: the shell has the terminal, as it was, until it brings the
// program back.
func TestSuspend(t *testing.T) {
	p := newPlace(t)
	cmd := program(t, p.kubeconfig)
	self := cmd.Path
	shell := exec.Command("bash", "--norc", "-i")
	shell.Env = append(slices.Clone(cmd.Env), "PS1=ready> ")
	m := sit(t, shell)
	m.shows("ready>")
	m.press(self + "\r")
	m.shows("● live")
	m.press("n")
	m.shows("would take it")
	for range 2 {
		m.press("\x1a") // ctrl+z
		m.shows("Stopped")
		m.press("clear; echo $((6 * 7))\r")
		m.shows("42")
		m.press("fg\r")
		m.shows("would take it")
	}
	m.press("\x1b")
	m.shows("No virtual clusters in namespace")
	m.press("q")
	m.shows("ready>")
	m.press("exit\r")
	m.ends(0)
}

// TestSuspendAlone: without a shell nobody could bring it back, so it stays.
func TestSuspendAlone(t *testing.T) {
	p := newPlace(t)
	m := open(t, p.kubeconfig)
	m.shows("● live")
	m.press("\x1a")
	m.press("?")
	m.shows("in the list and in a description")
	m.press("qq")
	m.ends(0)
}

// TestAccessible: line by line, nothing is drawn.
func TestAccessible(t *testing.T) {
	p := newPlace(t)
	m := open(t, p.kubeconfig, "--accessible")
	m.shows("There are no virtual clusters in namespace " + p.namespace)
	m.press("create\ndev\n\n\n\n\n\n\n\n\n\nyes\n")
	m.shows("dev was created")
	m.press("delete dev\nyes\n")
	m.shows("Deleting dev.")
	m.press("quit\n")
	m.ends(0)
	if strings.Contains(m.Written(), "\x1b[") {
		t.Errorf("something was drawn: %q", m.Written())
	}
}
