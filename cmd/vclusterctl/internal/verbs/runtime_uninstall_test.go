package verbs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
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

// What a controller that is gone has put on a node goes with the runtime, and so
// do reports: not what is of another runtime, of a node that has it still, or of
// pods that run.
func TestRuntimeUninstallForgets(t *testing.T) {
	report := func(node, runtime string) client.Object {
		return &v1alpha1.RuntimeReport{ObjectMeta: metav1.ObjectMeta{Name: node + "." + runtime, UID: "u"}, Spec: v1alpha1.RuntimeReportSpec{NodeName: node, Profile: runtime}}
	}
	podOn := func(node, class string) client.Object {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "t", Name: "dev-server-" + node}, Spec: corev1.PodSpec{NodeName: node, RuntimeClassName: &class}}
	}
	proven := func(n *corev1.Node) {
		n.Labels = map[string]string{"zone": "here"}
		for _, runtime := range []string{"userns", "userns.control-planes", "sysbox"} {
			n.Labels[v1alpha1.NodeLabelProvenPrefix+runtime] = v1alpha1.NodeLabelProven
		}
	}
	probe := podOn("a", "vclusterctl-userns")
	probe.SetOwnerReferences([]metav1.OwnerReference{{Kind: "RuntimeReport", Name: "a.userns", Controller: ptr.To(true)}})
	ended := podOn("a", "vclusterctl-userns")
	ended.(*corev1.Pod).Status.Phase = corev1.PodFailed
	site := usernsClass()
	site.Name = "site"
	cases := map[string]struct {
		reason  string
		args    []string
		objects []client.Object
		left    []string
		said    string
	}{
		"Reports":    {reason: "That of the runtime goes.", objects: []client.Object{readyNode("a", withHandler, proven), report("a", "userns"), report("a", "sysbox")}, left: []string{"a.sysbox"}, said: "runtimereport.vclusterctl.dev/a.userns deleted"},
		"Untouched":  {reason: "Also of a node that the runtime was taken off before.", objects: []client.Object{readyNode("a"), report("a", "userns")}},
		"OneNode":    {reason: "The other one has it.", args: []string{"--node=a"}, objects: []client.Object{readyNode("a", withHandler, proven), readyNode("b", withHandler), report("a", "userns"), report("b", "userns")}, left: []string{"b.userns"}},
		"Used":       {reason: "It is what is known of the pods.", objects: []client.Object{readyNode("a", withHandler, proven), report("a", "userns"), podOn("a", "vclusterctl-userns")}, left: []string{"a.userns"}, said: "stays for as long as pods run there"},
		"UsedBySite": {reason: "So is it under another name.", objects: []client.Object{readyNode("a", withHandler, proven), site, report("a", "userns"), podOn("a", "site")}, left: []string{"a.userns"}},
		"Others":     {reason: "Pods of no runtime do not matter.", objects: []client.Object{readyNode("a", withHandler, proven), report("a", "userns"), podOn("a", "runc")}},
		"Probed":     {reason: "Probes are no use of it.", objects: []client.Object{readyNode("a", withHandler, proven), report("a", "userns"), probe}},
		"Ended":      {reason: "Nor is what does not run any more.", objects: []client.Object{readyNode("a", withHandler, proven), report("a", "userns"), ended}},
		"Mine":       {reason: "Nor does a report that is about no node of the host.", objects: []client.Object{readyNode("a", withHandler, proven), report("gone", "userns")}, left: []string{"gone.userns"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			k := kubelets{reports: reports(setUp, setUp)}
			withKubelets(t, f, &k, tc.objects...)
			code, said := call(t, f, NewCmdRuntime(f), append([]string{"uninstall"}, tc.args...)...)
			var list v1alpha1.RuntimeReportList
			if err := k.List(t.Context(), &list); err != nil {
				t.Fatal(err)
			}
			var left []string
			for i := range list.Items {
				left = append(left, list.Items[i].Name)
			}
			if diff := cmp.Diff(tc.left, left); code != 0 || diff != "" || !strings.Contains(stdout(f)+said, tc.said) {
				t.Errorf("%s exit code %d: %s\nreports, -want, +got:\n%s", tc.reason, code, said, diff)
			}
			var node corev1.Node
			if err := k.Get(t.Context(), client.ObjectKey{Name: "a"}, &node); err != nil {
				t.Fatal(err)
			}
			want := map[string]string{"zone": "here", v1alpha1.NodeLabelProvenPrefix + "sysbox": v1alpha1.NodeLabelProven}
			if diff := cmp.Diff(want, node.Labels); len(k.images) > 0 && diff != "" {
				t.Errorf("%s labels, -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func ours() *nodev1.RuntimeClass {
	class := usernsClass()
	class.Annotations = map[string]string{madeBy: madeByValue}
	return class
}
