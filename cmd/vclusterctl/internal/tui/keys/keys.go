package keys

import "charm.land/bubbles/v2/key"

// Map is every key there is.
type Map struct {
	Up, Down, PageUp, PageDown, Top, Bottom, Left, Right key.Binding

	Describe, YAML, Logs, Attach, Shell, Create, Delete, Pause, Resume key.Binding
	CopyKubeconfig, SaveKubeconfig                                     key.Binding

	Filter, Clear, Sort, Reverse, AllNamespaces, Namespace, Context, Refresh key.Binding

	Search, Next, Previous, Follow, Wrap, Node, Reread key.Binding

	NextField, PreviousField, PreviousChoice, NextChoice, Apply key.Binding

	Yes, No, OtherAnswer, PreviousItem, NextItem, Choose, Cancel key.Binding

	Help, Back, Quit, ForceQuit, Suspend key.Binding
}

// Group are the keys that belong together.
type Group struct {
	Title string
	// Where says on which screens they work.
	Where string
	Keys  []key.Binding
}

func bind(help, does string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, does))
}

// Default is the map of everybody.
func Default() *Map {
	m := &Map{
		Up:       bind("up/k", "up", "up", "k"),
		Down:     bind("down/j", "down", "down", "j"),
		PageUp:   bind("pgup/ctrl+b", "a page up", "pgup", "ctrl+b"),
		PageDown: bind("pgdn/ctrl+f/space", "a page down", "pgdown", "ctrl+f", "space"),
		Top:      bind("g/home", "to the top", "g", "home"),
		Bottom:   bind("G/end", "to the bottom", "G", "end"),
		Left:     bind("left/h", "to the left", "left", "h"),
		Right:    bind("right", "to the right", "right"),

		Help:      bind("?", "help, but not where something is typed or asked", "?"),
		Back:      bind("esc/q", "back", "esc", "q"),
		Quit:      bind("q", "quit", "q"),
		ForceQuit: bind("ctrl+c", "quit at once", "ctrl+c"),
		Suspend:   bind("ctrl+z", "suspend, until fg in the shell", "ctrl+z"),
	}
	m.ofClusters()
	m.ofTexts()
	m.ofForms()
	return m
}

func (m *Map) ofClusters() {
	m.Describe = bind("enter/d", "describe", "enter", "d")
	m.YAML = bind("y", "YAML", "y")
	m.Logs = bind("l", "logs, of a node", "l")
	m.Attach = bind("a", "attach, a shell with kubectl at the cluster", "a")
	m.Shell = bind("s", "shell, inside a node", "s")
	m.Create = bind("n", "new, a cluster", "n")
	m.Delete = bind("ctrl+d", "delete, after asking", "ctrl+d")
	m.Pause = bind("p", "pause, after asking", "p")
	m.Resume = bind("u", "resume, after asking", "u")
	m.CopyKubeconfig = bind("c", "kubeconfig to the clipboard", "c")
	m.SaveKubeconfig = bind("f", "kubeconfig to a file", "f")
	m.Filter = bind("/", "filter", "/")
	m.Clear = bind("esc", "clear the filter", "esc")
	m.Sort = bind("o", "order by the next column", "o")
	m.Reverse = bind("O", "turn the order around", "O")
	m.AllNamespaces = bind("0", "all namespaces, or back to one", "0")
	m.Namespace = bind("N", "choose a namespace", "N")
	m.Context = bind("C", "choose a kubeconfig context", "C")
	m.Refresh = bind("r", "read anew, or try again now", "r")
}

func (m *Map) ofTexts() {
	m.Search = bind("/", "search", "/")
	m.Next = bind("n", "next match", "n")
	m.Previous = bind("N", "previous match", "N")
	m.Wrap = bind("w", "wrap, or cut long lines", "w")
	m.Follow = bind("s", "follow, or hold still", "s")
	m.Node = bind("tab", "next node", "tab")
	m.Reread = bind("r", "read the log again", "r")
}

func (m *Map) ofForms() {
	m.NextField = bind("tab/down/enter", "next field", "tab", "down", "enter")
	m.PreviousField = bind("shift+tab/up", "previous field", "shift+tab", "up")
	m.PreviousChoice = bind("left", "previous value of a choice", "left")
	m.NextChoice = bind("right/space", "next value of a choice", "right", "space")
	m.Apply = bind("ctrl+s", "create", "ctrl+s")
	m.Yes = bind("y", "do it", "y")
	m.No = bind("n", "leave it", "n")
	m.OtherAnswer = bind("tab/shift+tab/left/right", "the other answer", "tab", "shift+tab", "left", "right")
	m.PreviousItem = bind("up", "the one above, of several", "up")
	m.NextItem = bind("down", "the one below, of several", "down")
	m.Choose = bind("enter", "choose", "enter")
	m.Cancel = bind("esc", "leave it", "esc")
}

// Groups are all keys, in the order in which they are explained.
func (m *Map) Groups() []Group {
	return []Group{
		{Title: "Cluster", Where: "in the list and in a description", Keys: []key.Binding{
			m.YAML, m.Logs, m.Attach, m.Shell, m.CopyKubeconfig, m.SaveKubeconfig, m.Pause, m.Resume, m.Delete,
		}},
		{Title: "List", Where: "in the list", Keys: []key.Binding{
			m.Describe, m.Create, m.Filter, m.Clear, m.Sort, m.Reverse, m.AllNamespaces, m.Namespace, m.Context, m.Refresh, m.Quit,
		}},
		{Title: "Move", Where: "in the list and in texts", Keys: []key.Binding{m.Up, m.Down, m.PageUp, m.PageDown, m.Top, m.Bottom}},
		{Title: "Texts", Where: "in descriptions, YAML, logs and this help", Keys: []key.Binding{
			m.Left, m.Right, m.Search, m.Next, m.Previous, m.Wrap, m.Back,
		}},
		{Title: "Logs", Where: "in logs", Keys: []key.Binding{m.Follow, m.Node, m.Reread}},
		{Title: "New cluster", Where: "in its form", Keys: []key.Binding{
			m.NextField, m.PreviousField, m.PreviousChoice, m.NextChoice, m.Apply,
		}},
		{Title: "Questions", Where: "where something is asked or searched", Keys: []key.Binding{
			m.Yes, m.No, m.OtherAnswer, m.PreviousItem, m.NextItem, m.Choose, m.Cancel,
		}},
		{Title: "Program", Where: "everywhere", Keys: []key.Binding{m.Help, m.ForceQuit, m.Suspend}},
	}
}
