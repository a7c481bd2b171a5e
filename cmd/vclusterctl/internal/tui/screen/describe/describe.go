// Package describe is the screen with all there is to know of one cluster. The
// cluster itself is live; its pods and events are read anew whenever it
// changes, and every few seconds.
package describe

import (
	"context"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	known "github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/describe"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/pane"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/row"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/source"
)

// every is how often pods and events are read anew while nothing changes.
const every = 5 * time.Second

// Details finds the pods and events of a cluster.
type Details func(context.Context, act.Target) (known.Input, error)

// Describe is the screen.
type Describe struct {
	screen.Env

	ctx     context.Context //nolint:containedctx // of the program: commands outlive the message that starts them
	details Details
	target  row.Row
	cluster *v1alpha1.VirtualCluster
	gone    bool

	found   known.Input
	err     error
	reading bool
	again   bool
	readAt  time.Time
	gotOnce bool
	width   int
	pane    *pane.Pane
}

// read is what was found out, with the screen that asked.
type read struct {
	by    *Describe
	found known.Input
	err   error
}

// New is the screen of a cluster, and the command that finds its pods and
// events.
func New(ctx context.Context, env screen.Env, details Details, vc *v1alpha1.VirtualCluster) (*Describe, tea.Cmd) {
	d := &Describe{Env: env, ctx: ctx, details: details, target: row.Of(vc), cluster: vc, pane: pane.New(env.Theme, env.Keys)}
	d.pane.SetWrap(true)
	return d, d.read()
}

// read asks anew, once at a time.
func (d *Describe) read() tea.Cmd {
	if d.reading {
		d.again = true
		return nil
	}
	d.reading, d.again, d.readAt = true, false, d.Now()
	ctx, details, target := d.ctx, d.details, act.Target{NamespacedName: d.target.Key, UID: d.target.UID}
	return func() tea.Msg {
		found, err := details(ctx, target)
		return read{by: d, found: found, err: err}
	}
}

// SetSize makes room.
func (d *Describe) SetSize(width, height int) {
	d.width = width
	d.pane.SetSize(width, height)
	d.draw()
}

// Title says what is shown.
func (d *Describe) Title() string {
	title := d.target.Key.Name
	if d.gone {
		title += " (deleted)"
	}
	return title
}

// View draws the description.
func (d *Describe) View() string { return d.pane.View() }

// Typing says whether keys are text for the search.
func (d *Describe) Typing() bool { return d.pane.Typing() }

// Help are the keys to point out.
func (d *Describe) Help() []key.Binding {
	k := d.Keys
	return []key.Binding{k.Help, k.Back, k.YAML, k.Logs, k.Attach, k.Shell, k.Search, k.Delete}
}

// Update takes a message.
func (d *Describe) Update(msg tea.Msg) (screen.Request, tea.Cmd) {
	switch msg := msg.(type) {
	case source.Update:
		return nil, d.learn(msg)
	case read:
		if msg.by == d {
			return nil, d.fill(msg)
		}
		return nil, nil
	case screen.Tick:
		return nil, d.tick()
	case tea.KeyPressMsg:
		return d.pressed(msg), nil
	}
	d.pane.Update(msg)
	return nil, nil
}

func (d *Describe) learn(u source.Update) tea.Cmd {
	vc, told := u.Of(d.target.Key)
	if !told {
		return nil
	}
	if d.gone = vc == nil || vc.UID != d.target.UID; d.gone {
		d.draw()
		return nil // what was known stays to be read
	}
	changed := vc.ResourceVersion != d.cluster.ResourceVersion
	d.cluster, d.target = vc, row.Of(vc)
	d.draw()
	if changed {
		return d.read()
	}
	return nil
}

func (d *Describe) fill(r read) tea.Cmd {
	d.reading, d.err = false, r.err
	if r.err == nil {
		d.found, d.gotOnce = r.found, true
	}
	d.draw()
	if d.again {
		return d.read()
	}
	return nil
}

// tick lets ages grow.
func (d *Describe) tick() tea.Cmd {
	d.draw()
	if d.Now().Sub(d.readAt) < every || d.gone {
		return nil
	}
	return d.read()
}

func (d *Describe) pressed(press tea.KeyPressMsg) screen.Request {
	if d.pane.Update(press) {
		d.draw() // wrapping is done here
		return nil
	}
	if key.Matches(press, d.Keys.Back) {
		if d.pane.StopSearch() {
			return nil
		}
		return screen.Back
	}
	if verb, ok := screen.ClusterVerb(d.Keys, press); ok && verb != screen.Describe {
		return screen.Do{Verb: verb, Target: d.target}
	}
	return nil
}
