// Package logs is the screen with the log of a node, as it is written.
package logs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/pane"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
)

// The measures of what is kept.
const (
	// tail is how many lines of before are asked for, limit how many are kept.
	tail  = 1000
	limit = 10000
)

// Read gives the lines of a log, as they are written.
type Read func(ctx context.Context, r act.LogRequest, emit func(line string) error) error

// Logs is the screen.
type Logs struct {
	screen.Env

	ctx    context.Context //nolint:containedctx // of the program: commands outlive the message that starts them
	source Read
	target act.Target
	nodes  []string
	node   string

	stop   context.CancelFunc
	stream *stream
	state  string
	bad    bool
	pane   *pane.Pane
	width  int
}

// New is the screen of one of a cluster's nodes, and the command that begins to
// read.
func New(ctx context.Context, env screen.Env, read Read, target act.Target, nodes []string, node string) (*Logs, tea.Cmd) {
	l := &Logs{Env: env, ctx: ctx, source: read, target: target, nodes: nodes, stop: func() {}, pane: pane.New(env.Theme, env.Keys)}
	l.pane.Limit = limit
	l.pane.SetFollow(true)
	return l, l.read(node)
}

// read begins with a node.
func (l *Logs) read(node string) tea.Cmd {
	l.stop()
	ctx, cancel := context.WithCancel(l.ctx)
	l.stop, l.node, l.stream = cancel, node, newStream()
	l.state, l.bad = "opening"+l.Ellipsis, false
	l.pane.Clear()
	request := act.LogRequest{Target: l.target, Node: node, Tail: tail, Follow: true}
	return tea.Batch(l.stream.pump(ctx, l.source, request), l.stream.next())
}

// Close lets go of the log.
func (l *Logs) Close() { l.stop() }

// SetSize makes room, with a line for how things stand.
func (l *Logs) SetSize(width, height int) {
	l.width = width
	l.pane.SetSize(width, max(height-1, 0))
}

// Title says what is shown.
func (l *Logs) Title() string { return l.target.Name + "/" + l.node + " logs" }

// Typing says whether keys are text for the search.
func (l *Logs) Typing() bool { return l.pane.Typing() }

// Help are the keys to point out.
func (l *Logs) Help() []key.Binding {
	k := l.Keys
	keys := []key.Binding{k.Help, k.Back, k.Follow, k.Wrap, k.Search}
	if len(l.nodes) > 1 {
		keys = append(keys, k.Node)
	}
	return append(keys, k.Reread, k.Bottom)
}

// View draws the log.
func (l *Logs) View() string {
	return strings.Join([]string{l.stateLine(), l.pane.View()}, "\n")
}

func (l *Logs) stateLine() string {
	parts := []string{l.state, fmt.Sprintf("%d lines", l.pane.Len())}
	if l.pane.Following() {
		parts = append(parts, "following")
	} else {
		parts = append(parts, "held still", l.pane.Position())
	}
	if l.pane.Wrapped() {
		parts = append(parts, "wrapped")
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	style := l.Muted
	if l.bad {
		style = l.Bad
	}
	return style.Render(l.Fit(" "+l.Clean(strings.Join(parts, " "+l.Dot+" ")), l.width))
}

// Update takes a message.
func (l *Logs) Update(msg tea.Msg) (screen.Request, tea.Cmd) {
	switch msg := msg.(type) {
	case batch:
		if msg.of == l.stream { // and not of a node that was left
			return nil, l.take(msg)
		}
	case tea.KeyPressMsg:
		return l.pressed(msg)
	case tea.PasteMsg:
		l.pane.Update(msg)
	}
	return nil, nil
}

func (l *Logs) take(b batch) tea.Cmd {
	for i := range b.lines {
		b.lines[i] = l.Clean(b.lines[i])
	}
	l.pane.Append(b.lines...)
	switch {
	case !b.ended:
		l.state = "live"
		return l.stream.next()
	case b.err != nil:
		line, _ := l.Explain(b.err)
		l.state, l.bad = line+" (r reads again)", true
	default:
		l.state = "end of the log (r reads again)"
	}
	return nil
}

func (l *Logs) pressed(press tea.KeyPressMsg) (screen.Request, tea.Cmd) {
	if l.pane.Update(press) {
		return nil, nil
	}
	switch k := l.Keys; {
	case key.Matches(press, k.Follow):
		l.pane.SetFollow(!l.pane.Following())
	case key.Matches(press, k.Reread):
		return nil, l.read(l.node)
	case key.Matches(press, k.Node) && len(l.nodes) > 1:
		return nil, l.read(l.nodes[(slices.Index(l.nodes, l.node)+1)%len(l.nodes)])
	case key.Matches(press, k.Back) && !l.pane.StopSearch():
		return screen.Back, nil
	}
	return nil, nil
}
