package verbs

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

func TestRunFlags(t *testing.T) {
	type want struct {
		Code         int
		Name, Distro string
		Command      []string
		TTL          time.Duration
		Keep         bool
		Dir          string
	}
	cases := map[string]struct {
		reason string
		args   []string
		want   want
	}{
		"Command": {reason: "A command is enough.", args: []string{"--", "true"}, want: want{Command: []string{"true"}, TTL: defaultTTL}},
		"All": {
			reason: "Every flag arrives, also those that create has.",
			args:   []string{"--name=x", "--ttl=90s", "--keep-on-failure", "--output-dir=out", "--distro=k8s", "--", "go", "test", "-v"},
			want:   want{Name: "x", Distro: "k8s", Command: []string{"go", "test", "-v"}, TTL: 90 * time.Second, Keep: true, Dir: "out"},
		},
		"NoCommand": {reason: "Run what?", want: want{Code: cli.ExitOwn}},
		"NoDashes":  {reason: "Whose flags are whose must be clear.", args: []string{"go", "test"}, want: want{Code: cli.ExitOwn}},
		"BadName":   {reason: "A name is checked before anything is done.", args: []string{"--name=X_Y", "--", "true"}, want: want{Code: cli.ExitOwn}},
		"ShortTTL":  {reason: "No cluster exists for a shorter time, and it takes a moment until one is gone.", args: []string{"--ttl=89s", "--", "true"}, want: want{Code: cli.ExitOwn}},
		"LongTTL":   {reason: "Nor for more than a year.", args: []string{"--ttl=8761h", "--", "true"}, want: want{Code: cli.ExitOwn}},
		"Input":     {reason: "It is the command's.", args: []string{"-f", "-", "--", "true"}, want: want{Code: cli.ExitOwn}},
		"Connect":   {reason: "What makes no sense is no flag.", args: []string{"--no-connect", "--", "true"}, want: want{Code: cli.ExitOwn}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			var got want
			verb := NewCmdRun(f, func(_ context.Context, o *RunOptions) error {
				got = want{Name: o.Name, Distro: o.Create.Spec.Distro, Command: o.Command, TTL: o.TTL, Keep: o.KeepOnFailure, Dir: o.OutputDir}
				return nil
			})
			got.Code, _ = call(t, f, verb, tc.args...)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// lab is a host on which clusters called dev become ready once somebody waits
// for them.
type lab struct {
	*stage

	client client.WithWatch
	// made is the cluster as it was asked for.
	made *v1alpha1.VirtualCluster
	// deletions are those that were asked for.
	deletions int
}

func newLab(t *testing.T, change ...func(*lab, *interceptor.Funcs)) *lab {
	t.Helper()
	l := &lab{stage: newStage(t, "")}
	ready := func(vc *v1alpha1.VirtualCluster) { allReady(vc); withKubeconfig(vc) }
	funcs := onWatchIfThere(t, ready)
	funcs.Create = func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
		obj.SetUID("u")
		obj.SetGeneration(1)
		err := c.Create(ctx, obj, opts...)
		if err == nil {
			l.made = &v1alpha1.VirtualCluster{}
			err = c.Get(ctx, client.ObjectKeyFromObject(obj), l.made)
		}
		return err
	}
	funcs.Delete = func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
		l.deletions++
		return c.Delete(ctx, obj, opts...)
	}
	for _, c := range change {
		c(l, &funcs)
	}
	l.client = withCluster(t, l.Factory, funcs, l.objects...)
	return l
}

// onWatchIfThere makes dev ready when somebody watches it.
func onWatchIfThere(t *testing.T, change func(*v1alpha1.VirtualCluster)) interceptor.Funcs {
	return interceptor.Funcs{Watch: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) (watch.Interface, error) {
		w, err := c.Watch(ctx, list, opts...)
		vc := &v1alpha1.VirtualCluster{}
		if apierrors.IsNotFound(c.Get(ctx, client.ObjectKey{Namespace: "default", Name: "dev"}, vc)) {
			return w, err
		}
		change(vc)
		if err := c.Status().Update(ctx, vc); err != nil {
			t.Error(err)
		}
		return w, err
	}}
}

func (l *lab) exists(t *testing.T) bool {
	t.Helper()
	err := l.client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "dev"}, &v1alpha1.VirtualCluster{})
	if client.IgnoreNotFound(err) != nil {
		t.Fatal(err)
	}
	return err == nil
}

// runCase is a run with a cluster called dev, and how it ends.
type runCase struct {
	reason  string
	flags   []string
	command []string
	change  func(*lab, *interceptor.Funcs)
	code    int
	out     string
	says    string
	left    bool
	// files are those in the directory for output.
	files []string
}

func checkRuns(t *testing.T, cases map[string]runCase) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, tc.check)
	}
}

func (tc runCase) check(t *testing.T) {
	l := newLab(t)
	if tc.change != nil {
		l = newLab(t, tc.change)
	}
	if tc.command == nil {
		tc.command = asking(t)
	}
	dir := filepath.Join(t.TempDir(), "out")
	args := append([]string{"--name=dev", "--output-dir=" + dir}, tc.flags...)
	code, out, errOut := l.call(t.Context(), NewCmdRun(l.Factory, nil), append(append(args, "--"), tc.command...)...)
	if code != tc.code || out != tc.out {
		t.Errorf("%s\ncode %d, want %d; output %q, want %q", tc.reason, code, tc.code, out, tc.out)
	}
	if !strings.Contains(errOut, tc.says) {
		t.Errorf("%s\n%q is not told", tc.reason, tc.says)
	}
	if l.exists(t) != tc.left {
		t.Errorf("%s\nthe cluster is left: %v", tc.reason, !tc.left)
	}
	if diff := cmp.Diff(tc.files, filesIn(t, dir)); diff != "" {
		t.Errorf("%s\nfiles: -want, +got:\n%s", tc.reason, diff)
	}
	if t.Failed() {
		t.Log(errOut)
	}
	l.clean(t)
}

func TestRun(t *testing.T) {
	checkRuns(t, map[string]runCase{
		"Done":    {reason: "The command talks to the cluster, and leaves nothing.", command: nil, out: "hello from inside\n", files: []string{"junit.xml"}},
		"Fails":   {reason: "Its code is ours; what there is to see is saved, and nothing else is left.", command: []string{"sh", "-c", "exit 7"}, code: 7, files: []string{"cluster.yaml", "describe.txt", "events.yaml", "junit.xml", "nodes"}},
		"Keeps":   {reason: "Who wants to look can.", flags: []string{"--keep-on-failure"}, command: []string{"false"}, code: 1, left: true, says: "vclusterctl delete dev -n default", files: []string{"cluster.yaml", "describe.txt", "events.yaml", "junit.xml", "nodes"}},
		"NoKeep":  {reason: "There is nothing to see where nothing failed.", flags: []string{"--keep-on-failure"}, command: []string{"true"}, files: []string{"junit.xml"}},
		"Missing": {reason: "Nobody waits for a cluster for a command that is not there.", command: []string{"no-such-command"}, code: 127, says: `run "no-such-command"`, files: []string{"junit.xml"}},
		"NotReady": {
			reason: "A cluster that cannot come up is deleted.", command: []string{"true"}, code: cli.ExitOwn, says: "CIDRConflict",
			files: []string{"cluster.yaml", "describe.txt", "events.yaml", "junit.xml", "nodes"},
			change: func(_ *lab, f *interceptor.Funcs) {
				f.Watch = onWatchIfThere(t, withCondition(v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonCIDRConflict)).Watch
			},
		},
		"Late": {
			reason: "So is one that does not come up in time.", flags: []string{"--timeout=200ms"}, command: []string{"true"}, code: cli.ExitOwn, says: "not ready after 200ms",
			files:  []string{"cluster.yaml", "describe.txt", "events.yaml", "junit.xml", "nodes"},
			change: func(_ *lab, f *interceptor.Funcs) { f.Watch = nil },
		},
		"Taken": {
			reason: "A cluster of that name is somebody else's, and left alone.", command: []string{"true"}, code: cli.ExitOwn, says: "Leave out --name", left: true, files: []string{"junit.xml"},
			change: func(l *lab, _ *interceptor.Funcs) { l.objects = append(l.objects, virtualCluster("dev")) },
		},
	})
}

// TestRunCreate: what the API server says to the request for the cluster.
func TestRunCreate(t *testing.T) {
	checkRuns(t, map[string]runCase{
		"AnswerLost": {
			reason: "Whether it was created is found out.", command: []string{"true"}, files: []string{"junit.xml"},
			change: func(_ *lab, f *interceptor.Funcs) {
				create := f.Create
				f.Create = func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
					return errors.Join(create(ctx, c, obj, opts...), errors.New("connection reset"))
				}
			},
		},
		"AskedTwice": {
			reason: "Of two requests that were sent for one, the second meets what the first has made.", command: []string{"true"}, files: []string{"junit.xml"},
			change: func(_ *lab, f *interceptor.Funcs) {
				create := f.Create
				f.Create = func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
					if err := create(ctx, c, obj.DeepCopyObject().(client.Object), opts...); err != nil {
						return err
					}
					return create(ctx, c, obj, opts...)
				}
			},
		},
		"Expired": {
			reason: "Credentials are replaced after the API server has refused them.", command: []string{"true"}, files: []string{"junit.xml"},
			change: func(_ *lab, f *interceptor.Funcs) {
				create, tries := f.Create, 0
				f.Create = func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
					if tries++; tries == 1 {
						return apierrors.NewUnauthorized("expired")
					}
					return create(ctx, c, obj, opts...)
				}
			},
		},
		"NoCredentials": {
			reason: "Who has none is not kept waiting.", command: []string{"true"}, code: cli.ExitOwn, says: "no entry", files: []string{"junit.xml"},
			change: func(_ *lab, f *interceptor.Funcs) {
				f.Create = func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
					return apierrors.NewUnauthorized("no entry")
				}
			},
		},
		"NotCreated": {
			reason: "If it was not, that is told.", command: []string{"true"}, code: cli.ExitOwn, says: "connection reset", files: []string{"junit.xml"},
			change: func(_ *lab, f *interceptor.Funcs) {
				f.Create = func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
					return errors.New("connection reset")
				}
			},
		},
		"Forbidden": {
			reason: "The API server's word is passed on.", command: []string{"true"}, code: cli.ExitOwn, says: "forbidden", files: []string{"junit.xml"},
			change: func(_ *lab, f *interceptor.Funcs) {
				f.Create = func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
					return forbidden("virtualclusters", "dev")
				}
			},
		},
	})
}

// TestRunDelete: what it says to that for its end.
func TestRunDelete(t *testing.T) {
	checkRuns(t, map[string]runCase{
		"DeletedAtLast": {
			reason: "Credentials that expired meanwhile do not keep the cluster.", command: []string{"sh", "-c", "exit 3"}, code: 3, files: []string{"cluster.yaml", "describe.txt", "events.yaml", "junit.xml", "nodes"},
			change: func(l *lab, f *interceptor.Funcs) {
				f.Delete = func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
					if l.deletions++; l.deletions < 2 {
						return apierrors.NewUnauthorized("expired")
					}
					return c.Delete(ctx, obj, opts...)
				}
			},
		},
		"NotDeleted": {
			reason: "That it is still there is told; the code is the command's.", command: []string{"true"}, left: true, says: "otherwise it goes within", files: []string{"junit.xml"},
			change: func(_ *lab, f *interceptor.Funcs) {
				f.Delete = func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error {
					return forbidden("virtualclusters", "dev")
				}
			},
		},
	})
}

func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestRunCluster: what the cluster is like that a run makes.
func TestRunCluster(t *testing.T) {
	l := newLab(t)
	if code, _, errOut := l.call(t.Context(), NewCmdRun(l.Factory, nil), "--name=dev", "--pool=work=2", "--ttl=2m", "--", "true"); code != 0 {
		t.Fatal(errOut)
	}
	if l.made.Spec.Lifecycle.TTLSeconds != 90 || len(l.made.Spec.Pools) != 1 || l.made.Spec.Servers.Storage.Ephemeral == nil || !*l.made.Spec.Servers.Storage.Ephemeral {
		t.Errorf("want an end, a pool and no volume, got %+v", l.made.Spec)
	}
	if l.made.Labels[labelRun] == "" || !strings.Contains(l.made.Annotations[annotationCreatedBy], "@") {
		t.Errorf("labels %v and annotations %v do not say what it is for and whose it is", l.made.Labels, l.made.Annotations)
	}
	first := l.made.Labels[labelRun]
	l = newLab(t)
	if code, _, errOut := l.call(t.Context(), NewCmdRun(l.Factory, nil), "--name=dev", "--set=servers.storage.size=1Gi", "--", "true"); code != 0 {
		t.Fatal(errOut)
	}
	if l.made.Spec.Servers.Storage.Ephemeral != nil {
		t.Error("who asks for a volume gets one")
	}
	if l.made.Labels[labelRun] == first {
		t.Error("two runs have the same label")
	}
}

func TestRunNames(t *testing.T) {
	r := &running{RunOptions: &RunOptions{Create: CreateOptions{Factory: testFactory(t)}, TTL: 2 * time.Minute}}
	seen := map[string]bool{}
	for range 100 {
		u, err := r.wanted()
		if err != nil {
			t.Fatal(err)
		}
		if name := u.GetName(); !strings.HasPrefix(name, runPrefix) || len(name) != len(runPrefix)+5 {
			t.Fatalf("name %q", name)
		}
		seen[u.GetName()] = true
	}
	if len(seen) < 95 {
		t.Errorf("100 runs have %d names", len(seen))
	}
}

// TestRunPanics: not even a mistake of ours leaves a cluster.
func TestRunPanics(t *testing.T) {
	l := newLab(t)
	getenv := l.Getenv
	l.Getenv = func(key string) string {
		if key == "XDG_RUNTIME_DIR" { // which is asked for just before the command is started
			panic("boom")
		}
		return getenv(key)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic got lost")
			}
		}()
		l.call(t.Context(), NewCmdRun(l.Factory, nil), "--name=dev", "--", "true")
	}()
	if l.deletions != 1 || l.exists(t) {
		t.Errorf("%d deletions, and the cluster is there: %v", l.deletions, l.exists(t))
	}
}

// TestRunInterrupted: also while the cluster boots, and nothing is kept then.
func TestRunInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	l := newLab(t, func(_ *lab, f *interceptor.Funcs) {
		f.Watch = func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) (watch.Interface, error) {
			interrupt()
			return c.Watch(ctx, list, opts...)
		}
	})
	code, _, errOut := l.call(ctx, NewCmdRun(l.Factory, nil), "--name=dev", "--keep-on-failure", "--", "true")
	if code != cli.ExitOwn || !strings.Contains(errOut, "interrupted") {
		t.Errorf("code %d: %s", code, errOut)
	}
	if l.deletions != 1 || l.exists(t) {
		t.Errorf("%d deletions, and the cluster is there: %v", l.deletions, l.exists(t))
	}
}

// ticking is a clock that a test moves.
type ticking struct {
	now   time.Time
	waits chan time.Duration
	ticks chan time.Time
}

func (c *ticking) after(d time.Duration) <-chan time.Time {
	c.waits <- d
	return c.ticks
}

// TestExtend: the end moves on with time, whatever the host's clock says, and a
// cluster that is not ours any more is left alone.
func TestExtend(t *testing.T) {
	f := testFactory(t)
	c := &ticking{now: time.Unix(1000, 0), waits: make(chan time.Duration), ticks: make(chan time.Time)}
	f.Now = func() time.Time { return c.now }
	answers := []error{nil, apierrors.NewServiceUnavailable("away"), nil, nil}
	host := withCluster(t, f, interceptor.Funcs{Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
		answer := answers[0]
		answers = answers[1:]
		if answer != nil {
			return answer
		}
		return c.Patch(ctx, obj, patch, opts...)
	}}, virtualCluster("dev", func(vc *v1alpha1.VirtualCluster) { vc.Spec.Lifecycle.TTLSeconds = 600 }))
	r := &running{
		RunOptions: &RunOptions{Factory: f, TTL: 10*time.Minute + headStart}, after: c.after, created: c.now, cluster: virtualCluster("dev"),
		t: &target{Factory: f, client: host, namespace: "default", name: "dev"},
	}
	stop := r.extend(t.Context())
	ttl := func() int32 {
		vc := &v1alpha1.VirtualCluster{}
		if err := host.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "dev"}, vc); err != nil {
			t.Fatal(err)
		}
		return vc.Spec.Lifecycle.TTLSeconds
	}
	for _, step := range []struct {
		reason string
		wait   time.Duration
		pass   time.Duration
		want   int32
	}{
		{reason: "Every third of its life it gets the whole again.", wait: 200 * time.Second, pass: 200 * time.Second, want: 600},
		{reason: "A host that is away is asked again", wait: 200 * time.Second, pass: 200 * time.Second, want: 800},
		{reason: "soon.", wait: 20 * time.Second, pass: 20 * time.Second, want: 800},
		{reason: "Then all is as before.", wait: 200 * time.Second, pass: 200 * time.Second, want: 1020},
	} {
		if got := <-c.waits; got != step.wait {
			t.Fatalf("%s: it waits for %s, want %s", step.reason, got, step.wait)
		}
		if got := ttl(); got != step.want {
			t.Fatalf("%s: the end is %ds after the beginning, want %d", step.reason, got, step.want)
		}
		c.now = c.now.Add(step.pass)
		c.ticks <- c.now
	}
	<-c.waits
	stop()
	if got := ttl(); got != 1220 {
		t.Errorf("in the end it lives for %ds, want 1220", got)
	}
}

func TestExtendGone(t *testing.T) {
	f := testFactory(t)
	host := withCluster(t, f, interceptor.Funcs{})
	now := make(chan time.Time, 1)
	now <- time.Unix(0, 0)
	r := &running{
		RunOptions: &RunOptions{Factory: f, TTL: time.Minute}, after: func(time.Duration) <-chan time.Time { return now }, cluster: virtualCluster("dev"),
		t: &target{Factory: f, client: host, namespace: "default", name: "dev"},
	}
	r.extendUntil(t.Context()) // ends by itself
	if got := f.ErrOut.(*bytes.Buffer).String(); !strings.Contains(got, "not found") {
		t.Errorf("that the cluster is gone is not told: %q", got)
	}
}

func TestMayPass(t *testing.T) {
	cases := map[string]struct {
		err  error
		want bool
	}{
		"Network":   {err: errors.New("connection refused"), want: true},
		"Away":      {err: apierrors.NewServiceUnavailable("away"), want: true},
		"TooMany":   {err: apierrors.NewTooManyRequests("slow down", 1), want: true},
		"Internal":  {err: apierrors.NewInternalError(errors.New("x")), want: true},
		"Expired":   {err: apierrors.NewUnauthorized("expired"), want: true},
		"Slow":      {err: &apierrors.StatusError{ErrStatus: metav1.Status{Code: http.StatusRequestTimeout}}, want: true},
		"Forbidden": {err: forbidden("virtualclusters", "dev")},
		"Status":    {err: &apierrors.StatusError{ErrStatus: metav1.Status{Code: http.StatusConflict}}},
	}
	for name, tc := range cases {
		if got := mayPass(tc.err); got != tc.want {
			t.Errorf("%s: mayPass() = %v", name, got)
		}
	}
}
