package verbs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/install"
)

// What the controller wrote of the nodes is of no use without it, unless there is
// another one.
func TestUninstallForgets(t *testing.T) {
	proven, servers := v1alpha1.NodeLabelProvenPrefix+"userns", v1alpha1.NodeLabelProvenPrefix+"userns.control-planes"
	other := func(args ...string) *appsv1.Deployment {
		return &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Namespace: "other", Name: "vclusterctl", Labels: install.ControllerLabels()},
			Spec:       appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Args: args}}}}},
		}
	}
	cases := map[string]struct {
		reason  string
		args    []string
		objects []client.Object
		keeps   bool
		want    string
	}{
		"Gone":       {reason: "Nobody keeps it true any more.", want: `node "a" unlabelled: ` + proven + ", " + servers + "\n"},
		"Namespaced": {reason: "One for a namespace made none of it.", args: []string{"--namespaced", "-n=team"}, keeps: true},
		"Another":    {reason: "It goes on.", objects: []client.Object{other()}, keeps: true},
		"OthersOwn":  {reason: "The other one probes nothing.", objects: []client.Object{other("--watch-namespace=other")}, want: `runtimereport "a.userns" deleted`},
		"Forced":     {reason: "The pods of clusters select it.", args: []string{"--force"}, objects: []client.Object{virtualCluster("dev")}, keeps: true},
		"Client":     {reason: "It is only said.", args: []string{"--dry-run"}, keeps: true, want: `runtimereport "a.userns" deleted (client dry run)`},
		"Server":     {reason: "It is only tried.", args: []string{"--dry-run=server"}, keeps: true, want: servers + " (server dry run)"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			node := readyNode("a", func(n *corev1.Node) {
				n.Labels = map[string]string{"zone": "here", proven: "proven", servers: "proven"}
			})
			report := &v1alpha1.RuntimeReport{ObjectMeta: metav1.ObjectMeta{Name: "a.userns"}}
			c := withCluster(t, f, interceptor.Funcs{}, append(tc.objects, node, report)...)
			f.Getenv = func(key string) string { return map[string]string{"KUBERNETES_SERVICE_HOST": "x"}[key] }
			code, said := call(t, f, NewCmdUninstall(f, nil), tc.args...)
			if code != 0 || !strings.Contains(stdout(f), tc.want) || tc.want == "" && stdout(f) != "" {
				t.Fatalf("%s exit code %d: %s%s", tc.reason, code, stdout(f), said)
			}
			want := map[string]string{"zone": "here"}
			if tc.keeps {
				want[proven], want[servers] = "proven", "proven"
			}
			if err := c.Get(t.Context(), client.ObjectKeyFromObject(node), node); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, node.Labels); diff != "" {
				t.Errorf("%s labels, -want, +got:\n%s", tc.reason, diff)
			}
			if err := c.Get(t.Context(), client.ObjectKeyFromObject(report), report); (err == nil) != tc.keeps {
				t.Errorf("%s the report: %v", tc.reason, err)
			}
		})
	}
}
