package verbs

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

func TestRuntimeUninstallClass(t *testing.T) {
	cases := map[string]struct {
		reason string
		class  *nodev1.RuntimeClass
		args   []string
		gone   bool
	}{
		"Ours":      {reason: "What was made is removed.", class: ours(), gone: true},
		"Installed": {reason: "The controller's stays.", class: usernsClass()},
		"InUse":     {reason: "Another node has it.", class: ours(), args: []string{"--node=a"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			k := kubelets{reports: reports(setUp, setUp)}
			uses := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "t", Name: "dev-server-0"}, Spec: corev1.PodSpec{NodeName: "a", RuntimeClassName: &tc.class.Name}}
			withKubelets(t, f, &k, readyNode("a", withHandler), readyNode("b", withHandler), tc.class, uses)
			code, said := call(t, f, NewCmdRuntime(f), append([]string{"uninstall"}, tc.args...)...)
			if code != 0 || !strings.Contains(said, "1 node pods of virtual clusters go on running") {
				t.Fatalf("exit code %d: %s", code, said)
			}
			var classes nodev1.RuntimeClassList
			if err := k.List(t.Context(), &classes); err != nil {
				t.Fatal(err)
			}
			if gone := len(classes.Items) == 0; gone != tc.gone {
				t.Errorf("%s gone is %t", tc.reason, gone)
			}
		})
	}
}

// One node that nothing was put on does not keep the others from being restored.
func TestRuntimeUninstallMixed(t *testing.T) {
	windows := func(n *corev1.Node) { n.Status.NodeInfo.OperatingSystem = "windows" }
	away := func(n *corev1.Node) { n.Status.Conditions = nil }
	noted := func(n *corev1.Node) { n.Annotations = map[string]string{labelledBy + "userns": "seccomp=present"} }
	cases := map[string]struct {
		reason string
		args   []string
		nodes  []client.Object
		code   int
		want   string
		said   string
	}{
		"Mixed":    {reason: "Those that have something.", nodes: []client.Object{readyNode("a", windows), readyNode("b"), readyNode("c", withHandler), readyNode("d", away), readyNode("e", noted)}, want: "node/a unchanged\nnode/b unchanged\nnode/d unchanged\nnode/c restored, containerd restarted\nnode/e restored, containerd restarted\n"},
		"Away":     {reason: "One that has it is told.", nodes: []client.Object{readyNode("a", withHandler, away), readyNode("b", withHandler)}, want: "node/b restored, containerd restarted\n", said: `Left out: node "a" is not ready`},
		"Named":    {reason: "Somebody may know better than the API server.", args: []string{"--node=a"}, nodes: []client.Object{readyNode("a"), readyNode("b", withHandler)}, want: "node/a restored, containerd restarted\n"},
		"Windows":  {reason: "There is nothing to be known better.", args: []string{"--node=a"}, nodes: []client.Object{readyNode("a", windows)}, code: cli.ExitRefused, said: `node "a" runs windows`},
		"None":     {reason: "It is done already.", nodes: []client.Object{readyNode("a")}, want: "node/a unchanged\n"},
		"DryRun":   {reason: "Those that have nothing are among them.", args: []string{"--dry-run", "-o=json"}, nodes: []client.Object{readyNode("a"), readyNode("b", withHandler)}, want: "[\n  {\n    \"node\": \"a\",\n    \"outcome\": \"unchanged\"\n  },\n  {\n    \"node\": \"b\",\n    \"outcome\": \"changed\"\n  }\n]\n"},
		"NoneAway": {reason: "Nobody can do it.", nodes: []client.Object{readyNode("a", withHandler, away)}, code: cli.ExitRefused, said: "is not ready"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			k := kubelets{reports: reports(setUp, setUp, setUp, setUp, setUp)}
			withKubelets(t, f, &k, tc.nodes...)
			code, said := call(t, f, NewCmdRuntime(f), append([]string{"uninstall"}, tc.args...)...)
			if code != tc.code || stdout(f) != tc.want || !strings.Contains(said, tc.said) {
				t.Errorf("%s exit code %d, want %d; printed:\n%s\nwant:\n%s\nsaid:\n%s", tc.reason, code, tc.code, stdout(f), tc.want, said)
			}
			k.checkClean(t)
		})
	}
}

func ours() *nodev1.RuntimeClass {
	class := usernsClass()
	class.Annotations = map[string]string{madeBy: madeByValue}
	return class
}
