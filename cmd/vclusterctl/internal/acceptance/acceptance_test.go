//go:build unix

package acceptance

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/verbs"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

var update = flag.Bool("update", false, "write what is compared with into the scripts")

func TestMain(m *testing.M) {
	testscript.Main(runner{m}, map[string]func(){"vclusterctl": program})
}

// runner stops the API server after the tests.
type runner struct{ m *testing.M }

func (r runner) Run() int { return envtest.Run(r.m) }

// program is what this binary is where a script calls it.
func program() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := verbs.Main(ctx, os.Args)
	stop()
	os.Exit(code)
}

// TestScripts runs each script against the API server of this version.
func TestScripts(t *testing.T) { runScripts(t, "testdata") }

// runScripts runs each script of a folder in a namespace of its own.
func runScripts(t *testing.T, dir string) {
	t.Helper()
	config := envtest.Config(t)
	c := envtest.Client(t)
	testscript.Run(t, testscript.Params{
		Dir: dir, UpdateScripts: *update,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exitcode": exitCode, "observe": observe(c), "pod": pod(c), "await": await, "normalise": normalise,
		},
		Setup: func(e *testscript.Env) error {
			namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "script-"}}
			if err := c.Create(context.Background(), namespace); err != nil {
				return err
			}
			e.Setenv("NAMESPACE", namespace.Name)
			e.Setenv("KUBECONFIG", e.WorkDir+"/kubeconfig")
			return writeKubeconfig(config, namespace.Name, e.WorkDir+"/kubeconfig")
		},
	})
}

func writeKubeconfig(config *rest.Config, namespace, file string) error {
	k := clientcmdapi.NewConfig()
	k.Clusters["host"] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	k.AuthInfos["admin"] = &clientcmdapi.AuthInfo{ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}
	k.Contexts["host"] = &clientcmdapi.Context{Cluster: "host", AuthInfo: "admin", Namespace: namespace}
	k.CurrentContext = "host"
	return clientcmd.WriteToFile(*k, file)
}

// exitCode runs a program and wants it to end with a code: exitcode N PROGRAM ARG...
func exitCode(ts *testscript.TestScript, _ bool, args []string) {
	var exit *exec.ExitError
	err := ts.Exec(args[1], args[2:]...)
	if want := args[0]; !errors.As(err, &exit) || strconv.Itoa(exit.ExitCode()) != want {
		ts.Fatalf("%v: got %v, want exit code %s", args[1:], err, want)
	}
}

// observe writes the status of a cluster in place of the controller: observe
// NAME FILE.
func observe(c client.Client) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		vc := &v1alpha1.VirtualCluster{}
		key := client.ObjectKey{Namespace: ts.Getenv("NAMESPACE"), Name: args[0]}
		ts.Check(c.Get(context.Background(), key, vc))
		vc.Status = v1alpha1.VirtualClusterStatus{}
		ts.Check(yaml.UnmarshalStrict([]byte(ts.ReadFile(args[1])), &vc.Status))
		vc.Status.ObservedGeneration = vc.Generation
		if r := vc.Status.Resolved; r != nil {
			r.Image, r.Datastore, r.TemplateRevision = "example.com/node", "etcd", "1"
			r.PodCIDR, r.ServiceCIDR, r.ClusterDomain = "10.244.0.0/16", "10.96.0.0/16", "cluster.local"
		}
		ts.Check(c.Status().Update(context.Background(), vc))
	}
}

// pod makes the pod of a node, which nobody starts: pod NAME POOL.
func pod(c client.Client) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		cluster, _, _ := strings.Cut(args[0], "-")
		ts.Check(c.Create(context.Background(), &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: ts.Getenv("NAMESPACE"), Name: args[0], Labels: map[string]string{
				v1alpha1.LabelCluster: cluster, v1alpha1.LabelPool: args[1], v1alpha1.LabelRole: args[1],
			}},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "node", Image: "example.com/node"}}},
		}))
	}
}

// await waits until a file of the script has a text: await FILE TEXT.
func await(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		data, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && strings.Contains(string(data), args[1]) {
			return
		}
		select {
		case <-deadline:
			ts.Fatalf("%s has no %q: %s", args[0], args[1], data)
		case <-tick.C:
		}
	}
}

// unstable is what differs from run to run in what is printed.
var unstable = []struct {
	form  *regexp.Regexp
	fixed string
}{
	{regexp.MustCompile(`script-[a-z0-9]{5}`), "NAMESPACE"},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "UID"},
	{regexp.MustCompile(`("?resourceVersion"?: )"\d+"`), `$1"VERSION"`},
	{regexp.MustCompile(`("?creationTimestamp"?: )"[^"]+"`), `$1"TIME"`},
	{regexp.MustCompile(`(?m)\b\d+s$`), "AGO"},
}

// normalise puts the last standard output into a file, with fixed words for what
// differs from run to run: normalise FILE.
func normalise(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile("stdout")
	for _, u := range unstable {
		text = u.form.ReplaceAllString(text, u.fixed)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}
