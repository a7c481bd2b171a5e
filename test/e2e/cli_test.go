package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/images"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// run runs the program on the host.
func (s *scene) run(args ...string) harness.Result {
	s.Helper()
	return s.host.Run(s.within(bootTimeout), args...)
}

func (s *scene) wantCode(r harness.Result, code int) {
	s.Helper()
	if r.Code != code {
		s.Errorf("want exit code %d: %s", code, r)
	}
}

// user is somebody with a kubeconfig of their own for the host.
type user struct {
	*scene

	kubeconfig string
}

func (s *scene) user() user {
	s.Helper()
	data, err := os.ReadFile(s.host.Kubeconfig)
	s.must(err)
	path := filepath.Join(s.TempDir(), "config")
	s.must(os.WriteFile(path, data, 0o644)) // more open than it will be
	return user{s, path}
}

// do runs the program in the user's namespace and wants an exit code.
func (u user) do(code int, args ...string) harness.Result {
	u.Helper()
	r := u.host.RunWith(u.within(bootTimeout), u.kubeconfig, append(args, "--context", "vclusterctl-"+hostName, "-n", u.namespace)...)
	u.wantCode(r, code)
	return r
}

// current is the user's current context.
func (u user) current() string {
	u.Helper()
	config, err := clientcmd.LoadFromFile(u.kubeconfig)
	u.must(err)
	return config.CurrentContext
}

// The life of a cluster by the program alone, with the exit codes and outputs
// that scripts rely on.
func testCLI(t *testing.T, d harness.Distro) {
	s := begin(t, d)
	u := s.user()
	u.checkMistakes()
	u.checkCreate()
	u.checkShow()
	u.checkLogs()
	u.checkPause()
	u.checkConnect()
	u.checkDelete()
}

func (u user) checkMistakes() {
	u.Helper()
	u.do(2, "frobnicate")
	u.do(2, "create")
	u.do(2, "create", "dev", "--frobnicate")
	u.do(2, "list", "-o", "frobnicate")
	u.do(3, "get", "dev")
	u.do(3, "describe", "dev")
	u.do(3, "delete", "dev")
	u.do(0, "delete", "dev", "--ignore-not-found")
	u.do(2, "create", "Dev", "--wait=false")
	u.do(2, "create", "dev", "--pool", "work")
	if r := u.do(0, "list"); r.Stdout != "" || !strings.Contains(r.Stderr, "No virtual clusters") {
		u.Errorf("an empty list: %s", r)
	}
	r := u.do(0, "create", "dev", "--dry-run=server", "-o", "name")
	u.wantOut(r, "virtualcluster.vclusterctl.dev/dev\n")
	u.do(3, "get", "dev")
}

func (u user) wantOut(r harness.Result, want string) {
	u.Helper()
	if r.Stdout != want {
		u.Errorf("want %q on standard output: %s", want, r)
	}
}

func (u user) checkCreate() {
	u.Helper()
	before := u.current()
	u.wantOut(u.do(0, "create", "dev", u.distroFlag(), "--wait=false"), "virtualcluster.vclusterctl.dev/dev created\n")
	if got := u.current(); got != before {
		u.Errorf("without waiting for the cluster its context is current: %q", got)
	}
	if r := u.do(1, "create", "dev", u.distroFlag(), "--servers", "1", "--wait=false"); !strings.Contains(r.Stderr, "spec.servers") {
		u.Errorf("creating another cluster of that name does not say in what it differs: %s", r)
	}
	if r := u.do(4, "create", "dev", u.distroFlag(), "--timeout", "10ms"); !strings.Contains(r.Stderr, "not ready after 10ms") {
		u.Errorf("running out of time: %s", r)
	}
	r := u.do(0, "create", "dev", u.distroFlag())
	u.wantOut(r, "virtualcluster.vclusterctl.dev/dev unchanged\n")
	for _, phase := range []string{"Accepted: " + string(u.distro.Name) + " " + images.KubernetesVersion, "Runtime found: userns", "Credentials issued", "Node booted", "API serving", "Nodes ready", "Ready\n"} {
		if !strings.Contains(r.Stderr, "s  "+phase) {
			u.Errorf("create does not tell of phase %q: %s", phase, r)
		}
	}
	if got, want := u.current(), u.contextName(); got != want {
		u.Errorf("current context after create: got %q, want %q", got, want)
	}
	info, err := os.Stat(u.kubeconfig)
	u.must(err)
	if mode := info.Mode().Perm(); mode != 0o600 {
		u.Errorf("mode of the kubeconfig: got %o, want 600", mode)
	}
}

func (u user) distroFlag() string { return "--distro=" + string(u.distro.Name) }

func (u user) contextName() string { return "vclusterctl-" + u.namespace + "-dev" }

// rowForm is the row of a cluster in a table. A distro may add to the version of
// Kubernetes.
var rowForm = regexp.MustCompile(`^dev True ` + regexp.QuoteMeta(images.KubernetesVersion) + `\S* userns 1 1 `)

func (u user) checkShow() {
	u.Helper()
	u.wantOut(u.do(0, "list", "-o", "name"), "virtualcluster.vclusterctl.dev/dev\n")
	for _, verb := range [][]string{{"list"}, {"get", "dev"}} {
		r := u.do(0, verb...)
		lines := strings.Split(r.Stdout, "\n")
		if len(lines) != 3 || strings.Join(strings.Fields(lines[0]), " ") != "NAME READY VERSION RUNTIME SERVERS NODES AGE" ||
			!rowForm.MatchString(strings.Join(strings.Fields(lines[1]), " ")) {
			u.Errorf("the table: %s", r)
		}
	}
	var vc v1alpha1.VirtualCluster
	r := u.do(0, "get", "dev", "-o", "json")
	if err := json.Unmarshal([]byte(r.Stdout), &vc); err != nil || vc.Name != "dev" || vc.Kind != v1alpha1.VirtualClusterKind {
		u.Errorf("JSON (%v): %s", err, r)
	}
	r = u.do(0, "describe", "dev")
	for _, want := range []string{"Ready", "Isolated", "uidMap", "host", "guest", "Schedulable", "dev-server-0", "KubeconfigReady"} {
		if !strings.Contains(r.Stdout, want) {
			u.Errorf("describe does not say %q: %s", want, r)
		}
	}
}

func (u user) checkConnect() {
	u.Helper()
	for _, args := range [][]string{{"kubeconfig", "dev"}, {"kubeconfig", "dev", "--raw"}} {
		r := u.do(0, args...)
		config, err := clientcmd.RESTConfigFromKubeConfig([]byte(r.Stdout))
		if err != nil {
			u.Errorf("what kubeconfig prints is none: %v", err)
			continue
		}
		u.must(u.ask(config))
	}
	u.do(0, "disconnect", "dev")
	if got, want := u.current(), "vclusterctl-"+hostName; got != want {
		u.Errorf("current context after disconnect: got %q, want %q", got, want)
	}
	for range 2 { // the second time it is there already
		u.wantOut(u.do(0, "connect", "dev"), u.contextName()+"\n")
		if got := u.current(); got != u.contextName() {
			u.Errorf("current context after connect: got %q, want %q", got, u.contextName())
		}
	}
	config, err := clientcmd.BuildConfigFromFlags("", u.kubeconfig)
	u.must(err)
	u.must(u.ask(config))
}

func (u user) checkDelete() {
	u.Helper()
	u.wantOut(u.do(0, "delete", "dev"), "virtualcluster.vclusterctl.dev \"dev\" deleted\n")
	left, err := u.host.Inventory(u.ctx, u.namespace, "dev")
	u.must(err)
	for _, o := range left {
		// What watches the others, like endpoint slices and volumes, follows
		// on its own time.
		if kind := o.GetObjectKind().GroupVersionKind().Kind; kind == "Pod" || kind == "StatefulSet" || kind == "Secret" || kind == "PersistentVolumeClaim" {
			u.Errorf("delete came back before %s was gone", harness.Describe(left))
		}
	}
	u.must(u.host.AwaitNothing(u.within(stepTimeout), u.namespace, "dev"))
	if got, want := u.current(), "vclusterctl-"+hostName; got != want {
		u.Errorf("current context after delete: got %q, want %q", got, want)
	}
	u.do(3, "delete", "dev")
}
