package tui

import (
	"cmp"
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"k8s.io/utils/clock"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/row"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen/list"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/source"
)

// Session is a host cluster to work with.
type Session struct {
	act.Actions

	// Context is its name in the kubeconfig, Namespace the one to begin in, ""
	// for all.
	Context, Namespace string
	Watcher            source.Watcher
}

// Config is what the TUI needs to know.
type Config struct {
	screen.Env

	Clock clock.WithTicker
	// Session is the one to begin with.
	Session *Session
	// Contexts are those of the kubeconfig; Connect makes a session of one.
	Contexts func(context.Context) ([]string, error)
	Connect  func(ctx context.Context, name string) (*Session, error)
}

// Model is the whole program.
type Model struct {
	Config

	ctx           context.Context //nolint:containedctx // of the whole program: commands outlive the message that starts them
	width, height int

	source *source.Source
	stop   context.CancelFunc
	list   *list.List
	// stack are the screens over the list, the visible one last.
	stack []screen.Screen
	// asked is the cluster that a box asks about.
	asked row.Row
	// single is the namespace to come back to from all of them.
	single string

	told      screen.Tell
	toldUntil time.Time
}

// The messages of the program itself.
type (
	// connected ends the change to another context.
	connected struct {
		session *Session
		err     error
	}
	// failed ends what was done in the background; what names it. What went
	// well ends with a screen.Tell.
	failed struct {
		what string
		err  error
	}
	// copied is a kubeconfig for the clipboard.
	copied struct {
		name string
		data []byte
	}
	// saved says where a kubeconfig is.
	saved struct{ name, path string }
	// returned ends what took over the terminal.
	returned struct {
		what string
		err  error
	}
	// ended says that a source has nothing more to say.
	ended struct{}
)

// The measures of the frame around the screens.
const (
	frame     = 2
	minWidth  = 30
	minHeight = 8
	// tellFor is how long a remark stays.
	tellFor = 6 * time.Second
)

// defaultNamespace is where clusters are made unless a namespace was chosen.
const defaultNamespace = "default"

// New is the program, in a context that ends with it.
func New(ctx context.Context, c Config) *Model {
	m := &Model{Config: c, ctx: ctx, stop: func() {}}
	m.list = list.New(c.Env, c.Session.Namespace)
	m.single = cmp.Or(c.Session.Namespace, defaultNamespace)
	m.begin(c.Session.Namespace)
	return m
}

// begin replaces the source. Init or the caller lets it run.
func (m *Model) begin(namespace string) {
	m.stop()
	id := 1
	if m.source != nil {
		id = m.source.ID() + 1
	}
	m.source = source.New(id, m.Session.Watcher, namespace, m.Clock)
	m.list.Begin(namespace)
	if namespace != "" {
		m.single = namespace
	}
}

// listen lets the source run, and waits for what it says. Both are commands:
// a panic in them restores the terminal as one in Update does.
func (m *Model) listen() tea.Cmd {
	ctx, cancel := context.WithCancel(m.ctx)
	m.stop = cancel
	src := m.source
	run := func() tea.Msg {
		src.Run(ctx)
		return ended{}
	}
	return tea.Batch(run, next(ctx, src))
}

// heard is an update with the way to the next one.
type heard struct {
	source.Update

	next tea.Cmd
}

func next(ctx context.Context, src *source.Source) tea.Cmd {
	return func() tea.Msg {
		u, ok := src.Next(ctx)
		if !ok {
			return ended{}
		}
		return heard{Update: u, next: next(ctx, src)}
	}
}

// Init begins to listen and starts the clock.
func (m *Model) Init() tea.Cmd { return tea.Batch(m.listen(), m.tick()) }

func (m *Model) tick() tea.Cmd {
	ctx := m.ctx
	timer := m.Clock.NewTimer(time.Second)
	return func() tea.Msg {
		defer timer.Stop()
		select {
		case now := <-timer.C():
			return screen.Tick(now)
		case <-ctx.Done():
			return ended{}
		}
	}
}

// top is the screen that gets the keys.
func (m *Model) top() screen.Screen {
	if len(m.stack) == 0 {
		return m.list
	}
	return m.stack[len(m.stack)-1]
}

// push shows a screen over the others.
func (m *Model) push(s screen.Screen) {
	m.stack = append(m.stack, s)
	m.resize()
}

// remove takes a screen away, wherever it is.
func (m *Model) remove(s screen.Screen) {
	if c, ok := s.(screen.Closer); ok {
		c.Close()
	}
	m.stack = slices.DeleteFunc(m.stack, func(other screen.Screen) bool { return other == s })
	m.resize()
}

func (m *Model) removeAll() {
	for len(m.stack) > 0 {
		m.remove(m.top())
	}
}

func (m *Model) resize() {
	m.list.SetSize(m.width, m.height-frame)
	for _, s := range m.stack {
		s.SetSize(m.width, m.height-frame)
	}
}

// tell shows a remark in place of the keys.
func (m *Model) tell(t screen.Tell) {
	m.told, m.toldUntil = t, m.Now().Add(tellFor)
}
