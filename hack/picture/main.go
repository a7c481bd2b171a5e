package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/vclusterctl/vclusterctl/test/terminal"
)

// playTimeout bounds a whole script.
const playTimeout = 5 * time.Minute

func main() {
	title := flag.String("title", "", "title of the window")
	width := flag.Int("columns", 110, "columns; longer lines of text are cut")
	script := flag.String("script", "", "what to play to the program that the arguments are, a `file`")
	flag.Parse()
	var err error
	if *script == "" {
		err = drawText(os.Stdin, os.Stdout, *title, *width)
	} else {
		err = run(*script, *title, *width, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

// run plays a script to a program.
func run(script, title string, columns int, argv []string) error {
	if len(argv) == 0 {
		return errors.New("-script needs a program to run")
	}
	lines, err := os.ReadFile(script)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, playTimeout)
	defer cancel()
	cmd := exec.Command(argv[0], argv[1:]...) //nolint:noctx // the terminal ends it
	cmd.Env = append(os.Environ(), "TERM="+terminal.Type, "COLORTERM=", "NO_COLOR=", "LC_ALL=C.UTF-8")
	t, err := terminal.Start(cmd, columns, defaultRows)
	if err != nil {
		return err
	}
	defer t.Close()
	return play(ctx, t, string(lines), func(name string) error { return shoot(t, name, title) })
}

// shoot draws the screen into a file.
func shoot(t *terminal.Terminal, name, title string) (err error) {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	_, err = io.WriteString(file, drawCells(t.Cells(), title))
	return err
}
