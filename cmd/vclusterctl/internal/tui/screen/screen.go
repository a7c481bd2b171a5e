package screen

import (
	"errors"
	"net/url"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/keys"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/row"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/theme"
)

// Screen is one of the things to look at.
type Screen interface {
	// Update takes a message. What it asks for is done before the next
	// message is taken, so that nobody types too fast.
	Update(msg tea.Msg) (Request, tea.Cmd)
	// View draws exactly the size that was set.
	View() string
	// SetSize makes room.
	SetSize(width, height int)
	// Title says what is shown.
	Title() string
	// Help are the keys to point out.
	Help() []key.Binding
}

// Typist is a screen on which keys can be text.
type Typist interface {
	Typing() bool
}

// Dialog is a screen that is drawn as a box over the one below it.
type Dialog interface {
	IsDialog()
}

// Closer is a screen that holds something open.
type Closer interface {
	Close()
}

// Env is what every screen works with.
type Env struct {
	*theme.Theme
	Keys *keys.Map
	Now  func() time.Time
	// Explain says in one line what an error is, and what to do about it.
	Explain func(error) (line, remedy string)
}

// Cause is an error without what was asked of whom: where it stands, that is
// known.
func (e Env) Cause(err error) string {
	if asked, ok := errors.AsType[*url.Error](err); ok {
		err = asked.Err
	}
	line, _ := e.Explain(err)
	return line
}

// Request is what a screen asks the program around it for; nil is nothing.
type Request interface{ isRequest() }

func (Do) isRequest()     {}
func (Go) isRequest()     {}
func (Tell) isRequest()   {}
func (Chosen) isRequest() {}
func (Run) isRequest()    {}

// Verb is something to be done with a cluster.
type Verb int

// The verbs.
const (
	Describe Verb = iota
	YAML
	Logs
	Attach
	Shell
	CopyKubeconfig
	SaveKubeconfig
	Pause
	Resume
	Delete
)

// Do asks the program to do something with a cluster.
type Do struct {
	Verb   Verb
	Target row.Row
}

// Go asks the program for something that is not about one cluster.
type Go int

// Where to go.
const (
	Back Go = iota
	Quit
	Create
	ChooseNamespace
	ChooseContext
	ToggleAllNamespaces
	Refresh
	Help
)

// Tell asks the program to show a line for a while.
type Tell struct {
	Text string
	Bad  bool
}

// Chosen is what was picked out of several things. The screen that it was
// picked on is done.
type Chosen struct {
	Topic, Value string
}

// Run is something to do in the background. The screen that asks for it is
// done.
type Run struct{ Cmd tea.Cmd }

// Tick is the clock's: it comes once a second.
type Tick time.Time

// ClusterVerb is what a key does with the cluster that is looked at.
func ClusterVerb(k *keys.Map, press tea.KeyPressMsg) (Verb, bool) {
	for _, v := range []struct {
		binding key.Binding
		verb    Verb
	}{
		{k.Describe, Describe},
		{k.YAML, YAML},
		{k.Logs, Logs},
		{k.Attach, Attach},
		{k.Shell, Shell},
		{k.CopyKubeconfig, CopyKubeconfig},
		{k.SaveKubeconfig, SaveKubeconfig},
		{k.Pause, Pause},
		{k.Resume, Resume},
		{k.Delete, Delete},
	} {
		if key.Matches(press, v.binding) {
			return v.verb, true
		}
	}
	return 0, false
}
