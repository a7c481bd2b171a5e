package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

const hostServer = "https://host.example.com:6443"

// config is a kubeconfig with one context for each server.
func config(current string, servers map[string]string) []byte {
	c := clientcmdapi.NewConfig()
	c.CurrentContext = current
	for name, server := range servers {
		c.Clusters[name] = &clientcmdapi.Cluster{Server: server}
		c.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: "x"}
		c.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name, Namespace: "mine"}
	}
	data, err := clientcmd.Write(*c)
	if err != nil {
		panic(err)
	}
	return data
}

func factoryFor(t *testing.T, content []byte) *Factory {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	streams := Streams{}
	streams.Out, streams.ErrOut = &bytes.Buffer{}, &bytes.Buffer{}
	f := NewFactory("vclusterctl", streams)
	f.Getenv = func(string) string { return "" }
	*f.Flags.KubeConfig = file
	return f
}

func TestLeaveVirtual(t *testing.T) {
	connect := func(t *testing.T, f *Factory, context, owner string) {
		t.Helper()
		entry := kubeconfig.Entry{Context: context, Owner: owner, Use: true, Kubeconfig: config("v", map[string]string{"v": "https://10.0.0.1"})}
		if _, err := kubeconfig.NewStore(f.PathOptions()).Merge(t.Context(), entry); err != nil {
			t.Fatal(err)
		}
	}
	type want struct {
		Context, Namespace, Host string
		Code                     int
	}
	cases := map[string]struct {
		reason  string
		before  string // what was connected to before
		connect string
		context string
		pod     string // the API server of the cluster whose pod we are
		typed   string
		want    want
	}{
		"NotConnected": {
			reason: "The current context is the host: nothing changes.",
			want:   want{Namespace: "mine", Host: hostServer},
		},
		"Connected": {
			reason: "VirtualClusters live on the host, in the namespace of the connected one, and the user is who connected.", connect: Owner(hostServer, "team-a", "dev"),
			want: want{Context: "prod", Namespace: "team-a", Host: hostServer},
		},
		"Chain": {
			reason: "Also if the user went from one to the next.", before: Owner(hostServer, "x", "before"), connect: Owner(hostServer, "team-a", "dev"),
			want: want{Context: "prod", Namespace: "team-a", Host: hostServer},
		},
		"OtherHost": {
			reason: "What was current before need not lead there.", connect: Owner("https://other.example.com", "team-a", "dev"),
			want: want{Context: "other", Namespace: "team-a", Host: "https://other.example.com"},
		},
		"HostGone": {
			reason: "Without a way to the host, what is inside must not be taken for it.", connect: Owner("https://gone.example.com", "team-a", "dev"),
			want: want{Code: ExitRefused},
		},
		"Pod": {
			reason: "In a pod of the host no context leads there, but the way is known.", connect: Owner("https://10.96.0.1:443", "team-a", "dev"),
			pod: "https://10.96.0.1:443", want: want{Namespace: "team-a", Host: "https://10.96.0.1:443"},
		},
		"PodTyped": {
			reason: "A namespace that was typed is one of the host.", connect: Owner("https://10.96.0.1:443", "team-a", "dev"),
			pod: "https://10.96.0.1:443", typed: "b", want: want{Namespace: "b", Host: "https://10.96.0.1:443"},
		},
		"PodElsewhere": {
			reason: "A pod of another cluster is no way to the host.", connect: Owner("https://gone.example.com", "team-a", "dev"),
			pod: "https://10.96.0.1:443", want: want{Code: ExitRefused},
		},
		"PodBeside": {
			reason: "A context that leads there has the user's rights.", connect: Owner(hostServer, "team-a", "dev"),
			pod: hostServer, want: want{Context: "prod", Namespace: "team-a", Host: hostServer},
		},
		"EmbeddedHost": {
			reason: "The context of an embedded host is ours, too, but it is a host.", connect: "embedded host host",
			want: want{Namespace: "mine", Host: "https://10.0.0.1"},
		},
		"Explicit": {
			reason: "An explicit context is taken at its word.", connect: Owner(hostServer, "team-a", "dev"), context: "other",
			want: want{Context: "other", Namespace: "mine", Host: "https://other.example.com"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := factoryFor(t, config("prod", map[string]string{"prod": hostServer, "admin": hostServer, "other": "https://other.example.com"}))
			if tc.before != "" {
				connect(t, f, "vclusterctl-x-before", tc.before)
			}
			if tc.connect != "" {
				connect(t, f, "vclusterctl-team-a-dev", tc.connect)
			}
			*f.Flags.Context, *f.Flags.Namespace = tc.context, tc.typed
			f.PodConfig = func() (*rest.Config, error) {
				if tc.pod == "" {
					return nil, rest.ErrNotInCluster
				}
				return &rest.Config{Host: tc.pod}, nil
			}
			if err := f.LeaveVirtual(); err != nil {
				refused(t, f, tc.reason, tc.want.Code, err)
				return
			}
			host, err := f.RESTConfig()
			if err != nil {
				t.Fatal(err)
			}
			namespace, err := f.Namespace()
			if err != nil {
				t.Fatal(err)
			}
			got := want{Context: *f.Flags.Context, Namespace: namespace, Host: host.Host}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// refused wants to hear which cluster it is about, where its host was, and what
// to do.
func refused(t *testing.T, f *Factory, reason string, code int, err error) {
	t.Helper()
	got := f.Explain(err)
	for _, want := range []string{`"team-a/dev" (https://gone.example.com)`, "--context", "vclusterctl disconnect dev -n team-a"} {
		if got.Code != code || !errors.Is(err, ErrNoHost) || !strings.Contains(got.Error()+got.Remedy, want) {
			t.Errorf("%s\ngot exit code %d, %q and %q, want %d and %q", reason, got.Code, got, got.Remedy, code, want)
		}
	}
}

// TestPodNext: where a pod goes on to a context, it is that one.
func TestPodNext(t *testing.T) {
	f := factoryFor(t, config("prod", map[string]string{"prod": hostServer}))
	f.PodConfig = func() (*rest.Config, error) { return &rest.Config{Host: "https://10.96.0.1:443"}, nil }
	f.usePod("team-a")
	if got, want := f.Kubectl("get", "pods"), "kubectl get pods --kubeconfig /dev/null"; got != want {
		t.Errorf("Kubectl(): got %q, want %q", got, want)
	}
	f.UseContext("prod")
	if host, err := f.RESTConfig(); err != nil || host.Host != hostServer || f.InPod() {
		t.Errorf("RESTConfig(): got %v, %v, want the host of the context", host, err)
	}
}

func TestRESTConfigWithoutCluster(t *testing.T) {
	f := factoryFor(t, config("", nil))
	_, err := f.RESTConfig()
	if got := f.Explain(err).Code; got != ExitRefused {
		t.Errorf("RESTConfig(): exit code %d for %v, want %d", got, err, ExitRefused)
	}
}

// TestInside: in a shell of attach it is no use to install anything.
func TestInside(t *testing.T) {
	const ours = "vclusterctl-team-dev"
	cases := map[string]struct {
		reason     string
		attached   string
		current    string
		kubeconfig bool
		want       string
	}{
		"Inside":  {reason: "What is there is a virtual cluster.", attached: "team/dev", current: ours, want: `inside virtual cluster "team/dev"`},
		"Outside": {reason: "A host without the controller.", current: "prod", want: "is not installed"},
		"Other":   {reason: "The user has gone elsewhere since.", attached: "team/dev", current: "prod", want: "is not installed"},
		"Said":    {reason: "And so in this very call.", attached: "team/dev", current: ours, kubeconfig: true, want: "is not installed"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := factoryFor(t, config(tc.current, map[string]string{tc.current: hostServer}))
			f.Getenv = func(string) string { return tc.attached }
			if !tc.kubeconfig {
				t.Setenv("KUBECONFIG", *f.Flags.KubeConfig)
				*f.Flags.KubeConfig = ""
			}
			got := f.Explain(&meta.NoKindMatchError{GroupKind: schema.GroupKind{Group: v1alpha1.GroupName, Kind: "VirtualCluster"}})
			if got.Code != ExitRefused || !strings.Contains(got.Error(), tc.want) || strings.Contains(got.Remedy, "install") == strings.Contains(tc.want, "inside") {
				t.Errorf("%s\ngot exit code %d, %q and %q, want %q", tc.reason, got.Code, got, got.Remedy, tc.want)
			}
		})
	}
}
