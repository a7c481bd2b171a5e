package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
	"github.com/google/go-cmp/cmp"
)

func wellFormed(t *testing.T, svg string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, svg)
		}
	}
}

func TestDrawText(t *testing.T) {
	var out strings.Builder
	in := "$ vclusterctl create dev\n\x1b[32m  0.6s  Accepted <k8s> & \"more\"\x1b[0m\n" + strings.Repeat("x", 200)
	if err := drawText(strings.NewReader(in), &out, "a <title>", 80); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, out.String())
	for _, want := range []string{"Accepted &lt;k8s&gt;", strings.Repeat("x", 79) + "…"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("drawText(): %q is missing", want)
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("drawText(): an escape sequence was left in")
	}
}

// cellsOf is a screen of one line after something was written.
func cellsOf(written string, columns int) [][]uv.Cell {
	screen := vt.NewEmulator(columns, 1)
	_, _ = screen.WriteString(written)
	line := make([]uv.Cell, columns)
	for x := range line {
		line[x] = *screen.CellAt(x, 0)
	}
	return [][]uv.Cell{line}
}

func TestDrawCells(t *testing.T) {
	cases := map[string]struct {
		reason  string
		written string
		want    []string
	}{
		"Plain":   {reason: "Text of the window's own colour says nothing of it.", written: "a<b", want: []string{`lengthAdjust="spacingAndGlyphs">a&lt;b `}},
		"Colour":  {reason: "One of the 16, and bold.", written: "\x1b[1;32mok\x1b[m", want: []string{`textLength="16.8" lengthAdjust="spacingAndGlyphs" fill="#a6e3a1" font-weight="bold">ok<`}},
		"Indexed": {reason: "The same out of 256.", written: "\x1b[38;5;2mok\x1b[m", want: []string{`fill="#a6e3a1">ok<`}},
		"Exact":   {reason: "Any colour.", written: "\x1b[38;2;1;2;3mok\x1b[m", want: []string{`fill="#010203">ok<`}},
		"Reverse": {reason: "Ink and ground change places.", written: "\x1b[7mok\x1b[m", want: []string{`width="16.8" height="20" fill="#cdd6f4"/>`, `fill="#1e1e2e">ok<`}},
		"Wide":    {reason: "What takes two columns is drawn once, over both.", written: "\x1b[31m\u4e16\x1b[m", want: []string{`textLength="16.8" lengthAdjust="spacingAndGlyphs" fill="#f38ba8">` + "\u4e16" + `<`}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			svg := drawCells(cellsOf(tc.written, 10), "a <title>")
			wellFormed(t, svg)
			for _, want := range tc.want {
				if !strings.Contains(svg, want) {
					t.Errorf("%s\ndrawCells(): %q is missing in\n%s", tc.reason, want, svg)
				}
			}
		})
	}
}

// noted notes what is played.
type noted []string

func (n *noted) Press(keys string) error {
	*n = append(*n, "press "+keys)
	return nil
}

func (n *noted) Await(_ context.Context, text string) error {
	*n = append(*n, "await "+text)
	return nil
}

func (n *noted) Resize(columns, rows int) error {
	*n = append(*n, fmt.Sprint("size ", columns, rows))
	return nil
}

func TestPlay(t *testing.T) {
	cases := map[string]struct {
		reason string
		script string
		want   noted
		err    string
	}{
		"All": {
			reason: "Line by line.", script: "# nothing\nsize 100 12\n\nawait two words\npress d\\r\nshoot a.svg\n",
			want: noted{"size 100 12", "await two words", "press d\r", "shoot a.svg"},
		},
		"Unknown": {reason: "A slip must not be passed over.", script: "await x\nwait y\n", want: noted{"await x"}, err: `line 2: "wait" is none of`},
		"Size":    {reason: "Both are needed.", script: "size 100", err: "line 1: size"},
		"Keys":    {reason: "Half an escape sequence.", script: `press \x1`, err: "line 1: press"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got noted
			err := play(t.Context(), &got, tc.script, func(file string) error {
				got = append(got, "shoot "+file)
				return nil
			})
			if (err != nil) != (tc.err != "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%s\nplay(): got error %v, want %q", tc.reason, err, tc.err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
