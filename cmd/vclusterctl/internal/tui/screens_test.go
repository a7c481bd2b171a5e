package tui_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	known "github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/describe"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/tuitest"
)

// belongings are a pod and events of dev.
func belongings(context.Context, act.Target) (known.Input, error) {
	pod := corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "dev-server-0", CreationTimestamp: metav1.NewTime(tuitest.Now.Add(-9 * time.Minute))},
		Spec:       corev1.PodSpec{NodeName: "n1"},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
			ContainerStatuses: []corev1.ContainerStatus{{RestartCount: 1}},
		},
	}
	events := []corev1.Event{
		{
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "dev-server-0"}, Type: "Warning", Reason: "BackOff", Count: 3,
			Message: "Back-off\npulling image", LastTimestamp: metav1.NewTime(tuitest.Now.Add(-time.Minute)),
		},
		{
			InvolvedObject: corev1.ObjectReference{Kind: "VirtualCluster", Name: "dev"}, Type: "Normal", Reason: "Ready",
			Message: "a pod can start", EventTime: metav1.NewMicroTime(tuitest.Now.Add(-8 * time.Minute)),
		},
	}
	return known.Input{Pods: []corev1.Pod{pod}, Events: events}, nil
}

// TestScreens are the screens of one cluster at 80×24.
func TestScreens(t *testing.T) {
	fact := func(vc *v1alpha1.VirtualCluster) {
		vc.Status.Isolation = append(vc.Status.Isolation, v1alpha1.IsolationFact{Name: "seccomp", Value: "Unconfined", Source: v1alpha1.SourceHost})
	}
	cases := map[string]struct {
		reason      string
		options     []tuitest.Option
		noDetails   bool
		plain       bool
		ascii       bool
		keys        []string
		wait, never string
	}{
		"describe":           {reason: "What matters most stands on top.", options: []tuitest.Option{tuitest.Ready, fact}, keys: []string{"enter"}, wait: "dev-server-0"},
		"describe-end":       {reason: "Pods and events below.", options: []tuitest.Option{tuitest.Ready, fact}, keys: []string{"d", "G"}, wait: "pulling image"},
		"describe-booting":   {reason: "The phases, while it comes up.", options: []tuitest.Option{tuitest.Booted}, keys: []string{"d"}, wait: "Coming up"},
		"describe-new":       {reason: "There is little to say.", keys: []string{"d"}, wait: "dev-server-0"},
		"describe-failed":    {reason: "Why it cannot go on.", options: []tuitest.Option{tuitest.NoNode}, keys: []string{"d"}, wait: "older than 6.3"},
		"describe-forbidden": {reason: "What may not be read is said.", options: []tuitest.Option{tuitest.Booted}, noDetails: true, keys: []string{"d", "G"}, wait: "pods is forbidden"},
		"describe-ascii":     {reason: "In ASCII without colours.", options: []tuitest.Option{tuitest.Ready}, plain: true, ascii: true, keys: []string{"d"}, wait: "dev-server-0"},
		"yaml":               {reason: "As the API server has it.", options: []tuitest.Option{tuitest.Ready}, keys: []string{"y"}, wait: "apiVersion"},
		"yaml-search":        {reason: "With matches brought out.", options: []tuitest.Option{tuitest.Ready}, keys: []string{"y", "/", "u", "i", "d", "enter"}, wait: "lines match"},
		"logs":               {reason: "The end of the log.", options: []tuitest.Option{tuitest.Ready}, keys: []string{"l"}, wait: "second line"},
		"logs-which":         {reason: "Which node, where there are several.", options: []tuitest.Option{tuitest.Ready, tuitest.Pool("work", 2)}, keys: []string{"l"}, wait: "work-1"},
		"delete":             {reason: "What is lost is named.", options: []tuitest.Option{tuitest.Ready}, keys: []string{"ctrl+d"}, wait: "1 volume"},
		"delete-ascii":       {reason: "Also in ASCII.", options: []tuitest.Option{tuitest.Ready}, plain: true, ascii: true, keys: []string{"ctrl+d"}, wait: "1 volume"},
		"pause":              {reason: "And what is kept.", options: []tuitest.Option{tuitest.Ready}, keys: []string{"p"}, wait: "Kept"},
		"resume":             {reason: "Or that nothing is lost.", options: []tuitest.Option{tuitest.Paused}, keys: []string{"u"}, wait: "Nothing is lost"},
		"create":             {reason: "Defaults that work, and what they make.", keys: []string{"n"}, wait: "would take it"},
		"create-ascii":       {reason: "Also in ASCII.", plain: true, ascii: true, keys: []string{"n"}, wait: "would take it"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := begin(t, func(c *tui.Config) {
				c.Theme = tuitest.Env(!tc.plain, tc.ascii).Theme
				c.Session.Details = belongings
				if tc.noDetails {
					c.Session.Details = func(context.Context, act.Target) (known.Input, error) {
						return known.Input{}, errors.New("pods is forbidden")
					}
				}
			}, tuitest.Cluster("dev", tc.options...))
			w.actions.Log = "first line\nsecond line"
			w.untilShows("live")
			w.Press(tc.keys...)
			if tc.wait == "dev-server-0" { // which may be below what is seen
				w.Until(tc.wait, func(string) bool { w.Press("G"); return w.shows(tc.wait) })
				w.Press("g")
			} else {
				w.untilShows(tc.wait)
			}
			golden.RequireEqual(t, w.View())
			if tc.ascii && strings.ContainsFunc(w.View(), func(r rune) bool { return r > 127 }) {
				t.Error("something is not ASCII")
			}
		})
	}
}

// TestDo: what is done to a cluster, and only after a yes.
func TestDo(t *testing.T) {
	cases := map[string]struct {
		reason  string
		options []tuitest.Option
		keys    []string
		// asks is waited for before answer is pressed.
		asks    string
		answer  []string
		done    string
		shows   string
		nothing bool
	}{
		"Delete":        {reason: "y is yes.", options: []tuitest.Option{tuitest.Ready}, keys: []string{"ctrl+d"}, asks: "1 volume", answer: []string{"y"}, done: "delete dev uid-dev", shows: "Deleting dev"},
		"DeleteNo":      {reason: "n is no.", options: []tuitest.Option{tuitest.Ready}, keys: []string{"ctrl+d"}, asks: "1 volume", answer: []string{"n"}, nothing: true},
		"DeleteEsc":     {reason: "So is esc.", options: []tuitest.Option{tuitest.Ready}, keys: []string{"ctrl+d"}, asks: "1 volume", answer: []string{"esc"}, nothing: true},
		"DeleteEnter":   {reason: "And enter, which is pressed too easily.", options: []tuitest.Option{tuitest.Ready}, keys: []string{"ctrl+d"}, asks: "1 volume", answer: []string{"enter"}, nothing: true},
		"DeleteButton":  {reason: "The other button.", options: []tuitest.Option{tuitest.Ready}, keys: []string{"ctrl+d"}, asks: "1 volume", answer: []string{"tab", "enter"}, done: "delete dev uid-dev"},
		"Pause":         {reason: "It is paused.", options: []tuitest.Option{tuitest.Ready}, keys: []string{"p"}, asks: "Kept", answer: []string{"y"}, done: "paused=true dev uid-dev"},
		"Resume":        {reason: "It is resumed.", options: []tuitest.Option{tuitest.Paused}, keys: []string{"u"}, asks: "Nothing is lost", answer: []string{"y"}, done: "paused=false dev uid-dev"},
		"PausedAlready": {reason: "There is nothing to ask.", options: []tuitest.Option{tuitest.Paused}, keys: []string{"p"}, shows: "paused already", nothing: true},
		"NotPaused":     {reason: "Nor here.", options: []tuitest.Option{tuitest.Ready}, keys: []string{"u"}, shows: "is not paused", nothing: true},
		"Save":          {reason: "Where the file is, is said.", options: []tuitest.Option{tuitest.Ready}, keys: []string{"f"}, done: "save dev", shows: "/home/me/dev.kubeconfig"},
		"Copy":          {reason: "So is that it was sent.", options: []tuitest.Option{tuitest.Ready}, keys: []string{"c"}, done: "kubeconfig dev", shows: "sent to the clipboard"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := begin(t, nil, tuitest.Cluster("dev", tc.options...))
			w.untilShows("live")
			w.Press(tc.keys...)
			if tc.asks != "" {
				w.untilShows(tc.asks)
			}
			w.Press(tc.answer...)
			if tc.shows != "" {
				w.untilShows(tc.shows)
			}
			if tc.done != "" {
				w.untilDone(tc.done)
			}
			if tc.nothing && len(w.actions.Done) > 0 {
				t.Errorf("%s But this was done: %v", tc.reason, w.actions.Done)
			}
		})
	}
}

// TestLongPath: where a kubeconfig is stays until it was read, all of it.
func TestLongPath(t *testing.T) {
	path := "/home/somebody/.kube/vclusterctl-default-dev-of-eve.kubeconfig"
	w := begin(t, func(c *tui.Config) {
		c.Session.SaveKubeconfig = func(context.Context, act.Target) (string, error) { return path, nil }
	}, tuitest.Cluster("dev", tuitest.Ready))
	w.untilShows("live")
	w.Press("f")
	w.untilShows(path)
	w.clock.Step(time.Minute)
	w.Step()
	if !w.shows(path) {
		t.Errorf("the path has gone by itself:\n%s", w.View())
	}
	w.Press("enter")
	if w.shows(path) {
		t.Errorf("the path was read:\n%s", w.View())
	}
}

// untilDone lets messages pass until something was done.
func (w *world) untilDone(what string) {
	w.t.Helper()
	for !w.actions.Was(what) {
		w.Step()
	}
}

// TestYesTooEarly: nobody agrees to what was not named yet.
func TestYesTooEarly(t *testing.T) {
	named := make(chan struct{})
	w := begin(t, func(c *tui.Config) {
		c.Session.Inventory = func(context.Context, act.Target) ([]string, error) {
			<-named
			return []string{"1 volume"}, nil
		}
	}, tuitest.Cluster("dev", tuitest.Ready))
	w.untilShows("live")
	w.Press("ctrl+d", "y", "tab", "enter")
	if w.actions.Was("delete dev uid-dev") || !w.shows("Finding out") {
		t.Errorf("before anything was named:\n%s\n%v", w.View(), w.actions.Done)
	}
	close(named)
	w.untilShows("1 volume")
}

// TestGoneWhileAsked: another cluster of that name is not the one that was
// asked about.
func TestGoneWhileAsked(t *testing.T) {
	w := begin(t, nil, tuitest.Cluster("dev", tuitest.Ready))
	w.untilShows("live")
	server := w.watch()
	w.Press("ctrl+d")
	w.untilShows("1 volume")
	again := tuitest.Cluster("dev", tuitest.Ready)
	again.UID = "another"
	server.Delete(tuitest.Cluster("dev"))
	server.Add(again)
	w.untilShows("gone already")
	w.Press("y")
	if w.shows("Delete dev") || len(w.actions.Done) > 0 {
		t.Errorf("the question stands still:\n%s\n%v", w.View(), w.actions.Done)
	}
}

// TestFailures: an error is told with its remedy, and nothing ends.
func TestFailures(t *testing.T) {
	for name, keys := range map[string][]string{"delete": {"ctrl+d"}, "pause": {"p"}, "save": {"f"}, "copy": {"c"}} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, nil, tuitest.Cluster("dev", tuitest.Ready))
			w.actions.Fail = errors.New("the API server has gone fishing")
			w.untilShows("live")
			w.Press(keys...)
			if w.shows("Cancel") {
				w.Until("an end of the looking", func(view string) bool { return !strings.Contains(view, "Finding out") })
				w.Press("y")
			}
			w.untilShows("gone fishing")
			w.Press("esc")
			w.untilShows("Ready")
		})
	}
}

// TestDescribeLive: the description follows the cluster, also out of it.
func TestDescribeLive(t *testing.T) {
	w := begin(t, nil, tuitest.Cluster("dev", tuitest.Booted))
	w.untilShows("live")
	server := w.watch()
	w.Press("d")
	w.untilShows("Coming up")
	ready := tuitest.Cluster("dev", tuitest.Ready)
	ready.ResourceVersion = "2"
	server.Modify(ready)
	w.untilShows("Boot of server-0")
	if w.shows("Coming up") {
		t.Errorf("it has come up:\n%s", w.View())
	}
	server.Delete(ready)
	w.untilShows("This cluster is deleted")
	w.Press("a") // which asks for something that is gone
	w.untilShows("dev is gone")
	w.Press("q")
	w.untilShows("No virtual clusters")
}

// TestYAMLOfAnother: a cluster that takes the name is not the one that is shown.
func TestYAMLOfAnother(t *testing.T) {
	w := begin(t, nil, tuitest.Cluster("dev"))
	w.untilShows("live")
	server := w.watch()
	w.Press("y")
	w.untilShows("uid: uid-dev")
	again := tuitest.Cluster("dev", tuitest.Ready)
	again.UID = "another"
	server.Modify(again)
	w.untilShows("dev YAML (deleted)")
	if w.shows("uid: another") {
		t.Errorf("another cluster is shown:\n%s", w.View())
	}
}

// TestLogs: nodes change, what was read of another one does not appear.
func TestLogs(t *testing.T) {
	w := begin(t, nil, tuitest.Cluster("dev", tuitest.Ready, tuitest.Pool("work", 1)))
	w.actions.Log = "hello\x1b[2J"
	w.untilShows("live")
	w.Press("l")
	w.untilShows("Logs of which node?")
	w.Press("down", "enter")
	w.untilShows("work-0 says")
	w.untilShows("end of the log")
	if strings.Contains(w.View(), "\x1b[2J") {
		t.Error("the log can clear the screen")
	}
	w.Press("tab")
	w.untilShows("server-0 says")
	if w.shows("work-0") {
		t.Errorf("lines of the other node:\n%s", w.View())
	}
	w.Press("s")
	w.untilShows("held still")
	w.Press("r")
	w.untilShows("server-0 says")
	w.Press("q")
	w.untilShows("● Ready")
}

func TestLogsFail(t *testing.T) {
	w := begin(t, nil, tuitest.Cluster("dev", tuitest.Ready))
	w.actions.Fail = errors.New("no exec for you")
	w.untilShows("live")
	w.Press("l")
	w.untilShows("no exec for you (r reads again)")
}

// TestLogStops: whoever leaves a log lets go of it.
func TestLogStops(t *testing.T) {
	stopped := make(chan struct{})
	w := begin(t, func(c *tui.Config) {
		c.Session.Logs = func(_ context.Context, _ act.LogRequest, emit func(string) error) error {
			defer close(stopped)
			for {
				if err := emit("again and again"); err != nil {
					return err
				}
			}
		}
	}, tuitest.Cluster("dev", tuitest.Ready))
	w.untilShows("live")
	w.Press("l")
	w.untilShows("10000 lines")
	w.Press("q")
	select {
	case <-stopped:
	case <-time.After(10 * time.Second):
		t.Error("the log is still being read")
	}
}
