package verbs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/access"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/child"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// programAnnotation marks the verbs that run a program of the user's and pass
// its exit code on.
const programAnnotation = "program"

// exitCodes is what the help of those verbs says of it.
const exitCodes = `The exit code is that of the command, 128+N if signal N ended it. Otherwise it
is 127 if there is no such command, 126 if it cannot be run, and 125 for
everything else that goes wrong.`

// runsProgram marks a verb as one that passes the code of a program on.
func runsProgram(cmd *cobra.Command) {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[programAnnotation] = "yes"
}

// exitCodeOf is the code that a failure of a verb ends the program with. A verb
// that passes a code on keeps those of its own apart from it.
func exitCodeOf(cmd *cobra.Command, failure *cli.Error) int {
	if cmd.Annotations[programAnnotation] == "" || failure.Code == child.CodeNotFound || failure.Code == child.CodeNotExecutable {
		return failure.Code
	}
	return cli.ExitOwn
}

// splitCommand tells the words before "--" from the command after it. What comes
// after it is nil where there is no "--".
func splitCommand(cmd *cobra.Command, given []string) (words, command []string, err error) {
	at := cmd.ArgsLenAtDash()
	if at < 0 {
		return given, nil, nil
	}
	if words, command = given[:at], given[at:]; len(command) == 0 {
		return nil, nil, cli.Usagef("%s: there is no command after --", cmd.Name())
	}
	return words, command, nil
}

// oneNameAndCommand wants the name of a cluster, and maybe a command.
func oneNameAndCommand(cmd *cobra.Command, given []string) error {
	words, _, err := splitCommand(cmd, given)
	if err != nil {
		return usage(cmd, err)
	}
	if len(words) > 1 {
		return usage(cmd, cli.Usagef("%s: want the name of one virtual cluster, got %q; a command goes after --", cmd.Name(), words))
	}
	return oneName(cmd, words)
}

// startFailure explains why a program could not be started.
func startFailure(program string, err error) error {
	if start, ok := errors.AsType[*child.StartError](err); ok {
		return &cli.Error{Code: start.Code, Err: fmt.Errorf("run %q: %w", program, err), Remedy: "Is it installed, and in PATH?"}
	}
	return err
}

// session is a program of the user's that works with one virtual cluster.
type session struct {
	// command is what to run; none is a shell.
	command []string
	// grace is how long it may go on after a signal to end.
	grace   time.Duration
	signals *child.Signals
}

// run runs the program with a kubeconfig of its own, and gives its exit code.
func (s session) run(ctx context.Context, t *target, route *access.Route) (int, error) {
	files, err := child.NewFiles(t.Getenv)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err := files.Remove(); err != nil {
			t.Hintf("warning: %s", cli.OneLine(err.Error()))
		}
	}()
	config, err := files.Write("config", route.Kubeconfig)
	if err != nil {
		return 0, err
	}
	set := []string{"KUBECONFIG=" + config, child.AttachedEnv + "=" + t.key().String()}
	shell := child.Shell{Argv: s.command}
	if len(s.command) == 0 {
		if shell, err = s.shell(t, files, set); err != nil {
			return 0, err
		}
	}
	set = append(set, shell.Env...)
	code, err := child.Run(ctx, child.Params{
		Argv: shell.Argv, Env: child.Environ(os.Environ(), set...), In: t.In, Out: t.Out, ErrOut: t.ErrOut,
		Interactive: len(s.command) == 0 && t.InTTY, Grace: s.grace, Signals: s.signals,
	})
	return code, startFailure(shell.Argv[0], err)
}

// shell is the user's: for somebody who types, or for lines from elsewhere.
func (s session) shell(t *target, files *child.Files, set []string) (child.Shell, error) {
	shell, err := child.NewShell(t.Getenv, files, t.key().String(), set...)
	if !t.InTTY {
		shell = shell.Piped()
	}
	return shell, err
}

// catchSignals catches the signals that ask us to end: they end the context,
// until a program takes them over.
func catchSignals(ctx context.Context) (context.Context, *child.Signals, func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals := child.Catch(func(os.Signal) { cancel() })
	return ctx, signals, func() {
		signals.Stop()
		cancel()
	}
}

// isTerminal says whether a stream is one.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
