package verbs

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// TestCompletion asks the program as a shell does.
func TestCompletion(t *testing.T) {
	node := nodePod("dev-work-0")
	node.Labels["vclusterctl.dev/pool"] = "work"
	objects := []client.Object{
		virtualCluster("dev"), virtualCluster("other"), node,
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "team"}},
	}
	const silent = ":4" // offer nothing else, no files
	cases := map[string]struct {
		reason string
		line   string
		fail   interceptor.Funcs
		want   []string
	}{
		"Names":         {reason: "Of the clusters there are.", line: "get |", want: []string{"dev", "other", silent}},
		"Begun":         {reason: "Only what goes on from what was typed.", line: "get d|", want: []string{"dev", silent}},
		"OneIsEnough":   {reason: "No second name is wanted.", line: "get dev |", want: []string{silent}},
		"NameForLogs":   {reason: "A cluster comes first.", line: "logs d|", want: []string{"dev", silent}},
		"Node":          {reason: "After the slash come its nodes.", line: "logs dev/|", want: []string{"dev/work-0", silent}},
		"NodeBegun":     {reason: "Those that go on from what was typed.", line: "logs dev/s|", want: []string{silent}},
		"NoNodes":       {reason: "Another cluster has others.", line: "logs other/|", want: []string{silent}},
		"Unit":          {reason: "Units are known without asking.", line: "logs dev --unit kube-p|", want: []string{"kube-proxy", silent}},
		"Namespace":     {reason: "From the server, whatever stands before.", line: "get dev -n t|", want: []string{"team", silent}},
		"Output":        {reason: "What the verb prints, and nothing else.", line: "logs dev -o |", want: []string{"json", silent}},
		"OutputOfLists": {reason: "Another verb prints more.", line: "get dev -o y|", want: []string{"yaml", silent}},
		"Context":       {reason: "Contexts of the kubeconfig.", line: "get dev --context |", want: []string{silent}},
		"Refused": {
			reason: "A server that does not answer offers nothing, and says nothing.", line: "get |", want: []string{":1"},
			fail: interceptor.Funcs{List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error {
				return forbidden("virtualclusters", "")
			}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			withCluster(t, f, tc.fail, objects...)
			root := newRoot(f, NewCmdGet(f, nil), NewCmdLogs(f, nil))
			words := strings.Split(tc.line, " ")
			words[len(words)-1] = strings.TrimSuffix(words[len(words)-1], "|")
			root.SetArgs(append([]string{"__complete"}, words...))
			if err := root.ExecuteContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, strings.Fields(stdout(f))); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestCompletionConnected: the current context is a virtual cluster, and flags
// that were typed count as they do otherwise.
func TestCompletionConnected(t *testing.T) {
	beside := virtualCluster("beside", func(vc *v1alpha1.VirtualCluster) { vc.Namespace = "team" })
	elsewhere := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(elsewhere, plainConfig(t, [2]string{"other", "https://other.example.com"}), 0o600); err != nil {
		t.Fatal(err)
	}
	const host = "https://host.example.com"
	cases := map[string]struct {
		reason string
		words  []string
		want   []string
	}{
		"Nothing":    {reason: "Those beside the one that the context leads to.", want: []string{"beside", ":4"}},
		"Namespace":  {reason: "Those in another namespace.", words: []string{"-n", "default"}, want: []string{"there", ":4"}},
		"Context":    {reason: "Those in the namespace of another context.", words: []string{"--context", "vclusterctl-team-dev"}, want: []string{"there", ":4"}},
		"Kubeconfig": {reason: "Those in the namespace of another file.", words: []string{"--kubeconfig", elsewhere}, want: []string{"there", ":4"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f, _ := userWith(t, host, host+"/team/dev")
			withCluster(t, f, interceptor.Funcs{}, beside.DeepCopy(), virtualCluster("there"))
			root := newRoot(f, NewCmdGet(f, nil))
			root.SetArgs(slices.Concat([]string{"__complete", "get"}, tc.words, []string{""}))
			if err := root.ExecuteContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, strings.Fields(stdout(f))); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
