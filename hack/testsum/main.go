package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
)

func main() {
	err := run(context.Background(), os.Args[1:], os.Stdout)
	switch {
	case errors.Is(err, errFailed):
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(2)
	}
}

// errFailed says that tests failed, which was reported already.
var errFailed = errors.New("tests failed")

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("testsum", flag.ContinueOnError)
	results := flags.String("results", "results.jsonl", "file that collects the numbers of all stages")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("read the command line: %w", err)
	}
	args = flags.Args()
	switch {
	case len(args) == 1 && args[0] == "sum":
		return sum(*results, out)
	case len(args) > 3 && args[0] == "run" && args[2] == "--":
		return runStage(ctx, *results, args[1], args[3:], out)
	default:
		return errors.New("want: run STAGE -- COMMAND..., or sum")
	}
}

// runStage runs one command and appends its numbers to the results.
func runStage(ctx context.Context, results, name string, command []string, out io.Writer) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start %q: %w", command[0], err)
	}
	cmd.Stderr = out
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %q: %w", command[0], err)
	}
	s := newStage(name, out)
	readErr := s.read(stdout)
	if readErr != nil {
		_, _ = io.Copy(io.Discard, stdout) // so that the command can end
	}
	s.finish(errors.Join(readErr, cmd.Wait()))
	if err := appendResult(results, s.result); err != nil {
		return err
	}
	if s.Failed > 0 {
		return errFailed
	}
	return nil
}
