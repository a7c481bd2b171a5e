package main

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"strings"
	"text/template"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/keys"
)

//go:embed tui.md
var page string

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gendoc:", err)
		os.Exit(1)
	}
}

func run(args []string) (err error) {
	if len(args) != 1 {
		return fmt.Errorf("want the file to write, got %d arguments", len(args))
	}
	file, err := os.Create(args[0])
	if err != nil {
		return err
	}
	if err := write(file); err != nil {
		return fmt.Errorf("write %s: %w", args[0], err)
	}
	return file.Close()
}

func write(w io.Writer) error {
	t, err := template.New("tui.md").Funcs(template.FuncMap{"code": code}).Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(w, keys.Default().Groups())
}

// code sets each key of "up/k" by itself; a slash alone is a key.
func code(names string) string {
	if names == "/" {
		return "`/`"
	}
	return "`" + strings.ReplaceAll(names, "/", "` `") + "`"
}
