package envtest

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	ctrlenvtest "sigs.k8s.io/controller-runtime/pkg/envtest"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/crds"
	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

const (
	assetsEnv  = "KUBEBUILDER_ASSETS"
	requireEnv = "VCLUSTERCTL_REQUIRE_ENVTEST"
)

// startTimeout is how long an API server may take to start, on a machine that is
// busy: one that is given up goes on running.
const startTimeout = 5 * time.Minute

// server is one API server for all tests of a test binary, started by the
// first that needs it.
type server struct {
	uncached bool
	start    sync.Once
	env      *ctrlenvtest.Environment
	scheme   *runtime.Scheme
	mapper   meta.RESTMapper
	err      error
}

var shared server

// ReadFromEtcd has the API server read lists from etcd. It reads them from a cache
// otherwise, for which it waits until it has heard of all that anybody wrote: who
// lists and writes in turn waits most of the time. Call it from TestMain, for tests
// that watch nothing.
func ReadFromEtcd() { shared.uncached = true }

// Main runs the tests of a package and stops the API server they used. Call it
// from TestMain.
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run does the same and gives the exit code, for a TestMain that has more to do.
func Run(m interface{ Run() int }) int {
	code := m.Run()
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	return code
}

// Config is how to reach the API server as its administrator. It starts the
// server if no test has yet, and skips the test where it cannot be had.
func Config(tb testing.TB) *rest.Config {
	tb.Helper()
	if testing.Short() {
		tb.Skip("-short leaves out what needs an API server")
	}
	dir, err := assets()
	if err != nil {
		missing(tb, err)
	}
	shared.start.Do(func() { shared.run(dir) })
	if shared.err != nil {
		tb.Fatalf("start the API server from %q: %v", dir, shared.err)
	}
	return rest.CopyConfig(shared.env.Config)
}

// Client is an uncached client of the API server, as its administrator.
func Client(tb testing.TB) client.Client {
	tb.Helper()
	c, err := client.New(Config(tb), Options(tb))
	if err != nil {
		tb.Fatalf("make a client: %v", err)
	}
	return c
}

// Options are what every client of the API server needs. The scheme, and what
// the API server says of its resources, is found out once for all clients: tests
// have hundreds.
func Options(tb testing.TB) client.Options {
	tb.Helper()
	Config(tb) // starts the server
	return client.Options{Scheme: shared.scheme, Mapper: shared.mapper}
}

// Scheme knows the built-in types and this product's.
func Scheme(tb testing.TB) *runtime.Scheme {
	tb.Helper()
	scheme, err := newScheme()
	if err != nil {
		tb.Fatalf("make a scheme: %v", err)
	}
	return scheme
}

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err //nolint:wrapcheck // the caller says what this is about
		}
	}
	return scheme, nil
}

// Namespace makes a namespace for one test and returns its name. Nothing
// deletes its content: no controller runs that could.
func Namespace(tb testing.TB, c client.Client) string {
	tb.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	if err := c.Create(tb.Context(), ns); err != nil {
		tb.Fatalf("make a namespace: %v", err)
	}
	return ns.Name
}

// run starts etcd and the API server and waits until the CRDs are served.
func (s *server) run(dir string) {
	ctrllog.SetLogger(logr.Discard())
	s.env = &ctrlenvtest.Environment{BinaryAssetsDirectory: dir, ControlPlaneStartTimeout: startTimeout}
	if s.uncached {
		s.env.ControlPlane.GetAPIServer().Configure().Set("watch-cache", "false")
	}
	for _, data := range crds.All() {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if s.err = yaml.UnmarshalStrict(data, crd); s.err != nil {
			return
		}
		s.env.CRDs = append(s.env.CRDs, crd)
	}
	if _, s.err = s.env.Start(); s.err != nil {
		return
	}
	if s.scheme, s.err = newScheme(); s.err != nil {
		return
	}
	var hc *http.Client
	if hc, s.err = rest.HTTPClientFor(s.env.Config); s.err != nil {
		return
	}
	s.mapper, s.err = apiutil.NewDynamicRESTMapper(s.env.Config, hc)
}

func (s *server) stop() error {
	if s.env == nil {
		return nil
	}
	if err := s.env.Stop(); err != nil {
		return fmt.Errorf("stop the API server: %w", err)
	}
	return nil
}

// missing ends a test that has no API server.
func missing(tb testing.TB, err error) {
	tb.Helper()
	if os.Getenv(requireEnv) != "" {
		tb.Fatalf("no API server to test against: %v", err)
	}
	tb.Skipf("no API server to test against: %v", err)
}

// assets is the folder that holds etcd and kube-apiserver.
func assets() (string, error) {
	dir := os.Getenv(assetsEnv)
	if dir == "" {
		root, err := moduleRoot()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(root, "dist", "testbin")
	}
	for _, name := range []string{"etcd", "kube-apiserver"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return "", fmt.Errorf("%q is not there: run \"make testbin\", or set %s: %w", filepath.Join(dir, name), assetsEnv, err)
		}
	}
	return dir, nil
}

// moduleRoot is the folder of go.mod: tests run in their package's folder.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the root of the module: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("find the root of the module: no go.mod above %q", dir)
		}
		dir = parent
	}
}
