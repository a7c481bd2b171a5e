package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/verbs"
)

// kinds are what can be written.
var kinds = map[string]func(root *cobra.Command, dir string) error{
	"markdown": markdown, "man": man, "completions": completions,
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 || kinds[args[0]] == nil {
		return fmt.Errorf("got %q, want markdown, man or completions, and the folder to write to", args)
	}
	if err := os.MkdirAll(args[1], 0o755); err != nil {
		return err
	}
	return kinds[args[0]](program(), args[1])
}

// program is the whole program, with the verbs that cobra adds to it.
func program() *cobra.Command {
	streams := cli.Streams{}
	streams.Out, streams.ErrOut = io.Discard, io.Discard
	root := verbs.NewRoot(cli.NewFactory("vclusterctl", streams))
	root.InitDefaultCompletionCmd()
	return root
}

// each calls a function for a command and all below it.
func each(cmd *cobra.Command, do func(*cobra.Command)) {
	do(cmd)
	for _, sub := range cmd.Commands() {
		each(sub, do)
	}
}

// removePages removes the pages of verbs that may be no more.
func removePages(dir, pattern string) error {
	old, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		return err
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return nil
}
