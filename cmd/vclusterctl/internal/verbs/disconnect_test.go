package verbs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// plainConfig is a kubeconfig with contexts, the first of which is current.
func plainConfig(t *testing.T, contexts ...[2]string) []byte {
	t.Helper()
	config := clientcmdapi.NewConfig()
	for _, c := range contexts {
		name, server := c[0], c[1]
		config.Clusters[name] = &clientcmdapi.Cluster{Server: server}
		config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: "x"}
		config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	}
	if len(contexts) > 0 {
		config.CurrentContext = contexts[0][0]
	}
	data, err := clientcmd.Write(*config)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// userWith is a user whose kubeconfig has a host, unless it is gone, and
// connected clusters, each as SERVER/NAMESPACE/NAME; the last is current.
func userWith(t *testing.T, host string, connected ...string) (*cli.Factory, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config")
	var hosts [][2]string
	if host != "" {
		hosts = append(hosts, [2]string{"host", host})
	}
	if err := os.WriteFile(file, plainConfig(t, hosts...), 0o600); err != nil {
		t.Fatal(err)
	}
	f := testFactory(t)
	t.Setenv("KUBECONFIG", file)
	for _, owner := range connected {
		_, namespace, name, _ := cli.SplitOwner(owner)
		entry := kubeconfig.Entry{Context: kubeconfig.ContextName(namespace, name), Owner: owner, Use: true, Kubeconfig: plainConfig(t, [2]string{"v", "https://10.0.0.1"})}
		if _, err := kubeconfig.NewStore(f.PathOptions()).Merge(t.Context(), entry); err != nil {
			t.Fatal(err)
		}
	}
	return f, file
}

func contextsIn(t *testing.T, file string) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, name := range []string{"host", "vclusterctl-a-dev", "vclusterctl-b-dev", "vclusterctl-b-test"} {
		if config.Contexts[name] == nil {
			continue
		}
		if name == config.CurrentContext {
			name = "*" + name
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func TestDisconnect(t *testing.T) {
	const (
		host  = "https://host.example.com"
		other = "https://other.example.com"
		aDev  = host + "/a/dev"
		bDev  = host + "/b/dev"
		bTest = host + "/b/test"
	)
	cases := map[string]struct {
		reason    string
		host      string
		connected []string
		args      []string
		code      int
		left      string
		says      string
	}{
		"Current":     {reason: "The one that is used.", host: host, connected: []string{aDev, bDev}, args: []string{"dev"}, left: "host *vclusterctl-a-dev", says: `Removed kubeconfig context "vclusterctl-b-dev"; the current one is "vclusterctl-a-dev"`},
		"Only":        {reason: "The only one of that name, wherever it is.", host: host, connected: []string{aDev, bTest}, args: []string{"dev"}, left: "host *vclusterctl-b-test"},
		"Typed":       {reason: "The one in that namespace.", host: host, connected: []string{aDev, bDev}, args: []string{"dev", "-n", "a"}, left: "host *vclusterctl-b-dev"},
		"HostGone":    {reason: "Its host is not in the kubeconfig any more.", connected: []string{aDev}, args: []string{"dev"}, says: "none is the current one now"},
		"HostChanged": {reason: "The kubeconfig has another host.", host: other, connected: []string{aDev}, args: []string{"dev"}, left: "*host"},
		"Several":     {reason: "Which is meant is not clear.", connected: []string{aDev, bDev, bTest}, args: []string{"dev"}, code: cli.ExitUsage, left: "vclusterctl-a-dev vclusterctl-b-dev *vclusterctl-b-test", says: `dev -n a (context "vclusterctl-a-dev"), dev -n b`},
		"Unknown":     {reason: "There is none of that name.", host: host, connected: []string{aDev}, args: []string{"typo"}, code: cli.ExitNotFound, left: "host *vclusterctl-a-dev", says: `Connected is: dev -n a (context "vclusterctl-a-dev")`},
		"Elsewhere":   {reason: "What was typed must be so.", host: host, connected: []string{aDev}, args: []string{"dev", "-n", "b"}, code: cli.ExitNotFound, left: "host *vclusterctl-a-dev"},
		"OtherHost":   {reason: "Also the host.", host: other, connected: []string{aDev}, args: []string{"dev", "--context", "host"}, code: cli.ExitNotFound, left: "host *vclusterctl-a-dev"},
		"Nothing":     {reason: "There is nothing at all.", args: []string{"dev"}, code: cli.ExitNotFound, says: "Connected is: nothing"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f, file := userWith(t, tc.host, tc.connected...)
			code, said := call(t, f, NewCmdDisconnect(f, nil), tc.args...)
			if code != tc.code || !strings.Contains(said, tc.says) || said == "" {
				t.Errorf("%s\nexit code %d, want %d and %q, got:\n%s", tc.reason, code, tc.code, tc.says, said)
			}
			if diff := cmp.Diff(tc.left, contextsIn(t, file)); diff != "" {
				t.Errorf("%s\ncontexts: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestDisconnectRest: what "kubectl config delete-context" leaves goes, too.
func TestDisconnectRest(t *testing.T) {
	f, file := userWith(t, "https://host.example.com", "https://host.example.com/default/dev")
	config, err := clientcmd.LoadFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	delete(config.Contexts, "vclusterctl-default-dev")
	config.CurrentContext = "host"
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		t.Fatal(err)
	}
	if code, said := call(t, f, NewCmdDisconnect(f, nil), "dev"); code != 0 {
		t.Fatal(said)
	}
	if config, err = clientcmd.LoadFromFile(file); err != nil || len(config.Clusters)+len(config.AuthInfos) != 2 {
		t.Errorf("left are %v and %v, %v", config.Clusters, config.AuthInfos, err)
	}
}

func TestCompleteConnected(t *testing.T) {
	const host = "https://host.example.com"
	for line, want := range map[string]string{"": "dev test :4", "t": "test :4", "-n a ": "dev :4", "dev ": ":4"} {
		t.Run(line, func(t *testing.T) {
			f, _ := userWith(t, "", host+"/a/dev", host+"/b/dev", host+"/b/test")
			root := newRoot(f, NewCmdDisconnect(f, nil))
			root.SetArgs(append([]string{"__complete", "disconnect"}, strings.Split(line, " ")...))
			if err := root.ExecuteContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(strings.Fields(stdout(f)), " "); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
