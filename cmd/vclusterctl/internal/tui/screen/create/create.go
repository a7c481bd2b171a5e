package create

import (
	"context"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
)

// Actions are what the form needs.
type Actions struct {
	Try    func(context.Context, *unstructured.Unstructured) ([]act.Problem, error)
	Create func(context.Context, *unstructured.Unstructured) error
}

// Made says that the cluster was created.
type Made struct{ Key types.NamespacedName }

// state is how the form stands with the API server.
type state int

const (
	unchecked state = iota
	checking
	fine
	wrong
	// confirming is the last look before creating, which alone cannot be taken
	// back.
	confirming
	creating
)

// Create is the form.
type Create struct {
	screen.Env
	Actions

	ctx           context.Context //nolint:containedctx // of the program: commands outlive the message that starts them
	width, height int
	fields        []*Field
	focus         int // len(fields) is the button
	state         state
	// remark is what is wrong with no field in particular.
	remark string
	// version counts changes: an answer about an older one is of no use.
	// asked is the one that the API server was asked about last.
	version, asked int
	yaml           string
}

// tried is the API server's answer.
type tried struct {
	by       *Create
	version  int
	problems []act.Problem
	err      error
	// final is that before creating what is to be created.
	final *unstructured.Unstructured
}

// ended ends creating; failed is nil if it went well.
type ended struct {
	by     *Create
	failed error
}

// New is a form, and the command that lets the API server look at its defaults.
func New(ctx context.Context, env screen.Env, actions Actions, d Defaults) (*Create, tea.Cmd) {
	c := &Create{Env: env, Actions: actions, ctx: ctx, fields: Fields(env.Theme, d), asked: -1}
	c.fields[0].text.Focus()
	c.fields[0].text.CursorEnd()
	return c, c.try()
}

// Typing is always so.
func (c *Create) Typing() bool { return true }

// Title says what is shown.
func (c *Create) Title() string { return "new cluster" }

// Help are the keys to point out.
func (c *Create) Help() []key.Binding {
	k := c.Keys
	return []key.Binding{k.Apply, k.Cancel, k.NextField, k.NextChoice, k.PreviousField}
}

// Update takes a message.
func (c *Create) Update(msg tea.Msg) (screen.Request, tea.Cmd) {
	switch msg := msg.(type) {
	case tried:
		if msg.by == c {
			return nil, c.learn(msg)
		}
	case ended:
		if msg.by == c {
			return c.end(msg.failed)
		}
	case tea.PasteMsg:
		c.typed(msg)
	case tea.KeyPressMsg:
		return c.pressed(msg)
	}
	return nil, nil
}

func (c *Create) pressed(press tea.KeyPressMsg) (screen.Request, tea.Cmd) {
	k := c.Keys
	switch onButton := c.focus == len(c.fields); {
	case key.Matches(press, k.Cancel) && c.state == creating:
		c.remark = "It goes on: creating " + c.fields[fieldName].Value() + " cannot be stopped any more."
		return nil, nil
	case key.Matches(press, k.Cancel):
		return screen.Back, nil
	case c.busy():
		return nil, nil
	case key.Matches(press, k.Apply), onButton && key.Matches(press, k.Choose):
		return nil, c.confirm()
	case key.Matches(press, k.NextField):
		return nil, c.move(1)
	case key.Matches(press, k.PreviousField):
		return nil, c.move(-1)
	case onButton:
		return nil, nil
	}
	c.typed(press)
	return nil, nil
}

// busy says whether the form is being handed in.
func (c *Create) busy() bool { return c.state == confirming || c.state == creating }

// typed changes the value of the field that has the focus.
func (c *Create) typed(msg tea.Msg) {
	if c.focus == len(c.fields) || c.busy() {
		return
	}
	f := c.fields[c.focus]
	before := f.Value()
	press, isKey := msg.(tea.KeyPressMsg)
	switch {
	case f.Choices == nil:
		f.text, _ = f.text.Update(msg) // its cursor does not blink
	case isKey && key.Matches(press, c.Keys.NextChoice):
		f.turn(1)
	case isKey && key.Matches(press, c.Keys.PreviousChoice):
		f.turn(-1)
	}
	if f.Value() != before {
		f.problem, c.state, c.remark = "", unchecked, ""
		c.version++
		c.write()
	}
}

// move leaves a field, which is when it is checked.
func (c *Create) move(by int) tea.Cmd {
	n := len(c.fields) + 1
	if c.focus < len(c.fields) {
		c.fields[c.focus].text.Blur()
	}
	c.focus = ((c.focus+by)%n + n) % n
	if c.focus < len(c.fields) {
		c.fields[c.focus].text.Focus()
		c.fields[c.focus].text.CursorEnd()
	}
	if c.asked == c.version {
		return nil // nothing has changed
	}
	return c.try()
}

// examine looks at everything that needs no API server.
func (c *Create) examine() (ok bool) {
	ok = true
	for _, f := range c.fields {
		f.problem = f.Examine()
		ok = ok && f.problem == ""
	}
	return ok
}

// write makes the YAML that would be applied.
func (c *Create) write() *unstructured.Unstructured {
	u, err := Build(c.fields)
	if err != nil {
		c.remark = err.Error()
		return nil
	}
	text, err := sigsyaml.Marshal(u.Object)
	if err != nil {
		c.remark = err.Error()
		return nil
	}
	c.yaml = string(text)
	return u
}

// try asks the API server.
func (c *Create) try() tea.Cmd {
	u := c.write()
	if !c.examine() || u == nil {
		c.state = wrong
		return nil
	}
	c.state, c.remark = checking, ""
	version := c.version
	c.asked = version
	return func() tea.Msg {
		problems, err := c.Try(c.ctx, u)
		return tried{by: c, version: version, problems: problems, err: err}
	}
}

// learn takes an answer, unless it is about what the form said before.
func (c *Create) learn(t tried) tea.Cmd {
	switch {
	case t.final == nil && (t.version != c.version || c.busy()):
		return nil
	case t.final != nil && t.err == nil && len(t.problems) == 0:
		return c.create(t.final)
	}
	c.judge(t.problems, t.err)
	return nil
}

// judge puts each problem at its field.
func (c *Create) judge(problems []act.Problem, err error) {
	c.state, c.remark = fine, ""
	if err != nil {
		c.state, c.asked = unchecked, -1
		line, _ := c.Explain(err)
		c.remark = "It cannot be checked: " + line
		return
	}
	for _, p := range problems {
		c.state = wrong
		if f := FieldOf(c.fields, p.Field); f != nil {
			f.problem = p.Message
			continue
		}
		c.remark = strings.TrimPrefix(p.Field+": "+p.Message, ": ")
	}
}

// confirm has the API server look a last time. Who leaves the form meanwhile has
// created nothing.
func (c *Create) confirm() tea.Cmd {
	u := c.write()
	if !c.examine() || u == nil {
		c.state = wrong
		c.goToProblem()
		return nil
	}
	c.state, c.remark = confirming, ""
	c.version++
	return func() tea.Msg {
		problems, err := c.Try(c.ctx, u)
		return tried{by: c, problems: problems, err: err, final: u}
	}
}

func (c *Create) create(u *unstructured.Unstructured) tea.Cmd {
	c.state = creating
	return func() tea.Msg { return ended{by: c, failed: c.Create(c.ctx, u)} }
}

// goToProblem brings the first mistake before the eyes.
func (c *Create) goToProblem() {
	for i, f := range c.fields {
		if f.problem != "" {
			c.move(i - c.focus)
			return
		}
	}
}

func (c *Create) end(failed error) (screen.Request, tea.Cmd) {
	if failed != nil {
		line, _ := c.Explain(failed)
		c.state, c.remark = wrong, line
		return nil, nil
	}
	made := Made{types.NamespacedName{Namespace: c.fields[fieldNamespace].Value(), Name: c.fields[fieldName].Value()}}
	return screen.Run{Cmd: func() tea.Msg { return made }}, nil
}
