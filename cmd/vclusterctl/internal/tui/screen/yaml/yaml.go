// Package yaml is the screen with a cluster as the API server has it.
package yaml

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/pane"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/row"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/source"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/theme"
)

// YAML is the screen. It is live.
type YAML struct {
	screen.Env

	target row.Row
	pane   *pane.Pane
	gone   bool
}

// New is the screen of a cluster.
func New(env screen.Env, vc *v1alpha1.VirtualCluster) *YAML {
	y := &YAML{Env: env, target: row.Of(vc), pane: pane.New(env.Theme, env.Keys)}
	y.show(vc)
	return y
}

func (y *YAML) show(vc *v1alpha1.VirtualCluster) {
	text, err := Text(vc)
	if err != nil {
		text = "# cannot be written as YAML: " + err.Error()
	}
	y.pane.SetLines(Lines(y.Theme, text))
}

// Text is an object as YAML, without what only machines read.
func Text(vc *v1alpha1.VirtualCluster) (string, error) {
	vc = vc.DeepCopy()
	vc.ManagedFields = nil
	vc.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.VirtualClusterKind))
	text, err := sigsyaml.Marshal(vc)
	return string(text), err
}

// Lines are the lines of a YAML text, with its keys brought out.
func Lines(t *theme.Theme, text string) []string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = colored(t, t.Clean(line))
	}
	return lines
}

func colored(t *theme.Theme, line string) string {
	rest := strings.TrimLeft(line, " -")
	name, value, isPair := strings.Cut(rest, ":")
	if !isPair || strings.ContainsAny(name, ` "'`) || value != "" && value[0] != ' ' {
		return line
	}
	return line[:len(line)-len(rest)] + t.Key.Render(name) + ":" + value
}

// SetSize makes room.
func (y *YAML) SetSize(width, height int) { y.pane.SetSize(width, height) }

// Title says what is shown.
func (y *YAML) Title() string {
	title := y.target.Key.Name + " YAML"
	if y.gone {
		title += " (deleted)"
	}
	return title
}

// View draws the text.
func (y *YAML) View() string { return y.pane.View() }

// Typing says whether keys are text for the search.
func (y *YAML) Typing() bool { return y.pane.Typing() }

// Help are the keys to point out.
func (y *YAML) Help() []key.Binding {
	k := y.Keys
	return []key.Binding{k.Help, k.Back, k.PageDown, k.Search, k.Wrap}
}

// Update takes a message.
func (y *YAML) Update(msg tea.Msg) (screen.Request, tea.Cmd) {
	if u, ok := msg.(source.Update); ok {
		y.learn(u)
		return nil, nil
	}
	if y.pane.Update(msg) {
		return nil, nil
	}
	if press, ok := msg.(tea.KeyPressMsg); ok && key.Matches(press, y.Keys.Back) && !y.pane.StopSearch() {
		return screen.Back, nil
	}
	return nil, nil
}

func (y *YAML) learn(u source.Update) {
	vc, told := u.Of(y.target.Key)
	if !told {
		return
	}
	y.gone = vc == nil || vc.UID != y.target.UID
	if !y.gone { // what was known stays to be read
		y.show(vc)
	}
}
