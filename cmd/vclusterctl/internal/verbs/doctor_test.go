package verbs

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor/hostcheck"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/profile/profiletest"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

func TestDoctorArguments(t *testing.T) {
	cases := map[string]struct {
		reason string
		args   []string
		code   int
		words  string
	}{
		"Host":       {reason: "Nothing needs to be said."},
		"Cluster":    {reason: "A name is that of a cluster.", args: []string{"dev"}},
		"All":        {reason: "All that there is about a host.", args: []string{"--runtime", "userns", "--node", "n", "--probe", "--image", "i", "--timeout", "1m", "-o", "json"}},
		"TwoNames":   {reason: "One at a time.", args: []string{"a", "b"}, code: cli.ExitUsage, words: "accepts at most 1 arg"},
		"NoRuntime":  {reason: "It is named which there are.", args: []string{"--runtime", "docker"}, code: cli.ExitUsage, words: `"docker"`},
		"OfCluster":  {reason: "A cluster has one runtime.", args: []string{"dev", "--runtime", "userns"}, code: cli.ExitUsage, words: "are about the host"},
		"ProbeOfOne": {reason: "A cluster is not probed.", args: []string{"dev", "--probe"}, code: cli.ExitUsage, words: "are about the host"},
		"Format":     {reason: "There are no objects to name.", args: []string{"-o", "name"}, code: cli.ExitUsage, words: "-o name"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			ran := false
			cmd := NewCmdDoctor(f, func(context.Context, *DoctorOptions) error { ran = true; return nil })
			code, errOut := call(t, f, cmd, tc.args...)
			if code != tc.code || !strings.Contains(errOut, tc.words) || ran != (tc.code == 0) {
				t.Errorf("%s\ncode %d, ran %t\n%s", tc.reason, code, ran, errOut)
			}
		})
	}
}

// TestDoctorHost: the answer is on standard output in every format, and the code
// says it, too.
func TestDoctorHost(t *testing.T) {
	good := func() *hostcheck.Observation {
		o := &hostcheck.Observation{Namespace: "default"}
		o.Version.Value = &version.Info{GitVersion: "v1.36.3"}
		o.Nodes.Value = []corev1.Node{profiletest.Node("n", userns.Handler, func(n *corev1.Node) {
			n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
		})}
		o.Object.Value = &corev1.Namespace{}
		return o
	}
	cases := map[string]struct {
		reason string
		change func(*hostcheck.Observation)
		err    error
		format string
		code   int
		out    string
	}{
		"Good":        {reason: "One node is enough.", out: "This host can run virtual clusters under userns on 1 of 1 node.\n"},
		"Nothing":     {reason: "It is a refusal before anything was made.", change: func(o *hostcheck.Observation) { o.Nodes.Value = nil }, code: cli.ExitRefused, out: "No node can run virtual clusters: the host has no nodes\n"},
		"Unseen":      {reason: "Who may not look is not refused anything.", change: func(o *hostcheck.Observation) { o.Nodes.Err = errors.New("no") }, out: "Whether this host can run virtual clusters cannot be seen: no\n"},
		"JSON":        {reason: "Programs get the same.", format: "json", out: `"verdict": "This host can run virtual clusters under userns on 1 of 1 node."`},
		"YAML":        {reason: "In both formats.", format: "yaml", out: "verdict: This host can run virtual clusters under userns on 1 of 1 node."},
		"NoNode":      {reason: "A node that was named has to be there.", err: &hostcheck.NodeNotFoundError{Name: "x"}, code: cli.ExitNotFound},
		"Unreachable": {reason: "There is nothing to say of a host that is away.", err: errors.New("away"), code: cli.ExitError},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			f.Output = tc.format
			o := &DoctorOptions{Factory: f}
			o.observe = func(context.Context, []profile.Profile) (*hostcheck.Observation, error) {
				seen := good()
				if tc.change != nil {
					tc.change(seen)
				}
				return seen, tc.err
			}
			code := cli.ExitDone
			if err := o.Run(t.Context()); err != nil {
				code = f.Explain(err).Code
			}
			if code != tc.code || !strings.Contains(stdout(f), tc.out) || tc.out == "" && stdout(f) != "" {
				t.Errorf("%s\ncode %d, want %d:\n%s", tc.reason, code, tc.code, stdout(f))
			}
			if tc.format == "json" {
				var r doctor.Report
				if err := json.Unmarshal([]byte(stdout(f)), &r); err != nil || !r.Runtimes[0].Qualifies {
					t.Errorf("%s\n%v: %+v", tc.reason, err, r)
				}
			}
		})
	}
}

// TestDoctorFixes: every command of ours that doctor tells people to type is one
// that this program takes.
func TestDoctorFixes(t *testing.T) {
	f := testFactory(t)
	root := NewRoot(f)
	told := 0
	own := func(words ...string) string {
		told++
		cmd, _, err := root.Find(words[:min(len(words), 2)])
		if err != nil || cmd == root {
			t.Errorf("there is no %v: %v", words, err)
		}
		for _, w := range words {
			if name, is := strings.CutPrefix(w, "--"); is && cmd.Flags().Lookup(strings.Fields(name)[0]) == nil && !strings.HasPrefix(name, "set ") {
				t.Errorf("%v: there is no flag %s", words, w)
			}
		}
		return strings.Join(words, " ")
	}
	broken := &hostcheck.Observation{Namespace: "team"}
	broken.Version.Value = &version.Info{GitVersion: "v1.36.3"}
	broken.Nodes.Value = []corev1.Node{profiletest.Node("n", "runc"), profiletest.Node("m", userns.Handler)}
	broken.Object.Value = &corev1.Namespace{}
	hostcheck.Examine(broken, hostcheck.Params{Profiles: (&DoctorOptions{Factory: f}).profiles(), Own: own, Kubectl: f.Kubectl})
	if told < 4 {
		t.Errorf("only %d commands were told", told)
	}
}

// TestDoctorNodeImage: probes boot what new clusters boot.
func TestDoctorNodeImage(t *testing.T) {
	cm := func(text string) *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: catalogue.ConfigMapName}, Data: map[string]string{catalogue.Key: text}}
	}
	const good = "default: v1.36.3\nentries:\n- {version: v1.35.0, image: old, distros: [k8s]}\n- {version: v1.36.3, image: registry/node:v1, distros: [k8s]}\n"
	cases := map[string]struct {
		reason  string
		objects []client.Object
		want    string
	}{
		"Default": {reason: "That of the default version.", objects: []client.Object{cm(good)}, want: "registry/node:v1"},
		"Missing": {reason: "It may have been taken away."},
		"Broken":  {reason: "What cannot be used is not guessed.", objects: []client.Object{cm("{")}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			c := withCluster(t, f, interceptor.Funcs{}, tc.objects...)
			got, err := imageOfNewClusters(t.Context(), c, client.ObjectKey{Namespace: "system", Name: catalogue.ConfigMapName})
			if got != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("%s\ngot %q, %v", tc.reason, got, err)
			}
		})
	}
	o := &DoctorOptions{Factory: testFactory(t)}
	if _, err := o.nodeImage(t.Context(), nil, &hostcheck.Observation{}); err == nil || !strings.Contains(o.Explain(err).Remedy, "--image") {
		t.Errorf("without a controller somebody has to say which: %v", err)
	}
	o.Image = "mine"
	if got, err := o.nodeImage(t.Context(), nil, nil); got != "mine" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestDoctorCluster: what is wrong with a cluster is said, and the code says so.
func TestDoctorCluster(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "{}")
	}))
	defer server.Close()
	f := testFactory(t)
	t.Setenv("KUBECONFIG", kubeconfigFor(t, server.URL))
	withCluster(t, f, interceptor.Funcs{}, virtualCluster("dev", allReady))
	code, errOut := call(t, f, NewCmdDoctor(f, nil), "dev")
	if code != cli.ExitError || !strings.HasPrefix(stdout(f), "Virtual cluster dev is not well: no controller looks after it") || !strings.Contains(errOut, `something is wrong with virtual cluster "dev"`) {
		t.Errorf("code %d\n%s\n%s", code, stdout(f), errOut)
	}
	if code, errOut = call(t, f, NewCmdDoctor(f, nil), "none"); code != cli.ExitNotFound {
		t.Errorf("code %d\n%s", code, errOut)
	}
}

// TestDoctorCodes: a host without the controller has a code of its own, and whoever
// reads the help of the verb learns of all of them.
func TestDoctorCodes(t *testing.T) {
	f := testFactory(t)
	withCluster(t, f, interceptor.Funcs{Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
		return &meta.NoKindMatchError{GroupKind: v1alpha1.SchemeGroupVersion.WithKind("VirtualCluster").GroupKind()}
	}})
	cmd := NewCmdDoctor(f, nil)
	if code, errOut := call(t, f, cmd, "dev"); code != cli.ExitRefused {
		t.Errorf("code %d\n%s", code, errOut)
	}
	_, codes, _ := strings.Cut(strings.Join(strings.Fields(cmd.Long), " "), `Exit codes of "doctor NAME": `)
	for _, want := range []string{"0 if", "1 if", "3 if", "5 if"} {
		if !strings.Contains(codes, want) {
			t.Errorf("the help does not say %q: %s", want, codes)
		}
	}
}
