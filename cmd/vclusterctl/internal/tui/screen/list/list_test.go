package list_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"
	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen/list"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/source"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/tuitest"
)

func live(clusters ...*v1alpha1.VirtualCluster) source.Update {
	u := source.Update{Replace: true, Status: source.Status{State: source.Live}}
	for _, vc := range clusters {
		u.Changes = append(u.Changes, source.Change{Key: types.NamespacedName{Namespace: vc.Namespace, Name: vc.Name}, Cluster: vc})
	}
	return u
}

func changed(vc *v1alpha1.VirtualCluster) source.Update {
	u := live(vc)
	u.Replace = false
	return u
}

func gone(namespace, name string) source.Update {
	return source.Update{Changes: []source.Change{{Key: types.NamespacedName{Namespace: namespace, Name: name}}}, Status: source.Status{State: source.Live}}
}

func lost(err error) source.Update {
	return source.Update{Status: source.Status{State: source.Lost, Err: err, RetryAt: tuitest.Now.Add(4 * time.Second), Attempts: 3}}
}

func zoo() []*v1alpha1.VirtualCluster {
	return []*v1alpha1.VirtualCluster{
		tuitest.Cluster("dev", tuitest.Ready, tuitest.Pool("work", 2)),
		tuitest.Cluster("boots", tuitest.Booted, tuitest.Aged(7*time.Second)),
		tuitest.Cluster("new", tuitest.Aged(time.Second)),
		tuitest.Cluster("old-node", tuitest.NoNode),
		tuitest.Cluster("no-image", tuitest.NoImage),
		tuitest.Cluster("sleeps", tuitest.Paused, tuitest.Aged(50*time.Hour)),
		tuitest.Cluster("goes", tuitest.Deleting),
	}
}

// show is a list after messages, at 80×22, which is 80×24 with its frame.
func show(env screen.Env, namespace string, messages ...tea.Msg) *list.List {
	l := list.New(env, namespace)
	l.SetSize(80, 22)
	for _, m := range messages {
		l.Update(m)
	}
	return l
}

func keyed(keys ...string) (all []tea.Msg) {
	for _, k := range keys {
		all = append(all, tuitest.Key(k))
	}
	return all
}

func TestView(t *testing.T) {
	long := tuitest.Cluster(strings.Repeat("n", 45), tuitest.In(strings.Repeat("s", 63)), tuitest.Booted)
	forbidden := apierrors.NewForbidden(v1alpha1.Resource("virtualclusters"), "", errors.New(`User "eve" cannot list resource`))
	cases := map[string]struct {
		reason        string
		plain, ascii  bool
		allNamespaces bool
		messages      []tea.Msg
		width         int
	}{
		"loading":    {reason: "Before the first word, that is said."},
		"empty":      {reason: "What to do about it is said.", messages: []tea.Msg{live()}},
		"empty-all":  {reason: "There is no other namespace to look in.", allNamespaces: true, messages: []tea.Msg{live()}},
		"zoo":        {reason: "Every state looks different, with its sign.", messages: []tea.Msg{live(zoo()...)}},
		"all":        {reason: "Namespaces fit in, too.", allNamespaces: true, messages: []tea.Msg{live(zoo()...)}},
		"by-status":  {reason: "What wants attention stands on top.", messages: append([]tea.Msg{live(zoo()...)}, keyed("o")...)},
		"reverse":    {reason: "The sign of the order turns.", messages: append([]tea.Msg{live(zoo()...)}, keyed("O")...)},
		"error":      {reason: "Why there is nothing, what to do, and when it is tried again.", messages: []tea.Msg{lost(forbidden)}},
		"lost":       {reason: "What may be out of date looks so.", messages: []tea.Msg{live(zoo()...), lost(errors.New("connection refused"))}},
		"long-names": {reason: "Nothing is torn.", allNamespaces: true, messages: []tea.Msg{live(append(zoo(), long)...)}},
		"nocolor":    {reason: "Signs and words say all that colours do.", plain: true, messages: []tea.Msg{live(zoo()...)}},
		"ascii":      {reason: "So they do in ASCII.", plain: true, ascii: true, messages: []tea.Msg{live(zoo()...)}},
		"filtering":  {reason: "The list follows what is typed.", messages: append([]tea.Msg{live(zoo()...)}, keyed("/", "n", "o", "d")...)},
		"filtered":   {reason: "That a filter is on is seen.", messages: append([]tea.Msg{live(zoo()...)}, keyed("/", "n", "o", "d", "enter")...)},
		"no-match":   {reason: "An empty list is explained.", messages: append([]tea.Msg{live(zoo()...)}, keyed("/", "q", "q", "enter")...)},
		"wide":       {reason: "Room is used.", width: 140, allNamespaces: true, messages: []tea.Msg{live(append(zoo(), long)...)}},
		"narrow":     {reason: "What is told least goes first.", width: 40, allNamespaces: true, messages: []tea.Msg{live(zoo()...)}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			namespace := "default"
			if tc.allNamespaces {
				namespace = ""
			}
			l := show(tuitest.Env(!tc.plain, tc.ascii), namespace, tc.messages...)
			if tc.width > 0 {
				l.SetSize(tc.width, 22)
			}
			golden.RequireEqual(t, l.View())
			measure(t, l, max(tc.width, 80*bool2int(tc.width == 0)), 22)
			if tc.ascii && strings.ContainsFunc(l.View(), func(r rune) bool { return r > 127 }) {
				t.Error("something is not ASCII")
			}
		})
	}
}

func bool2int(b bool) int {
	if b {
		return 1
	}
	return 0
}

// measure wants a view of exactly some lines, none of them too wide.
func measure(t *testing.T, l *list.List, width, height int) {
	t.Helper()
	lines := strings.Split(l.View(), "\n")
	if len(lines) != height {
		t.Errorf("at %dx%d there are %d lines", width, height, len(lines))
	}
	for i, line := range lines {
		if w := ansi.StringWidth(line); w > width {
			t.Errorf("at %dx%d line %d is %d wide: %q", width, height, i, w, line)
		}
	}
}

// TestSizes: no size breaks anything.
func TestSizes(t *testing.T) {
	for _, namespace := range []string{"", "default"} {
		l := show(tuitest.Env(true, false), namespace, live(append(zoo(), tuitest.Many(50)...)...))
		for width := range 150 {
			for _, height := range []int{0, 1, 2, 3, 4, 5, 10, 22, 80} {
				l.SetSize(width, height)
				if height > 0 {
					measure(t, l, width, height)
				}
				l.Update(tuitest.Key("down"))
			}
		}
	}
}

// TestHostile: what comes from elsewhere cannot rewrite the screen.
func TestHostile(t *testing.T) {
	vc := tuitest.Cluster("dev", tuitest.Booted, tuitest.With("ControlPlaneReady", "False", "Evil\x1b[2J", "\x1b]52;c;eA==\x07\x1b[31mfine\n\n\u540d\u524d"))
	view := show(tuitest.Env(false, false), "default", live(vc)).View()
	if strings.Contains(view, "\x1b[2J") || strings.Contains(view, "\x1b]") || strings.Contains(view, "\x1b[31m") {
		t.Errorf("an escape sequence passed: %q", view)
	}
	if !strings.Contains(view, "fine  \u540d\u524d") {
		t.Errorf("the text is gone: %q", view)
	}
}

func selected(l *list.List) string {
	if r := l.Selected(); r != nil {
		return r.Key.Name
	}
	return ""
}

// TestSelection: the cursor stays on its cluster, whatever happens around it.
func TestSelection(t *testing.T) {
	a, b, c := tuitest.Cluster("a"), tuitest.Cluster("b"), tuitest.Cluster("c")
	cases := map[string]struct {
		reason   string
		messages []tea.Msg
		want     string
	}{
		"First":       {reason: "It begins on top.", want: "a"},
		"Down":        {reason: "It moves.", messages: keyed("down"), want: "b"},
		"NotBeyond":   {reason: "It stays in the list.", messages: keyed("down", "down", "down", "down"), want: "c"},
		"NotAbove":    {reason: "At both ends.", messages: keyed("down", "up", "up"), want: "a"},
		"Bottom":      {reason: "And jumps.", messages: keyed("G"), want: "c"},
		"Top":         {reason: "Both ways.", messages: keyed("G", "g"), want: "a"},
		"Page":        {reason: "By pages, too.", messages: keyed("pgdown"), want: "c"},
		"NewAbove":    {reason: "What appears above does not move it to another cluster.", messages: append(keyed("down"), changed(tuitest.Cluster("aa"))), want: "b"},
		"OtherGone":   {reason: "Nor does what goes.", messages: append(keyed("down"), gone("default", "a")), want: "b"},
		"Gone":        {reason: "Its own cluster gone, it stays on the line.", messages: append(keyed("down"), gone("default", "b")), want: "c"},
		"LastGone":    {reason: "There may be no such line.", messages: append(keyed("G"), gone("default", "c")), want: "b"},
		"AllGone":     {reason: "Or no line at all.", messages: []tea.Msg{live()}, want: ""},
		"Sorted":      {reason: "Sorting takes it along.", messages: append([]tea.Msg{changed(tuitest.Cluster("b", tuitest.NoNode))}, keyed("down", "o")...), want: "b"},
		"Filtered":    {reason: "Filtering keeps it if it can.", messages: keyed("G", "/", "c"), want: "c"},
		"FilteredOut": {reason: "And otherwise goes to what there is.", messages: keyed("G", "/", "t", "/", "a"), want: "a"},
		"Unfiltered":  {reason: "esc brings all back.", messages: keyed("/", "b", "esc", "G"), want: "c"},
		"Replaced":    {reason: "Reading anew changes nothing.", messages: append(keyed("down"), live(a, b, c)), want: "b"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			l := show(tuitest.Env(true, false), "default", append([]tea.Msg{live(a, b, c)}, tc.messages...)...)
			if got := selected(l); got != tc.want {
				t.Errorf("%s\nselected: got %q, want %q", tc.reason, got, tc.want)
			}
			if tc.want != "" && !strings.Contains(ansi.Strip(l.View()), l.Cursor+" "+tc.want) {
				t.Errorf("%s\nthe cursor is not drawn there:\n%s", tc.reason, l.View())
			}
		})
	}
}

// TestScroll: the cursor is always visible.
func TestScroll(t *testing.T) {
	l := show(tuitest.Env(true, false), "", live(tuitest.Many(300)...))
	for _, k := range []string{"down", "pgdown", "pgdown", "G", "up", "pgup", "O", "o", "g", "pgdown", "/", "7", "enter", "G", "esc", "up"} {
		l.Update(tuitest.Key(k))
		if !strings.Contains(ansi.Strip(l.View()), l.Cursor) {
			t.Fatalf("after %q the cursor is out of sight", k)
		}
	}
}

// TestRequests: what the keys ask for.
func TestRequests(t *testing.T) {
	cases := map[string]screen.Request{
		"n": screen.Create, "0": screen.ToggleAllNamespaces, "N": screen.ChooseNamespace, "C": screen.ChooseContext,
		"r": screen.Refresh, "?": screen.Help, "q": screen.Quit,
	}
	for k, want := range cases {
		l := show(tuitest.Env(true, false), "default", live())
		if got, _ := l.Update(tuitest.Key(k)); got != want {
			t.Errorf("%q: got %v, want %v", k, got, want)
		}
	}
	verbs := map[string]screen.Verb{
		"enter": screen.Describe, "d": screen.Describe, "y": screen.YAML, "l": screen.Logs, "a": screen.Attach, "s": screen.Shell,
		"c": screen.CopyKubeconfig, "f": screen.SaveKubeconfig, "p": screen.Pause, "u": screen.Resume, "ctrl+d": screen.Delete,
	}
	for k, want := range verbs {
		l := show(tuitest.Env(true, false), "default", live(tuitest.Cluster("dev")))
		request, _ := l.Update(tuitest.Key(k))
		do, ok := request.(screen.Do)
		if !ok || do.Verb != want || do.Target.UID != "uid-dev" {
			t.Errorf("%q: got %+v, want verb %v for dev", k, request, want)
		}
		empty := show(tuitest.Env(true, false), "default", live())
		if request, _ := empty.Update(tuitest.Key(k)); request != nil {
			t.Errorf("%q with no cluster: got %+v", k, request)
		}
	}
}

// TestTyping: letters of a filter are no commands.
func TestTyping(t *testing.T) {
	l := show(tuitest.Env(true, false), "default", live(zoo()...))
	l.Update(tuitest.Key("/"))
	for _, k := range []string{"n", "q", "0", "?"} {
		if request, _ := l.Update(tuitest.Key(k)); request != nil || !l.Typing() {
			t.Errorf("%q: got %v", k, request)
		}
	}
	l.Update(tea.PasteMsg{Content: "x"})
	if all, shown := l.Counts(); all != 7 || shown != 0 {
		t.Errorf("with a filter of nonsense %d of %d are shown", shown, all)
	}
}

// TestWords: every word of a filter must be there, in any column.
func TestWords(t *testing.T) {
	l := show(tuitest.Env(true, false), "", live(tuitest.Many(100)...))
	l.Update(tuitest.Key("/"))
	for _, k := range tuitest.Keys("TEAM-1 ready") {
		l.Update(k)
	}
	if _, shown := l.Counts(); shown != 10 {
		t.Errorf("got %d clusters, want the 10 of team-1", shown)
	}
}

func TestAgesGrow(t *testing.T) {
	env := tuitest.Env(true, false)
	now := tuitest.Now
	env.Now = func() time.Time { return now }
	l := show(env, "default", live(tuitest.Cluster("dev", tuitest.Ready, tuitest.Aged(time.Second))))
	var ages []string
	for range 3 {
		fields := strings.Fields(ansi.Strip(strings.Split(l.View(), "\n")[1]))
		ages = append(ages, fields[len(fields)-1])
		now = now.Add(time.Second)
	}
	if diff := cmp.Diff([]string{"1s", "2s", "3s"}, ages); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

// BenchmarkList is what one message costs with a thousand clusters.
func BenchmarkList(b *testing.B) {
	all := tuitest.Many(1000)
	one := changed(tuitest.Cluster("cluster-0500", tuitest.In("team-0"), tuitest.Booted))
	for _, bc := range []struct {
		name string
		msg  func(i int) tea.Msg
	}{
		{"open", func(int) tea.Msg { return live(all...) }},
		{"event", func(int) tea.Msg { return one }},
		{"scroll", func(i int) tea.Msg { return tuitest.Key([]string{"pgdown", "pgup"}[i/25%2]) }},
		{"filter", func(i int) tea.Msg { return tuitest.Key([]string{"/", "0", "5", "esc"}[i%4]) }},
		{"sort", func(int) tea.Msg { return tuitest.Key("o") }},
		{"tick", func(int) tea.Msg { return screen.Tick(tuitest.Now) }},
	} {
		b.Run(fmt.Sprintf("%s/update+view", bc.name), func(b *testing.B) {
			l := show(tuitest.Env(true, false), "", live(all...))
			for i := 0; b.Loop(); i++ {
				l.Update(bc.msg(i))
				_ = l.View()
			}
		})
	}
}
