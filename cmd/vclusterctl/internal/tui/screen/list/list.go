package list

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/input"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/row"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/source"
)

// List is the screen.
type List struct {
	screen.Env
	width, height int

	namespace string
	status    source.Status
	// loaded is true once the API server has said what there is.
	loaded  bool
	entries map[types.NamespacedName]*entry

	// shown are the rows that pass the filter, in order.
	shown    []*entry
	selected types.NamespacedName
	// awaited gets the cursor as soon as it appears.
	awaited types.NamespacedName
	cursor  int
	top     int

	filter  textinput.Model
	order   row.Order
	reverse bool
	need    needs
}

// entry is a cluster and what is made of it once, not for every frame.
type entry struct {
	row.Row

	cluster *v1alpha1.VirtualCluster
	// words are what the filter looks at.
	words string
}

// New is the screen of a namespace, "" for all.
func New(env screen.Env, namespace string) *List {
	l := &List{Env: env, filter: input.New(env.Theme, "/")}
	l.Begin(namespace)
	return l
}

// Begin forgets everything and waits for what there is in a namespace.
func (l *List) Begin(namespace string) {
	l.namespace, l.loaded, l.status = namespace, false, source.Status{}
	l.entries = map[types.NamespacedName]*entry{}
	l.selected, l.cursor, l.top = types.NamespacedName{}, 0, 0
	l.arrange()
}

// Namespace is the one that is shown, "" for all.
func (l *List) Namespace() string { return l.namespace }

// Selected is the row that the cursor is on, nil if there is none.
func (l *List) Selected() *row.Row {
	if len(l.shown) == 0 {
		return nil
	}
	return &l.shown[l.cursor].Row
}

// Cluster is a cluster by its name, nil if there is none.
func (l *List) Cluster(key types.NamespacedName) *v1alpha1.VirtualCluster {
	if e := l.entries[key]; e != nil {
		return e.cluster
	}
	return nil
}

// Select puts the cursor on a cluster, which may be yet to come.
func (l *List) Select(key types.NamespacedName) {
	l.awaited = key
	l.arrange()
}

// Counts says how many clusters there are, and how many pass the filter.
func (l *List) Counts() (all, shown int) { return len(l.entries), len(l.shown) }

// Status says how current the list is, and whether it is there at all.
func (l *List) Status() (status source.Status, loaded bool) { return l.status, l.loaded }

// SetSize makes room.
func (l *List) SetSize(width, height int) {
	l.width, l.height = max(width, 0), max(height, 0)
	l.filter.SetWidth(max(width-3, 1))
	l.scroll()
}

// Title says what is shown.
func (l *List) Title() string { return "clusters" }

// Typing says whether keys are text for the filter.
func (l *List) Typing() bool { return l.filter.Focused() }

// Help are the keys to point out.
func (l *List) Help() []key.Binding {
	k := l.Keys
	if l.Typing() {
		return []key.Binding{k.Choose, k.Clear}
	}
	if len(l.entries) == 0 {
		return []key.Binding{k.Help, k.Create, k.AllNamespaces, k.Namespace, k.Context, k.Quit}
	}
	return []key.Binding{k.Help, k.Describe, k.Create, k.Attach, k.Logs, k.Filter, k.Quit, k.Delete}
}

// Update takes a message.
func (l *List) Update(msg tea.Msg) (screen.Request, tea.Cmd) {
	switch msg := msg.(type) {
	case source.Update:
		l.learn(msg)
	case tea.PasteMsg:
		l.typed(msg)
	case tea.KeyPressMsg:
		if l.Typing() {
			l.typed(msg)
			return nil, nil
		}
		return l.pressed(msg), nil
	}
	return nil, nil
}

// learn takes what the API server said.
func (l *List) learn(u source.Update) {
	l.status = u.Status
	if u.Replace {
		l.loaded = true
		clear(l.entries)
	}
	for _, c := range u.Changes {
		if c.Cluster == nil {
			delete(l.entries, c.Key)
			continue
		}
		l.entries[c.Key] = l.newEntry(c.Cluster)
	}
	if u.Replace || len(u.Changes) > 0 {
		l.arrange()
	}
}

func (l *List) newEntry(vc *v1alpha1.VirtualCluster) *entry {
	e := &entry{Row: row.Of(vc), cluster: vc}
	e.Status, e.Detail = l.Clean(e.Status), l.Clean(e.Detail)
	e.Version, e.Runtime, e.Endpoint = l.Clean(e.Version), l.Clean(e.Runtime), l.Clean(e.Endpoint)
	e.words = strings.ToLower(strings.Join([]string{e.Key.Namespace + "/" + e.Key.Name, e.Status, e.Version, e.Runtime}, " "))
	return e
}

// arrange filters and sorts anew. The cursor stays on its cluster; if that is
// gone, it stays on its line.
func (l *List) arrange() {
	l.shown = l.shown[:0]
	l.need = needs{}
	wanted := strings.Fields(strings.ToLower(l.filter.Value()))
	for _, e := range l.entries {
		l.need.add(&e.Row)
		if e.hasAll(wanted) {
			l.shown = append(l.shown, e)
		}
	}
	slices.SortFunc(l.shown, func(a, b *entry) int {
		if l.reverse {
			a, b = b, a
		}
		return row.Compare(l.order, &a.Row, &b.Row)
	})
	if i := l.indexOf(l.selected); i >= 0 {
		l.cursor = i
	}
	if i := l.indexOf(l.awaited); i >= 0 {
		l.cursor, l.awaited = i, types.NamespacedName{}
	}
	l.scroll()
}

func (l *List) indexOf(key types.NamespacedName) int {
	return slices.IndexFunc(l.shown, func(e *entry) bool { return e.Key == key })
}

func (e *entry) hasAll(words []string) bool {
	for _, w := range words {
		if !strings.Contains(e.words, w) {
			return false
		}
	}
	return true
}

// scroll keeps the cursor on a row, and that row visible.
func (l *List) scroll() {
	l.cursor = max(min(l.cursor, len(l.shown)-1), 0)
	l.selected = types.NamespacedName{}
	if len(l.shown) > 0 {
		l.selected = l.shown[l.cursor].Key
	}
	room := max(l.room(), 1)
	l.top = max(min(l.top, l.cursor), l.cursor-room+1)
	l.top = max(min(l.top, len(l.shown)-room), 0)
}

// typed is what happens while the filter is written: the list follows.
func (l *List) typed(msg tea.Msg) {
	press, isKey := msg.(tea.KeyPressMsg)
	switch {
	case isKey && key.Matches(press, l.Keys.Choose):
		l.filter.Blur()
		return
	case isKey && key.Matches(press, l.Keys.Clear):
		l.clearFilter()
		return
	}
	l.filter, _ = l.filter.Update(msg) // its cursor does not blink
	l.arrange()
}

func (l *List) clearFilter() {
	l.filter.Blur()
	l.filter.SetValue("")
	l.arrange()
}

func (l *List) pressed(press tea.KeyPressMsg) screen.Request {
	if l.move(press) || l.rearrange(press) {
		return nil
	}
	if verb, ok := screen.ClusterVerb(l.Keys, press); ok {
		if r := l.Selected(); r != nil {
			return screen.Do{Verb: verb, Target: *r}
		}
		return nil
	}
	return l.leave(press)
}

func (l *List) move(press tea.KeyPressMsg) bool {
	page := max(l.room()-1, 1)
	switch k := l.Keys; {
	case key.Matches(press, k.Up):
		l.cursor--
	case key.Matches(press, k.Down):
		l.cursor++
	case key.Matches(press, k.PageUp):
		l.cursor -= page
	case key.Matches(press, k.PageDown):
		l.cursor += page
	case key.Matches(press, k.Top):
		l.cursor = 0
	case key.Matches(press, k.Bottom):
		l.cursor = len(l.shown) - 1
	default:
		return false
	}
	l.scroll()
	return true
}

func (l *List) rearrange(press tea.KeyPressMsg) bool {
	switch k := l.Keys; {
	case key.Matches(press, k.Filter):
		l.filter.CursorEnd()
		l.filter.Focus()
	case key.Matches(press, k.Clear):
		l.clearFilter()
	case key.Matches(press, k.Sort):
		l.order, l.reverse = l.order.Next(), false
		l.arrange()
	case key.Matches(press, k.Reverse):
		l.reverse = !l.reverse
		l.arrange()
	default:
		return false
	}
	return true
}

func (l *List) leave(press tea.KeyPressMsg) screen.Request {
	for _, way := range []struct {
		binding key.Binding
		to      screen.Go
	}{
		{l.Keys.Create, screen.Create},
		{l.Keys.AllNamespaces, screen.ToggleAllNamespaces},
		{l.Keys.Namespace, screen.ChooseNamespace},
		{l.Keys.Context, screen.ChooseContext},
		{l.Keys.Refresh, screen.Refresh},
		{l.Keys.Help, screen.Help},
		{l.Keys.Quit, screen.Quit},
	} {
		if key.Matches(press, way.binding) {
			return way.to
		}
	}
	return nil
}
