// Package input is how the TUI asks for one line of text: in a field, or
// plainly.
package input

import (
	"errors"
	"io"

	"charm.land/bubbles/v2/textinput"
	"charm.land/lipgloss/v2"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/theme"
)

// New is an empty field. Its cursor does not blink, so that an idle screen
// sends nothing over a slow line. Pasting is the terminal's business: no
// program of this machine is run for it.
func New(t *theme.Theme, prompt string) textinput.Model {
	m := textinput.New()
	m.Prompt = prompt
	plain := lipgloss.NewStyle()
	state := textinput.StyleState{Text: plain, Placeholder: t.Muted, Suggestion: t.Muted, Prompt: t.Key}
	m.SetStyles(textinput.Styles{Focused: state, Blurred: state, Cursor: textinput.CursorStyle{Blink: false}})
	m.KeyMap.Paste.SetEnabled(false)
	return m
}

// ReadLine reads to the end of the line and no further: what follows belongs to
// whoever reads next. The end of the input is an error only where nothing stands
// before it.
func ReadLine(r io.Reader) (string, error) {
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := r.Read(one)
		switch {
		case n == 1 && one[0] == '\n':
			return string(line), nil
		case n == 1:
			line = append(line, one[0])
		}
		if errors.Is(err, io.EOF) && len(line) > 0 {
			return string(line), nil
		}
		if err != nil {
			return "", err
		}
	}
}
