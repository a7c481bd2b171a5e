package tui

import (
	"context"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/row"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen/confirm"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen/describe"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen/logs"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen/pick"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen/yaml"
)

func target(r row.Row) act.Target { return act.Target{NamespacedName: r.Key, UID: r.UID} }

// do does something with a cluster.
func (m *Model) do(d screen.Do) tea.Cmd {
	vc := m.list.Cluster(d.Target.Key)
	if vc == nil || vc.UID != d.Target.UID {
		m.tell(screen.Tell{Text: d.Target.Key.Name + " is gone.", Bad: true})
		return nil
	}
	m.asked = row.Of(vc)
	switch d.Verb {
	case screen.Describe:
		s, cmd := describe.New(m.ctx, m.Env, m.Session.Details, vc)
		m.push(s)
		return cmd
	case screen.YAML:
		m.push(yaml.New(m.Env, vc))
	case screen.Logs:
		return m.onNode(topicLogs, "Logs of which node?", row.NodesOf(vc), m.logs)
	case screen.Shell:
		return m.onNode(topicShell, "A shell in which node?", row.NodesOf(vc), m.shell)
	case screen.Attach:
		return m.handOver("attach "+m.asked.Key.Name, m.Session.Attach(target(m.asked)))
	case screen.CopyKubeconfig, screen.SaveKubeconfig:
		return m.kubeconfig(d.Verb == screen.SaveKubeconfig)
	case screen.Pause, screen.Resume, screen.Delete:
		return m.ask(d.Verb)
	}
	return nil
}

// onNode asks for a node if there are several.
func (m *Model) onNode(topic, title string, nodes []string, do func(string) tea.Cmd) tea.Cmd {
	if len(nodes) == 1 {
		return do(nodes[0])
	}
	return m.choose(pick.Params{Topic: topic, Title: title, Items: nodes})
}

func (m *Model) logs(node string) tea.Cmd {
	nodes := []string{node}
	if vc := m.list.Cluster(m.asked.Key); vc != nil {
		nodes = row.NodesOf(vc)
	}
	s, cmd := logs.New(m.ctx, m.Env, m.Session.Logs, target(m.asked), nodes, node)
	m.push(s)
	return cmd
}

func (m *Model) shell(node string) tea.Cmd {
	return m.handOver(fmt.Sprintf("shell in %s/%s", m.asked.Key.Name, node), m.Session.Shell(target(m.asked), node))
}

// handOver gives the terminal away and takes it back where it was.
func (m *Model) handOver(what string, c tea.ExecCommand) tea.Cmd {
	return tea.Exec(unhurried{c}, func(err error) tea.Msg { return returned{what: what, err: err} })
}

// suspend gives the terminal back to the shell until that brings us back.
func (m *Model) suspend() tea.Cmd {
	return tea.Exec(unhurried{suspension{}}, func(err error) tea.Msg {
		if err != nil {
			return failed{what: "Cannot suspend", err: err}
		}
		return nil
	})
}

// unhurried lasts a moment at least. Bubble Tea stops its renderer's ticker in
// another goroutine when it gives the terminal away; if it has the terminal back
// before that, the ticker it has just started is the one that is stopped, and
// nothing is drawn any more.
type unhurried struct{ tea.ExecCommand }

const moment = 100 * time.Millisecond

// Run implements tea.ExecCommand.
func (u unhurried) Run() error {
	least := time.NewTimer(moment)
	defer least.Stop()
	err := u.ExecCommand.Run()
	<-least.C
	return err
}

func (m *Model) comeBack(r returned) {
	if r.err != nil {
		m.tellError("Back from "+r.what, r.err)
		return
	}
	m.tell(screen.Tell{Text: "Back from " + r.what + "."})
}

func (m *Model) kubeconfig(save bool) tea.Cmd {
	t, ctx, actions := target(m.asked), m.ctx, m.Session.Actions
	if save {
		return func() tea.Msg {
			path, err := actions.SaveKubeconfig(ctx, t)
			if err != nil {
				return failed{what: "Cannot save the kubeconfig of " + t.Name, err: err}
			}
			return saved{name: t.Name, path: path}
		}
	}
	return func() tea.Msg {
		data, err := actions.Kubeconfig(ctx, t)
		if err != nil {
			return failed{what: "Cannot read the kubeconfig of " + t.Name, err: err}
		}
		return copied{name: t.Name, data: data}
	}
}

// copyOut hands a kubeconfig to the terminal, which is asked to put it into its
// clipboard. No terminal says whether it did.
func (m *Model) copyOut(c copied) tea.Cmd {
	m.tell(screen.Tell{Text: "Kubeconfig of " + c.name + " sent to the clipboard. Not there? f writes a file."})
	return tea.SetClipboard(string(c.data))
}

// ask asks before something is done to a cluster.
func (m *Model) ask(verb screen.Verb) tea.Cmd {
	r := m.asked
	if word := AlreadySo(verb, &r); word != "" {
		m.tell(screen.Tell{Text: r.Key.Name + " " + word})
		return nil
	}
	q := Ask(m.Session.Actions, verb, &r)
	box, cmd := confirm.New(m.ctx, m.Env, confirm.Params{
		Title: q.Title, Texts: q.Texts, Find: q.Find, Yes: q.Yes, Bad: q.Bad, Target: &r, Do: m.background(q.Doing, q.Do),
	})
	m.push(box)
	return cmd
}

// background does something and tells how it went. What it changes is seen by
// the watch.
func (m *Model) background(what string, do func(context.Context) error) tea.Cmd {
	ctx, ellipsis := m.ctx, m.Ellipsis
	return func() tea.Msg {
		if err := do(ctx); err != nil {
			return failed{what: what + " failed", err: err}
		}
		return screen.Tell{Text: what + ellipsis}
	}
}
