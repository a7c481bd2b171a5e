package tuitest

import (
	"context"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// Driver runs a model without a terminal: every message and every frame is in
// the hands of the test.
type Driver struct {
	Model tea.Model

	t    *testing.T
	ctx  context.Context //nolint:containedctx // of the test
	msgs chan tea.Msg
	// Quit is true once the program has asked to end.
	Quit bool
}

// Drive starts a model in a terminal of a size.
func Drive(t *testing.T, m tea.Model, width, height int) *Driver {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	d := &Driver{Model: m, t: t, ctx: ctx, msgs: make(chan tea.Msg)}
	d.run(m.Init())
	d.Send(tea.WindowSizeMsg{Width: width, Height: height})
	return d
}

// run executes a command as a program does.
func (d *Driver) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		msg := cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for _, c := range batch {
				d.run(c)
			}
			return
		}
		if msg == nil {
			return
		}
		select {
		case d.msgs <- msg:
		case <-d.ctx.Done():
		}
	}()
}

// Send lets the model take messages.
func (d *Driver) Send(msgs ...tea.Msg) {
	for _, msg := range msgs {
		if _, quits := msg.(tea.QuitMsg); quits {
			d.Quit = true
			return
		}
		var cmd tea.Cmd
		d.Model, cmd = d.Model.Update(msg)
		d.run(cmd)
	}
}

// Press presses keys by their names.
func (d *Driver) Press(names ...string) {
	for _, name := range names {
		d.Send(Key(name))
	}
}

// Type types a text.
func (d *Driver) Type(text string) {
	for _, k := range Keys(text) {
		d.Send(k)
	}
}

// View is the present frame.
func (d *Driver) View() string { return d.Model.View().Content }

// Step waits for one message out of a command and lets the model take it.
func (d *Driver) Step() tea.Msg {
	d.t.Helper()
	select {
	case msg := <-d.msgs:
		d.Send(msg)
		return msg
	case <-d.ctx.Done():
		d.t.Fatalf("nothing happens any more; the screen is\n%s", d.View())
	}
	return nil
}

// Until lets messages pass until the view is as wanted.
func (d *Driver) Until(what string, ok func(view string) bool) string {
	d.t.Helper()
	for !ok(d.View()) {
		select {
		case msg := <-d.msgs:
			d.Send(msg)
		case <-d.ctx.Done():
			d.t.Fatalf("%s does not come; the screen is\n%s", what, d.View())
		}
	}
	return d.View()
}

// UntilQuit lets messages pass until the program ends.
func (d *Driver) UntilQuit() {
	d.t.Helper()
	for !d.Quit {
		d.Step()
	}
}
