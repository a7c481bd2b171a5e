package tui

import (
	"cmp"
	"fmt"

	tea "charm.land/bubbletea/v2"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen/create"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen/help"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen/pick"
)

// What is chosen in a box.
const (
	topicNamespace = "namespace"
	topicContext   = "context"
	topicLogs      = "logs"
	topicShell     = "shell"
)

// fulfil does what a screen asks for.
func (m *Model) fulfil(by screen.Screen, r screen.Request) tea.Cmd {
	switch r := r.(type) {
	case nil:
	case screen.Tell:
		m.tell(r)
	case screen.Go:
		if r == screen.Back {
			m.remove(by)
			return nil
		}
		return m.goTo(r)
	case screen.Do:
		return m.do(r)
	case screen.Chosen:
		m.remove(by)
		return m.chosen(r)
	case screen.Run:
		m.remove(by)
		return r.Cmd
	}
	return nil
}

func (m *Model) goTo(where screen.Go) tea.Cmd {
	switch where {
	case screen.Quit:
		return m.quit()
	case screen.Help:
		m.push(help.New(m.Env))
	case screen.Refresh:
		m.source.Again()
	case screen.ToggleAllNamespaces:
		return m.toggleAll()
	case screen.ChooseNamespace:
		return m.choose(pick.Params{
			Topic: topicNamespace, Title: "Which namespace?", Current: m.list.Namespace(), Fetch: m.Session.Namespaces, Free: true,
		})
	case screen.ChooseContext:
		return m.choose(pick.Params{
			Topic: topicContext, Title: "Which kubeconfig context?", Current: m.Session.Context, Fetch: m.Contexts,
		})
	case screen.Create:
		return m.create()
	case screen.Back: // by whom is known to the caller
	}
	return nil
}

func (m *Model) create() tea.Cmd {
	defaults := create.Defaults{Name: m.freeName(), Namespace: m.single}
	form, cmd := create.New(m.ctx, m.Env, create.Actions{Try: m.Session.Try, Create: m.Session.Create}, defaults)
	m.push(form)
	return cmd
}

// freeName is a name that no cluster has where the new one is to be made.
func (m *Model) freeName() string {
	name := "dev"
	for i := 2; m.list.Cluster(types.NamespacedName{Namespace: m.single, Name: name}) != nil; i++ {
		name = fmt.Sprintf("dev-%d", i)
	}
	return name
}

// made shows a cluster that was made where it can be seen to come up.
func (m *Model) made(c create.Made) tea.Cmd {
	m.tell(screen.Tell{Text: "Created " + c.Key.Name + "."})
	var cmd tea.Cmd
	if ns := m.list.Namespace(); ns != "" && ns != c.Key.Namespace {
		cmd = m.showNamespace(c.Key.Namespace)
	}
	m.list.Select(c.Key)
	return cmd
}

func (m *Model) choose(p pick.Params) tea.Cmd {
	box, cmd := pick.New(m.ctx, m.Env, p)
	m.push(box)
	return cmd
}

func (m *Model) chosen(c screen.Chosen) tea.Cmd {
	switch c.Topic {
	case topicNamespace:
		return m.showNamespace(c.Value)
	case topicContext:
		return m.connect(c.Value)
	case topicLogs:
		return m.logs(c.Value)
	case topicShell:
		return m.shell(c.Value)
	}
	return nil
}

func (m *Model) toggleAll() tea.Cmd {
	if m.list.Namespace() == "" {
		return m.showNamespace(m.single)
	}
	return m.showNamespace("")
}

func (m *Model) showNamespace(namespace string) tea.Cmd {
	m.begin(namespace)
	return m.listen()
}

// connect prepares a session in the background. Until it is there, everything
// stays as it is.
func (m *Model) connect(name string) tea.Cmd {
	m.tell(screen.Tell{Text: "Changing to context " + name + m.Ellipsis})
	return func() tea.Msg {
		session, err := m.Connect(m.ctx, name)
		return connected{session: session, err: err}
	}
}

func (m *Model) switchTo(c connected) tea.Cmd {
	if c.err != nil {
		m.tellError("Cannot change the context", c.err)
		return nil
	}
	m.removeAll()
	m.Session = c.session
	m.single = cmp.Or(c.session.Namespace, defaultNamespace)
	m.told = screen.Tell{}
	return m.showNamespace(c.session.Namespace)
}
