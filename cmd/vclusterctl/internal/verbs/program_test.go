package verbs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/access"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/child"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tunnel/tunneltest"
)

// askEnv makes the test binary the program that a user runs with a cluster: it
// asks the cluster that its KUBECONFIG leads to.
const askEnv = "VERBS_TEST_ASK"

func TestMain(m *testing.M) {
	if os.Getenv(askEnv) == "" {
		os.Exit(m.Run())
	}
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err == nil {
		err = ask(config, os.Stdout)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(9)
	}
}

func ask(config *rest.Config, to io.Writer) error {
	c, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	resp, err := c.Get(config.Host)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(to, resp.Body)
	return err
}

// asking is a command that asks the cluster.
func asking(t *testing.T) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{"env", askEnv + "=yes", self}
}

// nowhere is an address where nobody listens.
const nowhere = "https://127.0.0.1:1"

// stage is a virtual cluster called dev on a host, as a user finds it.
type stage struct {
	*cli.Factory

	cluster *tunneltest.Cluster
	host    *tunneltest.Host
	// objects are those of the cluster on the host.
	objects []client.Object
	// flags lead to the host.
	flags []string
	// temporary is where temporary files go.
	temporary string
	// environment of the user.
	environment map[string]string
}

// newStage has a cluster that is ready, at an address; empty is where it really
// listens.
func newStage(t *testing.T, server string) *stage {
	t.Helper()
	s := &stage{Factory: testFactory(t), cluster: tunneltest.NewCluster(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello from inside") })}
	if server == "" {
		server = "https://" + s.cluster.Address
	}
	s.host = tunneltest.NewHost(s.cluster.Address)
	s.temporary = t.TempDir()
	s.environment = map[string]string{"XDG_RUNTIME_DIR": s.temporary, "SHELL": "/bin/sh"}
	s.Getenv = func(key string) string { return s.environment[key] }
	s.flags = []string{"--kubeconfig=" + kubeconfigFor(t, s.host.Serve(t).Host)}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "dev-kubeconfig"}, Data: map[string][]byte{access.SecretKey: s.cluster.Kubeconfig(t, server)}}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "dev-server-0", Labels: map[string]string{"keep": "yes", v1alpha1.LabelRole: "server"}}}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	s.objects = []client.Object{secret, pod}
	return s
}

func kubeconfigFor(t *testing.T, server string) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.CurrentContext = "host"
	config.Contexts["host"] = &clientcmdapi.Context{Cluster: "host", AuthInfo: "host"}
	config.Clusters["host"] = &clientcmdapi.Cluster{Server: server}
	config.AuthInfos["host"] = &clientcmdapi.AuthInfo{}
	path := filepath.Join(t.TempDir(), "config")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// there puts the ready cluster, with changes, on the host.
func (s *stage) there(t *testing.T, fail interceptor.Funcs, change ...func(*v1alpha1.VirtualCluster)) client.WithWatch {
	t.Helper()
	s.objects[1].GetLabels()[v1alpha1.LabelCluster] = "dev"
	change = append([]func(*v1alpha1.VirtualCluster){allReady, withKubeconfig}, change...)
	return withCluster(t, s.Factory, fail, append(s.objects, virtualCluster("dev", change...))...)
}

func withKubeconfig(vc *v1alpha1.VirtualCluster) {
	vc.Status.KubeconfigSecretRef = &corev1.LocalObjectReference{Name: "dev-kubeconfig"}
}

// call runs a verb and gives its exit code and what it printed.
func (s *stage) call(ctx context.Context, verb *cobra.Command, arguments ...string) (code int, out, errOut string) {
	root := newRoot(s.Factory, verb)
	root.SetArgs(append(append([]string{verb.Name()}, s.flags...), arguments...))
	code = Execute(ctx, s.Factory, root)
	return code, stdout(s.Factory), s.ErrOut.(*bytes.Buffer).String()
}

// clean says whether all temporary files are gone.
func (s *stage) clean(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(s.temporary)
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

func TestAttachFlags(t *testing.T) {
	type want struct {
		Code    int
		Name    string
		Command []string
	}
	cases := map[string]struct {
		reason string
		args   []string
		want   want
	}{
		"Shell":     {reason: "A name is enough.", args: []string{"dev"}, want: want{Name: "dev"}},
		"Command":   {reason: "What comes after the dashes is the command, its flags included.", args: []string{"dev", "--", "kubectl", "get", "-A", "--", "x"}, want: want{Name: "dev", Command: []string{"kubectl", "get", "-A", "--", "x"}}},
		"NoName":    {reason: "Attached to what?", args: []string{"--", "true"}, want: want{Code: cli.ExitOwn}},
		"NoDashes":  {reason: "Whose flags are whose must be clear.", args: []string{"dev", "kubectl"}, want: want{Code: cli.ExitOwn}},
		"NoCommand": {reason: "An empty variable is no wish for a shell.", args: []string{"dev", "--"}, want: want{Code: cli.ExitOwn}},
		"BadFlag":   {reason: "A mistake in the call is our failure, and no code of a command.", args: []string{"dev", "--nope"}, want: want{Code: cli.ExitOwn}},
		"Output":    {reason: "So is a flag of other verbs.", args: []string{"dev", "-o", "json"}, want: want{Code: cli.ExitOwn}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			var got want
			verb := NewCmdAttach(f, func(_ context.Context, o *AttachOptions) error {
				got = want{Name: o.Name, Command: o.Command}
				return nil
			})
			got.Code, _ = call(t, f, verb, tc.args...)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestAttach(t *testing.T) {
	paused := func(vc *v1alpha1.VirtualCluster) { yes := true; vc.Spec.Lifecycle.Paused = &yes }
	cases := map[string]struct {
		reason  string
		server  string
		change  func(*v1alpha1.VirtualCluster)
		env     map[string]string
		input   string
		name    string
		command []string
		ask     bool
		code    int
		out     string
		says    string
	}{
		"Direct":    {reason: "The API is reachable.", ask: true, out: "hello from inside\n"},
		"Tunnelled": {reason: "It is not, and is reached through the host, which is told.", server: nowhere, ask: true, out: "hello from inside\n", says: "going through the API server of the host"},
		"Code":      {reason: "The command's code is ours.", command: []string{"sh", "-c", "exit 7"}, code: 7},
		"Code3":     {reason: "Also one that means something else elsewhere.", command: []string{"sh", "-c", "echo said >&2; exit 3"}, code: 3, says: "said\n"},
		"Signal":    {reason: "So is its signal.", command: []string{"sh", "-c", "kill -9 $$"}, code: 137},
		"Env":       {reason: "The command knows where it is.", command: []string{"sh", "-c", "echo $VCLUSTERCTL_ATTACHED"}, out: "default/dev\n"},
		"Input":     {reason: "A shell reads its lines from elsewhere.", input: "echo shell of $VCLUSTERCTL_ATTACHED; exit 4\n", code: 4, out: "shell of default/dev\n"},
		"Nested":    {reason: "A shell in a shell is a mistake.", env: map[string]string{child.AttachedEnv: "default/other"}, code: cli.ExitOwn, says: `already a shell attached to virtual cluster "default/other"`},
		"NestedRun": {reason: "A command is none.", env: map[string]string{child.AttachedEnv: "default/other"}, command: []string{"true"}},
		"NotFound":  {reason: "There is no such cluster.", name: "other", command: []string{"true"}, code: cli.ExitOwn, says: `"other" not found`},
		"NoCommand": {reason: "There is no such command, which nobody waits for.", name: "other", command: []string{"no-such-command"}, code: 127, says: `run "no-such-command"`},
		"Paused":    {reason: "A paused cluster has no API.", change: paused, command: []string{"true"}, code: cli.ExitOwn, says: "vclusterctl resume dev"},
		"NoSecret":  {reason: "It has none yet.", change: func(vc *v1alpha1.VirtualCluster) { vc.Status.KubeconfigSecretRef = nil }, command: []string{"true"}, code: cli.ExitOwn, says: "has no kubeconfig yet"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, tc.server)
			maps.Copy(s.environment, tc.env)
			s.In = strings.NewReader(tc.input)
			if tc.change == nil {
				tc.change = func(*v1alpha1.VirtualCluster) {}
			}
			s.there(t, interceptor.Funcs{}, tc.change)
			args := []string{"dev"}
			if tc.name != "" {
				args = []string{tc.name}
			}
			if tc.ask {
				tc.command = asking(t)
			}
			if len(tc.command) > 0 {
				args = append(append(args, "--"), tc.command...)
			}
			code, out, errOut := s.call(t.Context(), NewCmdAttach(s.Factory, nil), args...)
			if code != tc.code || out != tc.out {
				t.Errorf("%s\ncode %d, want %d; output %q, want %q; errors:\n%s", tc.reason, code, tc.code, out, tc.out, errOut)
			}
			if !strings.Contains(errOut, tc.says) || tc.says == "" && errOut != "" {
				t.Errorf("%s\nwant %q told, got:\n%s", tc.reason, tc.says, errOut)
			}
			s.clean(t)
		})
	}
}

func TestShellFlags(t *testing.T) {
	type want struct {
		Code    int
		Ref     string
		Command []string
		Run     []string
	}
	cases := map[string]struct {
		reason string
		args   []string
		want   want
	}{
		"Shell":   {reason: "A name is enough.", args: []string{"dev"}, want: want{Ref: "dev", Run: loginShell}},
		"Node":    {reason: "A node may be named.", args: []string{"dev/work-1", "--", "ls", "-l"}, want: want{Ref: "dev/work-1", Command: []string{"ls", "-l"}, Run: []string{"env", "--", "ls", "-l"}}},
		"BadNode": {reason: "A slash promises a node.", args: []string{"dev/"}, want: want{Code: cli.ExitOwn}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			var got want
			verb := NewCmdShell(f, func(_ context.Context, o *ShellOptions) error {
				got = want{Ref: o.Ref.String(), Command: o.Command, Run: o.inNode()}
				return nil
			})
			got.Code, _ = call(t, f, verb, tc.args...)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestShellRefused(t *testing.T) {
	cases := map[string]struct {
		reason string
		args   []string
		says   string
	}{
		"Cluster":    {reason: "There is no such cluster.", args: []string{"other"}, says: `"other" not found`},
		"Node":       {reason: "There is no such node.", args: []string{"dev/work-0"}, says: `has no node "work-0"`},
		"NotRunning": {reason: "Its container does not run.", args: []string{"dev"}, says: `node "server-0" of virtual cluster "dev" does not run`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, "")
			s.objects[1].GetLabels()[v1alpha1.LabelPool] = "server"
			s.there(t, interceptor.Funcs{})
			code, _, errOut := s.call(t.Context(), NewCmdShell(s.Factory, nil), append(tc.args, "--", "true")...)
			if code != cli.ExitOwn || !strings.Contains(errOut, tc.says) {
				t.Errorf("%s\ncode %d, want %d and %q told, got:\n%s", tc.reason, code, cli.ExitOwn, tc.says, errOut)
			}
		})
	}
}

// contextOf is the server that the current context of the user leads to.
func (s *stage) current(t *testing.T) (name, server string) {
	t.Helper()
	config, err := clientcmd.LoadFromFile(strings.TrimPrefix(s.flags[0], "--kubeconfig="))
	if err != nil {
		t.Fatal(err)
	}
	return config.CurrentContext, config.Clusters[config.Contexts[config.CurrentContext].Cluster].Server
}

func TestConnect(t *testing.T) {
	const context = "vclusterctl-default-dev"
	booting := func(vc *v1alpha1.VirtualCluster) { vc.Status.Conditions = nil }
	cases := map[string]struct {
		reason string
		server string
		change func(*v1alpha1.VirtualCluster)
		args   []string
		code   int
		local  bool
		want   string
		says   string
	}{
		"Direct":     {reason: "The address answers.", says: "Current kubeconfig context is now"},
		"DirectHold": {reason: "Then there is nothing to hold.", args: []string{"--hold"}},
		"Through":    {reason: "It does not: the context leads through the host, and what that takes is told.", server: nowhere, local: true, says: "vclusterctl connect dev -n default --hold"},
		"Booting":    {reason: "A cluster that does not serve anywhere yet keeps its own address.", server: nowhere, change: booting, want: nowhere, says: "does not serve now"},
		"Own":        {reason: "An address of the user's is taken as it is.", args: []string{"--server=https://127.0.0.1:2"}, want: "https://127.0.0.1:2", says: "does not answer from here"},
		"OwnHold":    {reason: "Nobody can hold that.", args: []string{"--server=https://127.0.0.1:2", "--hold"}, code: cli.ExitUsage},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, tc.server)
			if tc.change == nil {
				tc.change = func(*v1alpha1.VirtualCluster) {}
			}
			s.there(t, interceptor.Funcs{}, tc.change)
			for range 2 { // the second time changes nothing
				code, _, errOut := s.call(t.Context(), NewCmdConnect(s.Factory, nil), append(tc.args, "dev")...)
				if code != tc.code || !strings.Contains(errOut, tc.says) {
					t.Fatalf("%s\ncode %d, want %d and %q told, got:\n%s", tc.reason, code, tc.code, tc.says, errOut)
				}
				if tc.code != 0 {
					return
				}
				got, server := s.current(t)
				want := tc.want
				if want == "" {
					want = "https://" + s.cluster.Address
				}
				if got != context || tc.local != isTunnel(server) || !tc.local && server != want {
					t.Errorf("%s\ncontext %q leads to %q", tc.reason, got, server)
				}
			}
		})
	}
}

// isTunnel says whether an address is one of those for tunnels. NodePorts begin
// above them, and above those are the ports that systems hand out by themselves.
func isTunnel(server string) bool {
	port := access.LocalPort(server)
	return port >= 20000 && port < 30000
}

func TestConnectHold(t *testing.T) {
	s := newStage(t, nowhere)
	s.there(t, interceptor.Funcs{})
	if code, _, errOut := s.call(t.Context(), NewCmdConnect(s.Factory, nil), "dev"); code != 0 {
		t.Fatal(errOut)
	}
	_, before := s.current(t)
	held, end := context.WithCancel(t.Context())
	defer end()
	holder := *s.Factory
	holder.Out, holder.ErrOut = &watchedBuffer{said: make(chan string, 1)}, io.Discard
	other := &stage{Factory: &holder, flags: s.flags}
	ended := make(chan int)
	go func() {
		root := newRoot(other.Factory, NewCmdConnect(other.Factory, nil))
		root.SetArgs(append(other.flags, "connect", "dev", "--hold"))
		ended <- Execute(held, other.Factory, root)
	}()
	holder.Out.(*watchedBuffer).await(t, "vclusterctl-default-dev\n")
	if _, server := s.current(t); server != before {
		t.Errorf("the context leads to %q, before it was %q", server, before)
	}
	config, err := clientcmd.BuildConfigFromFlags("", strings.TrimPrefix(s.flags[0], "--kubeconfig="))
	if err == nil {
		err = ask(config, io.Discard)
	}
	if err != nil {
		t.Errorf("the context does not work while it is held: %v", err)
	}
	if code, _, errOut := s.call(t.Context(), NewCmdConnect(s.Factory, nil), "dev", "--hold"); code != cli.ExitError || !strings.Contains(errOut, "is held open already") {
		t.Errorf("holding it twice: code %d, %s", code, errOut)
	}
	if code, _, errOut := s.call(t.Context(), NewCmdConnect(s.Factory, nil), "dev"); code != 0 || !strings.Contains(errOut, "which is held open already") {
		t.Errorf("connecting while it is held: code %d, %s", code, errOut)
	}
	end()
	if code := <-ended; code != 0 {
		t.Errorf("interrupting is how it ends well, got code %d", code)
	}
}

// watchedBuffer is a stream that somebody reads while it is written.
type watchedBuffer struct {
	said chan string
}

func (b *watchedBuffer) Write(p []byte) (int, error) {
	b.said <- string(p)
	return len(p), nil
}

func (b *watchedBuffer) await(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-b.said:
		if got != want {
			t.Fatalf("it said %q, want %q", got, want)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("it did not say %q", want)
	}
}
