package child

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Shell is a shell of the user's that shows in its prompt where it is.
type Shell struct {
	// Argv starts it, with Env besides the environment that it gets anyway.
	Argv []string
	Env  []string
}

// NewShell is the user's shell, with a label before its prompt as far as that
// can be done: for bash, zsh and fish, after they have read what the user has
// set up.
func NewShell(getenv func(string) string, files *Files, label string) (Shell, error) {
	path := getenv("SHELL")
	if path == "" {
		path = "/bin/sh"
	}
	prefix := "(" + label + ") "
	switch strings.TrimSuffix(filepath.Base(path), ".exe") {
	case "bash":
		rc, err := files.Write("bashrc", fmt.Appendf(nil, bashRC, quote(prefix)))
		return Shell{Argv: []string{path, "--rcfile", rc, "-i"}}, err
	case "zsh":
		return newZsh(getenv, files, path, prefix)
	case "fish":
		return Shell{Argv: []string{path, "--init-command", fmt.Sprintf(fishRC, fishQuote(prefix))}}, nil
	}
	return Shell{Argv: []string{path, "-i"}}, nil
}

// bashRC stands in for the files that an interactive bash reads.
const bashRC = `[ -r /etc/bash.bashrc ] && . /etc/bash.bashrc
[ -r ~/.bashrc ] && . ~/.bashrc
PS1=%s"${PS1-}"
`

// zshRC gives zsh its directory back, before it reads the user's file there.
const (
	zshEnv = `[[ -r %[1]s/.zshenv ]] && ZDOTDIR=%[1]s source %[1]s/.zshenv
ZDOTDIR=%[2]s
`
	zshRC = `ZDOTDIR=%[1]s
[[ ${HISTFILE-} == %[2]s/* ]] && HISTFILE=%[1]s/.zsh_history
[[ -r %[1]s/.zshrc ]] && source %[1]s/.zshrc
PROMPT=%[3]s"${PROMPT-}"
`
)

func newZsh(getenv func(string) string, files *Files, path, prefix string) (Shell, error) {
	home := getenv("ZDOTDIR")
	if home == "" {
		home = getenv("HOME")
	}
	home, ours := quote(home), quote(files.dir)
	if _, err := files.Write(".zshenv", fmt.Appendf(nil, zshEnv, home, ours)); err != nil {
		return Shell{}, err
	}
	_, err := files.Write(".zshrc", fmt.Appendf(nil, zshRC, home, ours, quote(strings.ReplaceAll(prefix, "%", "%%"))))
	return Shell{Argv: []string{path, "-i"}, Env: []string{"ZDOTDIR=" + files.dir}}, err
}

// fishRC wraps the prompt that the user has.
const fishRC = `functions --query fish_prompt; and functions --copy fish_prompt __vclusterctl_prompt; function fish_prompt; echo -n %s; functions --query __vclusterctl_prompt; and __vclusterctl_prompt; end`

// quote makes one word of a text for bash and zsh.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// fishQuote does so for fish.
func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}
