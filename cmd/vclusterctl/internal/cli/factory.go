package cli

import (
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// FieldManager is the server-side apply field manager of what the user
// applies through this program.
const FieldManager = "vclusterctl-cli"

// Factory hands the verbs their dependencies. Clients are made on first use,
// after the flags were parsed.
type Factory struct {
	Streams
	// Program is how the user calls this program.
	Program string
	// Flags are the cluster flags of every verb.
	Flags *genericclioptions.ConfigFlags
	// AllNamespaces, Output, NoColor and Verbose are the other flags of every
	// verb.
	AllNamespaces bool
	Output        string
	NoColor       bool
	Verbose       bool
	// Now is the clock, Getenv the environment.
	Now    func() time.Time
	Getenv func(string) string
	// Dial makes the client of a factory. It is given which, because copies
	// of one talk to clusters of their own.
	Dial func(*Factory) (client.WithWatch, error)
	// PodConfig is how to reach the cluster whose pod we are. It fails where we
	// are none.
	PodConfig func() (*rest.Config, error)

	// implied says what of Flags nobody typed: it was found out.
	implied struct{ context, namespace bool }
	// inPod is set where the cluster whose pod we are is meant, whatever the
	// kubeconfig's current context is.
	inPod bool
}

// NewFactory is the factory of the real program.
func NewFactory(program string, streams Streams) *Factory {
	return &Factory{
		Streams: streams, Program: program, Flags: configFlags(), Now: time.Now, Getenv: os.Getenv,
		Dial: (*Factory).connect, PodConfig: rest.InClusterConfig,
	}
}

// configFlags keeps, of all the flags that kubectl knows, those that this
// program promises.
func configFlags() *genericclioptions.ConfigFlags {
	all := genericclioptions.NewConfigFlags(true)
	return &genericclioptions.ConfigFlags{KubeConfig: all.KubeConfig, Context: all.Context, Namespace: all.Namespace}
}

// AddFlags adds the flags of every verb.
func (f *Factory) AddFlags(flags *pflag.FlagSet) {
	flags.StringVar(f.Flags.KubeConfig, "kubeconfig", "", "path of the kubeconfig `file`")
	flags.StringVar(f.Flags.Context, "context", "", "kubeconfig context to use")
	flags.StringVarP(f.Flags.Namespace, "namespace", "n", "", "namespace to work in")
	flags.BoolVarP(&f.AllNamespaces, "all-namespaces", "A", false, "look at every namespace, where clusters are listed")
	flags.StringVarP(&f.Output, "output", "o", "", "output `format`: table, wide, json, yaml or name")
	flags.BoolVar(&f.NoColor, "no-color", false, "print no colours")
	flags.BoolVarP(&f.Verbose, "verbose", "v", false, "show every request to the API server")
}

// Scheme knows every type that this program reads.
func Scheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme, v1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			panic(fmt.Sprintf("two types were registered for one kind: %v", err))
		}
	}
	return scheme
}

// RESTConfig says how to reach the cluster that the flags point at.
func (f *Factory) RESTConfig() (*rest.Config, error) {
	if !f.HasCluster() {
		return nil, Refused(
			"Point --kubeconfig at a cluster, or start one on this machine with: "+f.Program+" host up",
			"no cluster to talk to: the kubeconfig has no context")
	}
	config, err := f.hostConfig()
	if err != nil {
		return nil, err
	}
	config.UserAgent = rest.DefaultKubernetesUserAgent()
	config.QPS, config.Burst = 50, 100
	config.WarningHandler = rest.NewWarningWriter(f.ErrOut, rest.WarningWriterOptions{Deduplicate: true, Color: f.Color})
	if f.Verbose {
		config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &tracer{next: next, out: f.ErrOut, now: f.Now} })
	}
	return config, nil
}

func (f *Factory) hostConfig() (*rest.Config, error) {
	if f.inPod {
		return f.PodConfig()
	}
	return f.Flags.ToRESTConfig()
}

// InPod says whether this program talks to the cluster whose pod it is in, and
// not to a context of the kubeconfig.
func (f *Factory) InPod() bool { return f.inPod }

// HasCluster says whether there is any cluster to talk to: a context in the
// kubeconfig, or the cluster whose pod we are.
func (f *Factory) HasCluster() bool {
	if f.inPod || f.Getenv("KUBERNETES_SERVICE_HOST") != "" {
		return true
	}
	raw, err := f.Flags.ToRawKubeConfigLoader().RawConfig()
	return err != nil || len(raw.Contexts) > 0
}

// TypedNamespace is the one that was asked for on the command line, "" for none.
func (f *Factory) TypedNamespace() string {
	if f.implied.namespace {
		return ""
	}
	return *f.Flags.Namespace
}

// TypedContext is the one that was asked for on the command line, "" for none.
func (f *Factory) TypedContext() string {
	if f.implied.context {
		return ""
	}
	return *f.Flags.Context
}

// Namespace is the one to work in.
func (f *Factory) Namespace() (string, error) {
	namespace, _, err := f.Flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return "", fmt.Errorf("find the namespace of the kubeconfig context: %w", err)
	}
	return namespace, nil
}

// PathOptions says which kubeconfig file is written to.
func (f *Factory) PathOptions() *clientcmd.PathOptions {
	options := clientcmd.NewDefaultPathOptions()
	options.LoadingRules.ExplicitPath = *f.Flags.KubeConfig
	return options
}

// UseContext makes everything that follows talk to another context. A namespace
// that was typed is meant there, too; one that was found out is of another
// cluster.
func (f *Factory) UseContext(context string) {
	typed := f.TypedNamespace()
	f.Flags = copyFlags(f.Flags)
	*f.Flags.Context, *f.Flags.Namespace = context, typed
	f.implied.context, f.implied.namespace, f.inPod = false, false, false
}

// InNamespace is this factory for another namespace.
func (f *Factory) InNamespace(namespace string) *Factory {
	other := *f
	other.Flags = copyFlags(f.Flags)
	*other.Flags.Namespace = namespace
	other.implied.namespace = false
	return &other
}

// copyFlags leaves behind what the flags have cached of the kubeconfig.
func copyFlags(flags *genericclioptions.ConfigFlags) *genericclioptions.ConfigFlags {
	fresh := configFlags()
	*fresh.KubeConfig, *fresh.Context, *fresh.Namespace = *flags.KubeConfig, *flags.Context, *flags.Namespace
	return fresh
}

// NewClient connects to the cluster that the flags point at.
func (f *Factory) NewClient() (client.WithWatch, error) { return f.Dial(f) }

func (f *Factory) connect() (client.WithWatch, error) {
	config, err := f.RESTConfig()
	if err != nil {
		return nil, err
	}
	c, err := newClient(config)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", config.Host, err)
	}
	return c, nil
}
