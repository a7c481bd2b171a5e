package verbs

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeinstall"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

// A node that fails hides nothing of the others, for people and for programs.
func TestRuntimeInstallTellsOfAll(t *testing.T) {
	failed := nodeinstall.Report{Outcome: nodeinstall.Unchanged, Error: "restart containerd: no; everything was put back as it was"}
	cases := map[string]struct {
		reason  string
		kubelet kubelets
		want    []string // node, outcome and error
	}{
		"Fails":   {reason: "It says so itself.", kubelet: kubelets{reports: reports(setUp, failed, setUp)}, want: []string{"a restarted ", "b unchanged " + failed.Error, `c unchanged left alone, because node "b" failed before`}},
		"NoImage": {reason: "It could not even begin.", kubelet: kubelets{waiting: "InvalidImageName"}, want: []string{"a  run localhost/vclusterctl/controller:dev on node \"a\": InvalidImageName: no such image", `b unchanged left alone, because node "a" failed before`, `c unchanged left alone, because node "a" failed before`}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			withKubelets(t, f, &tc.kubelet, readyNode("a"), readyNode("b"), readyNode("c"))
			f.Output = cli.OutputJSON
			code, said := call(t, f, NewCmdRuntime(f), "install", "-o=json")
			var told []nodeinstall.Report
			if err := json.Unmarshal([]byte(stdout(f)), &told); err != nil {
				t.Fatalf("%v: %s", err, stdout(f))
			}
			var got []string
			for _, r := range told {
				got = append(got, r.Node+" "+string(r.Outcome)+" "+r.Error)
			}
			if diff := cmp.Diff(tc.want, got); code != cli.ExitError || diff != "" || !strings.Contains(said, "Left alone: node") {
				t.Errorf("%s exit code %d: %s\n-want, +got:\n%s", tc.reason, code, said, diff)
			}
			tc.kubelet.checkClean(t)
		})
	}
}

// Whoever gives up leaves each node set up or as it was, with its labels or
// without, is told which, and leaves nothing else in the cluster.
func TestRuntimeInstallInterrupted(t *testing.T) {
	through := setUp
	through.Kind = "containerd"
	cases := map[string]struct {
		reason string
		last   *nodeinstall.Report
		stays  bool
		done   bool // with node b
		said   string
		kept   string
	}{
		"PutBack":  {reason: "It was in the middle of it.", last: &nodeinstall.Report{Outcome: nodeinstall.Unchanged, Error: "context canceled; everything was put back as it was", AsBefore: true}, said: `node "b": context canceled; everything was put back as it was`, kept: `kept, and node "b" is as it was before.`},
		"JustDone": {reason: "It was through.", last: &through, done: true, kept: "What was done is kept. Say the same again to go on."},
		"Silent":   {reason: "It had not begun, or was killed.", said: `node "b": run localhost/vclusterctl/controller:dev on node "b": context canceled`, kept: `the state of node "b" is not known. Say the same again`},
		"Down":     {reason: "It could not put it back.", last: &nodeinstall.Report{Outcome: nodeinstall.Unchanged, Error: nodeinstall.ErrDown.Error()}, said: `node "b": ` + nodeinstall.ErrDown.Error(), kept: `the state of node "b" is not known.`},
		"Stays":    {reason: "Its kubelet is dead.", stays: true, said: `context canceled; and then: it does not end though it was asked to`, kept: `the state of node "b" is not known.`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			k := kubelets{reports: reports(setUp), hang: cancel, hangs: "b", last: tc.last, stays: tc.stays}
			withKubelets(t, f, &k, readyNode("a"), readyNode("b"), readyNode("c"))
			root := newRoot(f, NewCmdRuntime(f))
			args := []string{"runtime", "install"}
			if tc.stays {
				args = append(args, "--timeout=3s")
			}
			root.SetArgs(args)
			code := Execute(ctx, f, root)
			want := "node/a set up, containerd restarted\n"
			if tc.done {
				want += "node/b set up, containerd restarted\n"
			}
			if code != cli.ExitError || stdout(f) != want || !strings.Contains(stderr(f), "error: interrupted") || !strings.Contains(stderr(f), tc.said) || !strings.Contains(stderr(f), tc.kept) || !strings.Contains(stderr(f), "Left alone: node c") {
				t.Errorf("%s exit code %d:\n%s%s", tc.reason, code, stdout(f), stderr(f))
			}
			for name, done := range map[string]bool{"a": true, "b": tc.done, "c": false} {
				var n corev1.Node
				if err := k.Get(t.Context(), client.ObjectKey{Name: name}, &n); err != nil {
					t.Fatal(err)
				}
				if labelled := n.Labels["seccomp"] != ""; labelled != done || (len(n.Status.RuntimeHandlers) > 0) != done {
					t.Errorf("%s node %s is labelled %t, handlers %v of %s", tc.reason, name, labelled, n.Status.RuntimeHandlers, userns.Handler)
				}
			}
			k.checkClean(t)
		})
	}
}

func TestRuntimeInstallTimesOut(t *testing.T) {
	f := testFactory(t)
	k := kubelets{hang: func() {}, last: &nodeinstall.Report{Error: "context canceled; everything was put back as it was"}}
	withKubelets(t, f, &k, readyNode("a"), readyNode("b"))
	code, said := call(t, f, NewCmdRuntime(f), "install", "--timeout=1s")
	if code != cli.ExitTimeout || !strings.Contains(said, "put back first") || !strings.Contains(said, `node "a": context canceled; everything was put back`) || !strings.Contains(said, "Left alone: node b") {
		t.Errorf("exit code %d: %s", code, said)
	}
	k.checkClean(t)
}
