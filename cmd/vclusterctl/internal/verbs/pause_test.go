package verbs

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

func TestPauseFlags(t *testing.T) {
	type want struct {
		Code         int
		Name, DryRun string
		Pause, Wait  bool
		Timeout      time.Duration
	}
	cases := map[string]struct {
		reason string
		verb   string
		args   []string
		want   want
	}{
		"Pause":     {reason: "It waits.", verb: "pause", args: []string{"dev"}, want: want{Name: "dev", DryRun: "none", Pause: true, Wait: true, Timeout: 5 * time.Minute}},
		"Resume":    {reason: "So does its reverse, for longer.", verb: "resume", args: []string{"dev"}, want: want{Name: "dev", DryRun: "none", Wait: true, Timeout: 10 * time.Minute}},
		"All":       {reason: "Every flag arrives.", verb: "pause", args: []string{"dev", "--wait=false", "--timeout=1s", "--dry-run"}, want: want{Name: "dev", DryRun: "client", Pause: true, Timeout: time.Second}},
		"NoName":    {reason: "Nothing is paused by default.", verb: "pause", want: want{Code: cli.ExitUsage}},
		"BadDryRun": {reason: "As kubectl has it.", verb: "resume", args: []string{"dev", "--dry-run=perhaps"}, want: want{Code: cli.ExitUsage}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			var got want
			newCmd := map[string]func(*cli.Factory, func(context.Context, *PauseOptions) error) *cobra.Command{"pause": NewCmdPause, "resume": NewCmdResume}[tc.verb]
			got.Code, _ = call(t, f, newCmd(f, func(_ context.Context, o *PauseOptions) error {
				got = want{Name: o.Name, DryRun: o.DryRun, Pause: o.pause, Wait: o.Wait, Timeout: o.Timeout}
				return nil
			}), tc.args...)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// pauseCase is a call of pause or resume for a cluster called dev, and what comes
// of it.
type pauseCase struct {
	reason string
	args   []string
	have   func(*v1alpha1.VirtualCluster)
	absent bool
	then   func(*v1alpha1.VirtualCluster)
	fail   interceptor.Funcs
	want   pauseResult
	says   string
}

type pauseResult struct {
	Code   int
	Out    string
	Paused bool
}

func (tc pauseCase) check(t *testing.T) {
	f := testFactory(t)
	var objects []client.Object
	if !tc.absent {
		vc := virtualCluster("dev")
		if tc.have != nil {
			tc.have(vc)
		}
		objects = append(objects, vc)
	}
	if tc.then != nil {
		tc.fail = onWatch(t, tc.then)
	}
	c := withCluster(t, f, tc.fail, objects...)
	newCmd := map[string]func(*cli.Factory, func(context.Context, *PauseOptions) error) *cobra.Command{"pause": NewCmdPause, "resume": NewCmdResume}[tc.args[0]]
	code, said := call(t, f, newCmd(f, nil), tc.args[1:]...)
	vc := &v1alpha1.VirtualCluster{}
	_ = c.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "dev"}, vc)
	got := pauseResult{Code: code, Out: stdout(f), Paused: vc.Spec.Lifecycle.IsPaused()}
	if diff := cmp.Diff(tc.want, got); diff != "" {
		t.Errorf("%s\n-want, +got:\n%s\n%s", tc.reason, diff, said)
	}
	if !strings.Contains(said, tc.says) {
		t.Errorf("%s\n%q is missing from:\n%s", tc.reason, tc.says, said)
	}
}

func TestPause(t *testing.T) {
	const name = "virtualcluster.vclusterctl.dev/dev"
	type want = pauseResult
	deleting := func(vc *v1alpha1.VirtualCluster) {
		vc.DeletionTimestamp, vc.Finalizers = ptr.To(metav1.Now()), []string{"test/wait"}
	}
	// stale is what a watch shows first after a change: the fake counts no generations.
	stale := func(vc *v1alpha1.VirtualCluster) { pausedCluster(vc); vc.Generation = 2 }
	running := func(vc *v1alpha1.VirtualCluster) {
		vc.Status.Conditions = nil
		allReady(vc)
		vc.Status.ObservedGeneration = 2
	}
	cases := map[string]pauseCase{
		"Pause": {
			reason: "It is done when no node runs.", args: []string{"pause", "dev", "--timeout=1m"}, have: allReady, then: onlyStatus(pausedCluster),
			want: want{Out: name + " paused\n", Paused: true}, says: "stops its nodes",
		},
		"Again":       {reason: "Paused is paused.", args: []string{"pause", "dev", "--timeout=1m"}, have: pausedCluster, want: want{Out: name + " unchanged\n", Paused: true}},
		"NotYet":      {reason: "Pausing is not paused.", args: []string{"pause", "dev", "--timeout=100ms"}, have: allReady, want: want{Code: cli.ExitTimeout, Paused: true}, says: "goes on by itself"},
		"NoWait":      {reason: "Or it is not waited for.", args: []string{"pause", "dev", "--wait=false"}, have: allReady, want: want{Out: name + " paused\n", Paused: true}},
		"Resume":      {reason: "It is done when it is ready.", args: []string{"resume", "dev", "--timeout=1m"}, have: stale, then: onlyStatus(running), want: want{Out: name + " resumed\n"}},
		"ResumeAgain": {reason: "What runs, runs.", args: []string{"resume", "dev", "--timeout=1m"}, have: allReady, want: want{Out: name + " unchanged\n"}},
		"OutputName":  {reason: "For scripts.", args: []string{"resume", "dev", "--wait=false", "-o", "name"}, have: wantedPaused, want: want{Out: name + "\n"}},
		"ClientDryRun": {
			reason: "Nothing is sent.", args: []string{"pause", "dev", "--dry-run=client"}, have: allReady,
			want: want{Out: name + " paused (client dry run)\n"},
		},
		"ServerDryRun": {
			reason: "Nothing is kept, and not waited for.", args: []string{"pause", "dev", "--dry-run=server"}, have: allReady,
			want: want{Out: name + " paused (server dry run)\n"},
		},
		"Missing":  {reason: "There is no such cluster.", args: []string{"pause", "dev"}, absent: true, want: want{Code: cli.ExitNotFound}, says: `"dev" not found in namespace "default"`},
		"Deleting": {reason: "What goes is not paused.", args: []string{"pause", "dev"}, have: deleting, want: want{Code: cli.ExitError}, says: "is being deleted"},
		"Forbidden": {
			reason: "The API server's word is passed on.", args: []string{"pause", "dev"}, have: allReady,
			fail: interceptor.Funcs{Patch: func(context.Context, client.WithWatch, client.Object, client.Patch, ...client.PatchOption) error {
				return forbidden("virtualclusters", "dev")
			}},
			want: want{Code: cli.ExitError}, says: "forbidden",
		},
	}
	for name, tc := range cases {
		t.Run(name, tc.check)
	}
}

// onlyStatus is what a controller may change of an object.
func onlyStatus(change func(*v1alpha1.VirtualCluster)) func(*v1alpha1.VirtualCluster) {
	return func(vc *v1alpha1.VirtualCluster) {
		spec := vc.Spec
		change(vc)
		vc.Spec = spec
	}
}
