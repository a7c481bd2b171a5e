package verbs

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/profile/profiletest"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

func TestRuntimeConfig(t *testing.T) {
	dir := t.TempDir()
	present := filepath.Join(dir, "config.toml")
	if err := os.WriteFile(present, []byte("version = 4\nimports = [\"/etc/containerd/conf.d/*.toml\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		reason string
		args   []string
		code   int
		want   []string
	}{
		"K3s":      {"A template is made.", []string{"--for=k3s"}, 0, []string{"config-v3.toml.tmpl, mode 0644, the whole file", `{{ template "base" . }}`, "# then: systemctl restart k3s", "# then: kubectl label node NODE seccomp.vclusterctl.dev/"}},
		"Folder":   {"The present configuration says where.", []string{"--for=containerd", "--config-file", present}, 0, []string{"# /etc/containerd/conf.d/vclusterctl-userns.toml, mode 0644\nversion = 4\n"}},
		"Cgroupfs": {"Nobody has to show the configuration.", []string{"--for=containerd", "--cgroup-driver=cgroupfs"}, 0, []string{"SystemdCgroup = false"}},
		"CRIO":     {"Sysbox's own program.", []string{"--for=crio", "--runtime=sysbox"}, 0, []string{"/etc/crio/crio.conf.d/99-vclusterctl-sysbox.conf", "systemctl restart crio"}},
		"TooOld":   {"It is refused before anything is changed.", []string{"--for=k3s", "--containerd-version=v1.7.27"}, cli.ExitRefused, []string{"upgrade containerd"}},
		"NoKind":   {"Nobody can guess it.", nil, cli.ExitUsage, []string{"k3s, rke2, containerd, crio"}},
		"NoSuch":   {"The runtimes are named.", []string{"--for=k3s", "--runtime=nope"}, cli.ExitUsage, []string{"kata, gvisor, sysbox, userns"}},
		"Template": {"containerd has none.", []string{"--for=containerd", "--template-file", present}, cli.ExitUsage, []string{"has no templates"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			code, said := call(t, f, NewCmdRuntime(f), append([]string{"config"}, tc.args...)...)
			for _, want := range tc.want {
				if code != tc.code || !strings.Contains(said+stdout(f), want) {
					t.Fatalf("%s exit code %d, want %d with %q in:\n%s%s", tc.reason, code, tc.code, want, said, stdout(f))
				}
			}
		})
	}
}

func TestRuntimeConfigJSON(t *testing.T) {
	f := testFactory(t)
	if code, said := call(t, f, NewCmdRuntime(f), "config", "--for=rke2", "-o=json"); code != 0 {
		t.Fatal(said)
	}
	var got printed
	if err := json.Unmarshal([]byte(stdout(f)), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Files) != 2 || got.Handler != userns.Handler || !strings.Contains(got.Files[1].Content, userns.Handler) || len(got.Units) != 2 {
		t.Errorf("%+v", got)
	}
}

func runtimeNode(name string, handlers ...string) *corev1.Node {
	n := profiletest.Node(name, userns.Handler)
	n.Status.RuntimeHandlers = nil
	for _, h := range handlers {
		n.Status.RuntimeHandlers = append(n.Status.RuntimeHandlers, corev1.NodeRuntimeHandler{Name: h, Features: profiletest.Features(true)})
	}
	return &n
}

func usernsClass() *nodev1.RuntimeClass {
	return &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: userns.ClassName}, Handler: userns.Handler}
}

// crio makes a node one of CRI-O, and crioClass is the RuntimeClass of such nodes.
func crio(n *corev1.Node) { n.Status.NodeInfo.ContainerRuntimeVersion = "cri-o://1.34.0" }

func crioClass(by string) *nodev1.RuntimeClass {
	class := usernsClass()
	class.Annotations = map[string]string{profile.AnnotationWritableCgroup: by}
	return class
}

func TestRuntimeList(t *testing.T) {
	onCRIO := runtimeNode("a", userns.Handler)
	crio(onCRIO)
	cases := map[string]struct {
		reason  string
		objects []client.Object
		fail    interceptor.Funcs
		want    string
		hint    string
	}{
		"Offered": {reason: "Nodes with the handler.", objects: []client.Object{usernsClass(), runtimeNode("a", userns.Handler), runtimeNode("b")}, want: "vclusterctl-userns privileged a"},
		"CRIO":    {reason: "The RuntimeClass says how it gets a writable cgroup.", objects: []client.Object{crioClass("crio-annotation"), onCRIO}, want: "vclusterctl-userns privileged a"},
		"NoClass": {reason: "Without the RuntimeClass no pod gets there.", objects: []client.Object{runtimeNode("a", userns.Handler)}, want: "vclusterctl-userns (missing) vclusterctl-userns privileged <none>"},
		"NoNode":  {reason: "No node has it.", objects: []client.Object{usernsClass(), runtimeNode("a")}, want: "vclusterctl-userns privileged <none>"},
		"Many":    {reason: "Many are counted.", objects: []client.Object{usernsClass(), runtimeNode("a", userns.Handler), runtimeNode("b", userns.Handler), runtimeNode("c", userns.Handler), runtimeNode("d", userns.Handler), runtimeNode("e")}, want: "privileged 4 of 5"},
		"NoRights": {reason: "The rest is shown.", fail: interceptor.Funcs{List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error {
			return forbidden("nodes", "")
		}}, want: "privileged <unknown>", hint: "not known: list the nodes of the host"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			f.Getenv = func(key string) string { return map[string]string{"KUBERNETES_SERVICE_HOST": "x"}[key] }
			withCluster(t, f, tc.fail, tc.objects...)
			o := &RuntimeListOptions{Factory: f}
			if err := o.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			var row string
			for line := range strings.Lines(stdout(f)) {
				if strings.HasPrefix(line, "userns ") {
					row = strings.Join(strings.Fields(line), " ")
				}
			}
			if !strings.HasSuffix(row, tc.want) || !strings.Contains(stderr(f), tc.hint) {
				t.Errorf("%s got %q and %q", tc.reason, row, stderr(f))
			}
		})
	}
}

func TestRuntimeListForPrograms(t *testing.T) {
	f := testFactory(t)
	f.Getenv = func(key string) string { return map[string]string{"KUBERNETES_SERVICE_HOST": "x"}[key] }
	withCluster(t, f, interceptor.Funcs{}, usernsClass(), runtimeNode("a", userns.Handler), runtimeNode("b"))
	f.Output = cli.OutputJSON
	if err := (&RuntimeListOptions{Factory: f}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []listedRuntime
	if err := json.Unmarshal([]byte(stdout(f)), &got); err != nil {
		t.Fatal(err)
	}
	last := got[len(got)-1]
	if len(last.Nodes) != 2 || !last.Nodes[0].Offers || last.Nodes[1].Offers || last.Nodes[1].Problems[0].Reason != "HandlerMissing" {
		t.Errorf("%+v", last)
	}

	names := testFactory(t)
	names.Output = cli.OutputName
	if err := (&RuntimeListOptions{Factory: names}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("kata\ngvisor\nsysbox\nuserns\n", stdout(names)); diff != "" {
		t.Error(diff)
	}
}

// Nodes of a virtual cluster are not what these verbs are about: where the host
// of the current context is not known they refuse.
func TestRuntimeVerbsLeaveVirtual(t *testing.T) {
	f := testFactory(t)
	for _, cmd := range NewCmdRuntime(f).Commands() {
		if need := needOfHost(cmd); need != "" && cmd.Name() != "config" {
			t.Errorf("runtime %s may stay where it is: %s", cmd.Name(), need)
		}
	}
}
