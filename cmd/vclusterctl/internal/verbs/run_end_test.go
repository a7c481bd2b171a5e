//go:build unix

package verbs

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/child"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// TestRunStopped tells who was stopped from what failed by itself: nobody keeps
// a cluster, or collects anything, for a job that was called off. The commands
// end the test's own process, which passes that on to them.
func TestRunStopped(t *testing.T) {
	cases := map[string]struct {
		reason  string
		command string
		code    int
	}{
		"Told":      {reason: "Many clear up when they are told to end, and call that a failure.", command: `trap "exit 1" TERM; kill -TERM $PPID; while :; do sleep 0.01; done`, code: 1},
		"HungUp":    {reason: "The same where the terminal is gone.", command: `trap "exit 2" HUP; kill -HUP $PPID; while :; do sleep 0.01; done`, code: 2},
		"Pressed":   {reason: "A key was pressed, and the command made a failure of it, faster than we heard of the key.", command: `trap "" INT; kill -INT $PPID; exit 1`, code: 1},
		"ByASignal": {reason: "Others end by the signal.", command: `kill -TERM $PPID; while :; do sleep 0.01; done`, code: 143},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if name == "HungUp" && signal.Ignored(syscall.SIGHUP) {
				t.Skip("whoever started the tests wants hang-ups ignored, as nohup does")
			}
			l := newLab(t)
			dir := t.TempDir()
			code, _, errOut := l.call(t.Context(), NewCmdRun(l.Factory, nil), "--name=dev", "--keep-on-failure", "--output-dir="+dir, "--", "sh", "-c", tc.command)
			if code != tc.code || l.exists(t) {
				t.Errorf("%s\ncode %d, the cluster is left: %v\n%s", tc.reason, code, l.exists(t), errOut)
			}
			if diff := cmp.Diff([]string{"junit.xml"}, filesIn(t, dir)); diff != "" {
				t.Errorf("%s\nfiles: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestInterrupted tells the same where there is no command.
func TestInterrupted(t *testing.T) {
	now := make(chan time.Time)
	close(now)
	r := &running{signals: &child.Signals{}, after: func(time.Duration) <-chan time.Time { return now }}
	over, end := context.WithCancel(t.Context())
	end()
	if r.asked(1) || r.asked(137) || r.interrupted(t.Context()) {
		t.Error("a command that failed was not interrupted by us")
	}
	if !r.interrupted(over) {
		t.Error("who does not want a cluster any more has interrupted")
	}
}

// TestRunFinish: a cluster is not let go before all that there is to see of it
// is saved, and not extended any more once it is kept.
func TestRunFinish(t *testing.T) {
	l := newLab(t)
	l.client = withCluster(t, l.Factory, interceptor.Funcs{}, virtualCluster("dev", func(vc *v1alpha1.VirtualCluster) { vc.Spec.Lifecycle.TTLSeconds = 600 }))
	dir := t.TempDir()
	o := &RunOptions{Factory: l.Factory, TTL: time.Minute, KeepOnFailure: true, OutputDir: dir}
	kubeconfig := strings.TrimPrefix(l.flags[0], "--kubeconfig=")
	l.Flags.KubeConfig = &kubeconfig
	r := &running{
		RunOptions: o, report: newRunReport(o), after: time.After, signals: child.Catch(func(os.Signal) {}), cluster: virtualCluster("dev"),
		t: &target{Factory: l.Factory, client: l.client, namespace: "default", name: "dev"},
	}
	defer r.signals.Stop()
	ttl := func() int32 {
		vc := &v1alpha1.VirtualCluster{}
		if err := l.client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "dev"}, vc); err != nil {
			t.Fatal(err)
		}
		return vc.Spec.Lifecycle.TTLSeconds
	}
	stopped := false
	r.finish(t.Context(), false, func() {
		stopped = true
		if _, err := os.Stat(filepath.Join(dir, "describe.txt")); err != nil {
			t.Errorf("the end comes nearer while this is not saved: %v", err)
		}
		if ttl() != 600 {
			t.Error("its end is taken away while it is still moved on")
		}
	})
	if !stopped || ttl() != 0 {
		t.Errorf("it is not extended any more: %v; its end: %d", stopped, ttl())
	}
}

// TestRunNotKept: what cannot be kept is not said to be.
func TestRunNotKept(t *testing.T) {
	l := newLab(t, func(_ *lab, f *interceptor.Funcs) {
		f.Patch = func(context.Context, client.WithWatch, client.Object, client.Patch, ...client.PatchOption) error {
			return forbidden("virtualclusters", "dev")
		}
	})
	code, _, errOut := l.call(t.Context(), NewCmdRun(l.Factory, nil), "--name=dev", "--keep-on-failure", "--", "false")
	if code != 1 || !l.exists(t) || strings.Contains(errOut, "is kept") || !strings.Contains(errOut, "It is deleted within 10m0s") {
		t.Errorf("code %d, the cluster is there: %v\n%s", code, l.exists(t), errOut)
	}
}

// replace puts another cluster in the place of dev.
func replace(t *testing.T, c client.WithWatch) {
	t.Helper()
	if err := c.Delete(t.Context(), virtualCluster("dev")); err != nil {
		t.Error(err)
	}
	other := virtualCluster("dev")
	other.UID = "another"
	if err := c.Create(t.Context(), other); err != nil {
		t.Error(err)
	}
	allReady(other)
	withKubeconfig(other)
	if err := c.Status().Update(t.Context(), other); err != nil {
		t.Error(err)
	}
}

// TestRunReplaced: a command never meets somebody else's cluster of the same
// name, and that one stays.
func TestRunReplaced(t *testing.T) {
	replaced := false
	l := newLab(t, func(l *lab, f *interceptor.Funcs) {
		f.List = func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if _, ok := list.(*v1alpha1.VirtualClusterList); ok && l.made != nil && !replaced {
				replaced = true
				replace(t, c)
			}
			return c.List(ctx, list, opts...)
		}
		f.Delete = func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
			wanted := (&client.DeleteOptions{}).ApplyOptions(opts).Preconditions
			have := &v1alpha1.VirtualCluster{}
			if err := c.Get(ctx, client.ObjectKeyFromObject(obj), have); err != nil {
				return err
			}
			if wanted == nil || wanted.UID == nil || *wanted.UID != have.UID {
				return apierrors.NewConflict(schema.GroupResource{Resource: "virtualclusters"}, "dev", nil)
			}
			return c.Delete(ctx, obj, opts...)
		}
	})
	code, out, errOut := l.call(t.Context(), NewCmdRun(l.Factory, nil), "--name=dev", "--", "echo", "hello")
	if code != cli.ExitOwn || out != "" || !strings.Contains(errOut, "was deleted while it was waited for") {
		t.Errorf("code %d, output %q:\n%s", code, out, errOut)
	}
	if !l.exists(t) || strings.Contains(errOut, "Delete it with") {
		t.Errorf("the other cluster is there: %v\n%s", l.exists(t), errOut)
	}
}

// TestRunNameTaken: a second run that has waited for the name is not waited for,
// and nobody is told to delete it.
func TestRunNameTaken(t *testing.T) {
	cases := map[string]struct {
		reason string
		fail   error
		says   string
	}{
		"Taken":  {reason: "There is another cluster of that name, and nothing left of ours."},
		"Unsure": {reason: "Whether all is gone cannot be seen; what has the name may be another's.", fail: apierrors.NewInternalError(errors.New("broken")), says: "The deletion goes on by itself."},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			deleted := false
			l := newLab(t, func(_ *lab, f *interceptor.Funcs) {
				f.Delete = func(_ context.Context, c client.WithWatch, _ client.Object, _ ...client.DeleteOption) error {
					deleted = true
					replace(t, c)
					return nil
				}
				f.List = func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
					if _, ok := list.(*metav1.PartialObjectMetadataList); ok && deleted && tc.fail != nil {
						return tc.fail
					}
					return c.List(ctx, list, opts...)
				}
			})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			code, _, errOut := l.call(ctx, NewCmdRun(l.Factory, nil), "--name=dev", "--", "true")
			if code != 0 || ctx.Err() != nil || !l.exists(t) {
				t.Errorf("%s\ncode %d, %v; the other cluster is there: %v", tc.reason, code, ctx.Err(), l.exists(t))
			}
			if strings.Contains(errOut, "Delete it with") || !strings.Contains(errOut, tc.says) {
				t.Errorf("%s\n%q is wanted, and no word of deleting:\n%s", tc.reason, tc.says, errOut)
			}
		})
	}
}
