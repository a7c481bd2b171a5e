package nodelog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeexec"
)

var (
	errBroken = errors.New("connection broken")
	errStop   = errors.New("stop")
)

// attempt is what one reading of a journal gives, and how it ends.
type attempt struct {
	messages []string
	err      error
	// then happens before it ends.
	then func(*stage)
}

// stage is a host with the logs of some nodes.
type stage struct {
	t      *testing.T
	client client.WithWatch
	source *Source

	// settled is closed once a log has been read for long.
	settled chan time.Time

	mu       sync.Mutex
	attempts map[string][]attempt // by node
	console  map[string][][]string
	asked    [][]string
	options  []nodeexec.LogOptions
	told     []string
	got      []string
}

// listThenWatch tells client-go that the fake cannot stream a list.
type listThenWatch struct{ client.WithWatch }

func (*listThenWatch) IsWatchListSemanticsUnSupported() bool { return true }

func newStage(t *testing.T, objects ...client.Object) *stage {
	t.Helper()
	vc := &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "dev"}}
	byName := func(o client.Object) []string { return []string{o.GetName()} }
	c := &listThenWatch{fake.NewClientBuilder().WithScheme(cli.Scheme()).WithObjects(append(objects, vc)...).
		WithIndex(&v1alpha1.VirtualCluster{}, "metadata.name", byName).WithIndex(&corev1.Pod{}, "metadata.name", byName).Build()}
	s := &stage{t: t, client: c, settled: make(chan time.Time), attempts: map[string][]attempt{}, console: map[string][][]string{}}
	s.source = &Source{
		Client: c, Namespace: "team", Cluster: "dev", Exec: s.exec, Log: s.log,
		Tell: func(format string, args ...any) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.told = append(s.told, fmt.Sprintf(format, args...))
		},
		After: func(d time.Duration) <-chan time.Time {
			if d == settling {
				return s.settled
			}
			now := make(chan time.Time)
			close(now)
			return now
		},
	}
	return s
}

func (s *stage) exec(_ context.Context, n nodeexec.Node, command []string, out, errOut io.Writer) error {
	s.mu.Lock()
	s.asked = append(s.asked, command)
	if len(s.attempts[n.Name]) == 0 {
		s.mu.Unlock()
		return &nodeexec.ExitError{Code: 99} // ends a follower that was to have ended
	}
	a := s.attempts[n.Name][0]
	s.attempts[n.Name] = s.attempts[n.Name][1:]
	s.mu.Unlock()
	for _, m := range a.messages {
		at, message, _ := strings.Cut(m, " ")
		if _, err := fmt.Fprintf(out, `{"__CURSOR":"c%s","__REALTIME_TIMESTAMP":"%s","MESSAGE":"%s"}`+"\n", at, at, message); err != nil {
			return err
		}
	}
	if a.then != nil {
		a.then(s)
	}
	if a.err != nil {
		_, _ = io.WriteString(errOut, "complaint")
	}
	return a.err
}

func (s *stage) log(_ context.Context, n nodeexec.Node, options nodeexec.LogOptions, out io.Writer) error {
	s.options = append(s.options, options)
	if len(s.console[n.Name]) == 0 {
		return &nodeexec.ExitError{Code: 99}
	}
	lines := s.console[n.Name][0]
	s.console[n.Name] = s.console[n.Name][1:]
	for _, line := range lines {
		at, message, _ := strings.Cut(line, " ")
		if _, err := fmt.Fprintf(out, "1970-01-01T00:00:0%sZ %s\r\n", at, message); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) emit(e Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, e.Node+" "+e.Message)
	if e.Message == "last" {
		return errStop
	}
	return nil
}

func node(name string, running bool) *corev1.Pod {
	state := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
	if running {
		state = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "dev-" + name, Labels: map[string]string{v1alpha1.LabelCluster: "dev", v1alpha1.LabelPool: "x"}},
		Status:     corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "node", State: state}}},
	}
}

func deleteCluster(s *stage) {
	vc := &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "dev"}}
	if err := s.client.Delete(s.t.Context(), vc); err != nil {
		s.t.Error(err)
	}
}

func deletePod(name string) func(*stage) {
	return func(s *stage) {
		if err := s.client.Delete(s.t.Context(), node(name, true)); err != nil {
			s.t.Error(err)
		}
	}
}

func TestRead(t *testing.T) {
	forbidden := fmt.Errorf("exec: %w", apierrors.NewForbidden(schema.GroupResource{Resource: "pods/exec"}, "dev-server-0", nil))
	exit := func(code int) error { return &nodeexec.ExitError{Code: code} }
	cases := map[string]struct {
		reason   string
		pods     []client.Object
		query    Query
		attempts []attempt
		want     []string
		told     string
		err      string
		lastAsk  string
		// console are the container's logs, one after the other.
		console [][]string
	}{
		"Once": {
			reason: "What there is, and no more.", pods: []client.Object{node("server-0", true)}, query: Query{Tail: All},
			attempts: []attempt{{messages: []string{"1 a", "2 b"}}}, want: []string{"server-0 a", "server-0 b"},
		},
		"BadQuery": {
			reason: "A journalctl that complains is passed on.", pods: []client.Object{node("server-0", true)},
			attempts: []attempt{{err: exit(1)}}, err: `journalctl on node "server-0": the command ended with exit code 1: complaint`,
		},
		"Refused": {
			reason: "Who may not exec may still read the container's log.", pods: []client.Object{node("server-0", true)},
			attempts: []attempt{{err: errBroken}}, want: []string{"server-0 booting"}, told: `The journal of node "server-0" cannot be read: connection broken.`,
		},
		"NoJournal": {
			reason: "So may who has a node without journalctl.", pods: []client.Object{node("server-0", true)},
			attempts: []attempt{{err: exit(127)}}, want: []string{"server-0 booting"}, told: "cannot be read",
		},
		"BrokenInTheMiddle": {
			reason: "A log that breaks off is told from one that ends.", pods: []client.Object{node("server-0", true)},
			attempts: []attempt{{messages: []string{"1 a"}, err: errBroken}}, want: []string{"server-0 a"}, err: "connection broken",
		},
		"NotRunning": {
			reason: "Nobody can exec into what does not run.", pods: []client.Object{node("server-0", false)},
			want: []string{"server-0 booting"}, told: "it does not run",
		},
		"NoNode": {reason: "Without nodes there is no log.", err: `virtual cluster "dev" has no nodes now`},
		"Follow": {
			reason: "A follower goes on where it was, however the log ends.", pods: []client.Object{node("server-0", true)}, query: Query{Follow: true, Tail: 3},
			attempts: []attempt{
				{messages: []string{"1 a", "2 b"}, err: errBroken},
				{err: errBroken},
				{messages: []string{"3 c"}, err: exit(137)},
				{messages: []string{"4 last"}},
			},
			want: []string{"server-0 a", "server-0 b", "server-0 c", "server-0 last"}, err: "stop",
			told: `The log of node "server-0" was interrupted`, lastAsk: "--after-cursor=c3 --follow --lines=all",
		},
		"FollowsAcrossPods": {
			reason: "The node comes back as another pod.", pods: []client.Object{node("server-0", true)}, query: Query{Follow: true},
			attempts: []attempt{
				{messages: []string{"1 a"}, then: func(s *stage) {
					deletePod("server-0")(s)
					go func() { _ = s.client.Create(s.t.Context(), node("server-0", true)) }()
				}},
				{messages: []string{"2 last"}},
			},
			want: []string{"server-0 a", "server-0 last"}, err: "stop",
		},
		"FollowUntilDeleted": {
			reason: "A log ends with its cluster.", pods: []client.Object{node("server-0", true)}, query: Query{Follow: true},
			attempts: []attempt{{messages: []string{"1 a"}, then: func(s *stage) { deleteCluster(s); deletePod("server-0")(s) }}},
			want:     []string{"server-0 a"}, told: `Virtual cluster "dev" is deleted`,
		},
		"FollowBadQuery": {
			reason: "What is wrong at once is not tried again.", pods: []client.Object{node("server-0", true)}, query: Query{Follow: true},
			attempts: []attempt{{err: exit(1)}}, err: "complaint",
		},
		"FollowRefused": {
			reason: "The container's log is followed, then, also when that breaks off.", pods: []client.Object{node("server-0", true)}, query: Query{Follow: true, Tail: 3},
			attempts: []attempt{{err: forbidden}}, console: [][]string{{"1 booting"}, {"1 booting", "2 booted"}, {"3 last"}},
			want: []string{"server-0 booting", "server-0 booted", "server-0 last"}, err: "stop", told: `The journal of node "server-0" cannot be read: `,
		},
		"FollowNoJournal": {
			reason: "So it is where there is no journalctl.", pods: []client.Object{node("server-0", true)}, query: Query{Follow: true},
			attempts: []attempt{{err: exit(127)}}, console: [][]string{{"1 last"}}, want: []string{"server-0 last"}, err: "stop", told: "cannot be read",
		},
		"FollowNotYet": {
			reason: "A node that cannot be entered yet is tried again, and its journal read after all.", pods: []client.Object{node("server-0", true)}, query: Query{Follow: true},
			attempts: []attempt{{err: errBroken}, {err: exit(137)}, {messages: []string{"1 last"}}}, want: []string{"server-0 last"}, err: "stop",
			told: `The log of node "server-0" cannot be read now: connection broken; trying on.`,
		},
		"FollowRefusedLater": {
			reason: "Who may not any more is told.", pods: []client.Object{node("server-0", true)}, query: Query{Follow: true},
			attempts: []attempt{{messages: []string{"1 a"}, err: errBroken}, {err: forbidden}}, want: []string{"server-0 a"}, err: "forbidden", told: "was interrupted",
		},
		"Unknown": {reason: "A node that there is not is not waited for.", pods: []client.Object{node("work-0", true)}, query: Query{Follow: true}, err: `has no node "server-0": it has work-0`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, tc.pods...)
			if tc.console == nil {
				tc.console = [][]string{{"0.5 booting"}}
			}
			s.attempts["server-0"], s.console["server-0"] = tc.attempts, tc.console
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			err := s.source.Read(ctx, "server-0", tc.query, s.emit)
			if (err != nil) != (tc.err != "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Fatalf("%s\nRead(): got %v, want %q", tc.reason, err, tc.err)
			}
			if diff := cmp.Diff(tc.want, s.got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if told := strings.Join(s.told, "\n"); !strings.Contains(told, tc.told) || tc.told == "" && !tc.query.Follow && told != "" {
				t.Errorf("%s\ntold %q, want %q", tc.reason, told, tc.told)
			}
			if tc.lastAsk != "" && !strings.HasSuffix(join(s.asked[len(s.asked)-1]), tc.lastAsk) {
				t.Errorf("%s\nasked %q last, want %q", tc.reason, s.asked[len(s.asked)-1], tc.lastAsk)
			}
		})
	}
}

func TestConsoleTakesTheQuery(t *testing.T) {
	s := newStage(t, node("server-0", false))
	s.console["server-0"] = [][]string{{"1 a"}}
	if err := s.source.Read(t.Context(), "server-0", Query{Tail: 7, Since: time.Minute}, s.emit); err != nil {
		t.Fatal(err)
	}
	want := []nodeexec.LogOptions{{Timestamps: true, Since: time.Minute, Tail: 7}}
	if diff := cmp.Diff(want, s.options); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestReadAll(t *testing.T) {
	s := newStage(t, node("server-0", true), node("work-0", true))
	s.attempts["server-0"] = []attempt{{messages: []string{"1 a", "4 d"}}}
	s.attempts["work-0"] = []attempt{{messages: []string{"2 b", "3 c"}}}
	if err := s.source.ReadAll(t.Context(), Query{Tail: All}, s.emit); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"server-0 a", "work-0 b", "work-0 c", "server-0 d"}, s.got); diff != "" {
		t.Errorf("logs of several nodes must come in the order of their times: -want, +got:\n%s", diff)
	}
}

func TestReadAllOfSomeThatFail(t *testing.T) {
	s := newStage(t, node("server-0", true), node("work-0", true))
	s.attempts["server-0"] = []attempt{{messages: []string{"1 a"}}}
	err := s.source.ReadAll(t.Context(), Query{}, s.emit)
	if diff := cmp.Diff([]string{"server-0 a"}, s.got); diff != "" || err == nil {
		t.Errorf("what there is must be shown, and the failure told: %v\n%s", err, diff)
	}
}

func TestFollowAll(t *testing.T) {
	s := newStage(t, node("server-0", true))
	seen, deleted := make(chan struct{}), make(chan struct{})
	s.attempts["server-0"] = []attempt{{messages: []string{"1 a"}, then: func(s *stage) {
		if err := s.client.Create(s.t.Context(), node("work-0", true)); err != nil {
			s.t.Error(err)
		}
		<-seen
		deleteCluster(s)
		deletePod("server-0")(s)
		deletePod("work-0")(s)
		close(deleted)
	}}}
	s.attempts["work-0"] = []attempt{{messages: []string{"2 b"}, then: func(*stage) {
		close(seen)
		<-deleted
	}}}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.source.ReadAll(ctx, Query{Follow: true}, s.emit); err != nil {
		t.Fatalf("following must end with the cluster: %v", err)
	}
	if diff := cmp.Diff([]string{"server-0 a", "work-0 b"}, s.got); diff != "" {
		t.Errorf("a node that comes later is followed, too: -want, +got:\n%s", diff)
	}
}
