package child

import (
	"fmt"
	"path/filepath"
	"slices"
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
// set up. They have the variables in set, NAME=VALUE, whatever that sets. The
// others have them from their environment, which is the caller's to give.
func NewShell(getenv func(string) string, files *Files, label string, set ...string) (Shell, error) {
	path := getenv("SHELL")
	if path == "" {
		path = "/bin/sh"
	}
	prefix := "(" + label + ") "
	switch strings.TrimSuffix(filepath.Base(path), ".exe") {
	case "bash":
		rc, err := files.Write("bashrc", fmt.Appendf(nil, bashRC, exports(set), quote(prefix)))
		return Shell{Argv: []string{path, "--rcfile", rc, interactive}}, err
	case "zsh":
		return newZsh(getenv, files, path, prefix, exports(set))
	case "fish":
		return Shell{Argv: []string{path, "--init-command", fishExports(set) + fmt.Sprintf(fishRC, fishQuote(prefix)), interactive}}, nil
	}
	return Shell{Argv: []string{path, interactive}}, nil
}

// interactive is how every shell is told that somebody types.
const interactive = "-i"

// Piped is the shell for lines that nobody types.
func (s Shell) Piped() Shell {
	s.Argv = slices.DeleteFunc(slices.Clone(s.Argv), func(word string) bool { return word == interactive })
	return s
}

// bashRC stands in for the files that an interactive bash reads. Some of them
// make the prompt anew each time, so the label is put before it last each time.
const bashRC = `[ -r /etc/bash.bashrc ] && . /etc/bash.bashrc
[ -r ~/.bashrc ] && . ~/.bashrc
%[1]s
__vclusterctl_prompt() { case ${PS1-} in %[2]s*) ;; *) PS1=%[2]s"${PS1-}" ;; esac; }
__vclusterctl_prompt
case $(declare -p PROMPT_COMMAND 2>/dev/null) in
"declare -a"*) PROMPT_COMMAND+=(__vclusterctl_prompt) ;;
*) PROMPT_COMMAND="${PROMPT_COMMAND-}
! declare -F __vclusterctl_prompt >/dev/null || __vclusterctl_prompt" ;; # where it is exported, other shells have it, too
esac
`

// zshRC gives zsh its directory back, before it reads the user's file there.
const (
	zshEnv = `[[ -r %[1]s/.zshenv ]] && ZDOTDIR=%[1]s source %[1]s/.zshenv
ZDOTDIR=%[2]s
%[3]s
`
	zshRC = `ZDOTDIR=%[1]s
[[ ${HISTFILE-} == %[2]s/* ]] && HISTFILE=%[1]s/.zsh_history
[[ -r %[1]s/.zshrc ]] && source %[1]s/.zshrc
%[3]s
__vclusterctl_prompt() { [[ ${PROMPT-} == %[4]s* ]] || PROMPT=%[4]s"${PROMPT-}" }
__vclusterctl_prompt
typeset -ga precmd_functions
precmd_functions+=(__vclusterctl_prompt)
`
)

func newZsh(getenv func(string) string, files *Files, path, prefix, exports string) (Shell, error) {
	home := getenv("ZDOTDIR")
	if home == "" {
		home = getenv("HOME")
	}
	home, ours := quote(home), quote(files.dir)
	if _, err := files.Write(".zshenv", fmt.Appendf(nil, zshEnv, home, ours, exports)); err != nil {
		return Shell{}, err
	}
	_, err := files.Write(".zshrc", fmt.Appendf(nil, zshRC, home, ours, exports, quote(strings.ReplaceAll(prefix, "%", "%%"))))
	return Shell{Argv: []string{path, interactive}, Env: []string{"ZDOTDIR=" + files.dir}}, err
}

// fishRC wraps the prompt that the user has, which may show how the last command
// ended.
//
//nolint:dupword // a block in a block
const fishRC = `functions --query fish_prompt; and functions --copy fish_prompt __vclusterctl_prompt; or begin; function __vclusterctl_prompt; end; end; function __vclusterctl_status; return $argv[1]; end; function fish_prompt; set --local last $status; echo -n %s; __vclusterctl_status $last; __vclusterctl_prompt; end`

// exports sets variables in bash and zsh.
func exports(set []string) string {
	lines := make([]string, 0, len(set))
	for _, s := range set {
		name, value, _ := strings.Cut(s, "=")
		lines = append(lines, "export "+name+"="+quote(value))
	}
	return strings.Join(lines, "\n")
}

// fishExports does so in fish.
func fishExports(set []string) string {
	var line strings.Builder
	for _, s := range set {
		name, value, _ := strings.Cut(s, "=")
		line.WriteString("set -gx " + name + " " + fishQuote(value) + "; ")
	}
	return line.String()
}

// quote makes one word of a text for bash and zsh.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// fishQuote does so for fish.
func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}
