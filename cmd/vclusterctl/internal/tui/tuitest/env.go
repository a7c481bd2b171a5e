package tuitest

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/keys"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/theme"
)

// Env is that of a terminal with colours or without, at Now.
func Env(colors, ascii bool) screen.Env {
	return screen.Env{Theme: theme.New(colors, ascii), Keys: keys.Default(), Now: func() time.Time { return Now }, Explain: Explain}
}

// Explain is that of the real program.
func Explain(err error) (line, remedy string) {
	e := cli.NewFactory("vclusterctl", cli.Streams{}).Explain(err)
	return cli.OneLine(e.Error()), e.Remedy
}

// Key is the message of a key by its name, such as "a", "enter", "ctrl+d" or
// "shift+tab".
func Key(name string) tea.KeyPressMsg {
	rest, ctrl := strings.CutPrefix(name, "ctrl+")
	rest, shift := strings.CutPrefix(rest, "shift+")
	k := tea.Key{}
	if ctrl {
		k.Mod |= tea.ModCtrl
	}
	if shift {
		k.Mod |= tea.ModShift
	}
	if code, special := specials[rest]; special {
		k.Code = code
		if rest == "space" {
			k.Text = " "
		}
		return tea.KeyPressMsg(k)
	}
	k.Code = []rune(rest)[0]
	if !ctrl {
		k.Text = rest
	}
	return tea.KeyPressMsg(k)
}

var specials = map[string]rune{
	"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "space": tea.KeySpace, "backspace": tea.KeyBackspace,
	"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
	"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd,
}

// Keys are the messages of a text that is typed.
func Keys(text string) []tea.KeyPressMsg {
	var all []tea.KeyPressMsg
	for _, r := range text {
		all = append(all, Key(string(r)))
	}
	return all
}
