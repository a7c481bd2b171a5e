package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestDrawIsXML(t *testing.T) {
	var out strings.Builder
	in := "$ vclusterctl create dev\n\x1b[32m  0.6s  Accepted <k8s> & \"more\"\x1b[0m\n" + strings.Repeat("x", 200)
	if err := draw(strings.NewReader(in), &out, "a <title>", 80); err != nil {
		t.Fatal(err)
	}
	decoder := xml.NewDecoder(strings.NewReader(out.String()))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, out.String())
		}
	}
	for _, want := range []string{"Accepted &lt;k8s&gt;", strings.Repeat("x", 79) + "…"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("draw(): %q is missing", want)
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("draw(): an escape sequence was left in")
	}
}
