//go:build unix

package child

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// limit is far more than anything here takes.
const limit = 30 * time.Second

// still is a source of signals that only a test sends.
func still() *Signals { return &Signals{handle: func(os.Signal) {}} }

func TestRun(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	type want struct {
		Code, StartCode int
		Out, ErrOut     string
	}
	cases := map[string]struct {
		reason string
		argv   []string
		want   want
	}{
		"Done":          {reason: "All went well.", argv: []string{"true"}},
		"Code":          {reason: "Its code is ours.", argv: []string{"sh", "-c", "exit 7"}, want: want{Code: 7}},
		"Own125":        {reason: "So is the one that we use ourselves.", argv: []string{"sh", "-c", "exit 125"}, want: want{Code: 125}},
		"Signal":        {reason: "Its signal is our code, as the shells have it.", argv: []string{"sh", "-c", "kill -9 $$"}, want: want{Code: 137}},
		"Streams":       {reason: "Each stream is its own.", argv: []string{"sh", "-c", "tr a-z A-Z; echo err >&2; echo $WORD"}, want: want{Out: "INPUT\nword\n", ErrOut: "err\n"}},
		"NotFound":      {reason: "There is no such program.", argv: []string{"no-such-program"}, want: want{StartCode: 127}},
		"NoFile":        {reason: "Nor such a file.", argv: []string{"./no/such/file"}, want: want{StartCode: 127}},
		"NotExecutable": {reason: "There is, and it is none.", argv: []string{plain}, want: want{StartCode: 126}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var out, errOut bytes.Buffer
			code, err := Run(t.Context(), Params{
				Argv: tc.argv, Env: Environ(os.Environ(), "WORD=word"), In: strings.NewReader("input\n"), Out: &out, ErrOut: &errOut, Signals: still(),
			})
			got := want{Code: code, Out: out.String(), ErrOut: errOut.String()}
			if start, ok := errors.AsType[*StartError](err); ok {
				got.StartCode = start.Code
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if found := Find(tc.argv[0]); (found != nil) != (tc.want.StartCode != 0) || found != nil && found.Error() == "" {
				t.Errorf("%s\nFind(): %v", tc.reason, found)
			}
		})
	}
}

// TestRunNotBegun: who was told to stop before begins nothing.
func TestRunNotBegun(t *testing.T) {
	boom := errors.New("boom")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(boom)
	mark := filepath.Join(t.TempDir(), "mark")
	_, err := Run(ctx, Params{Argv: []string{"touch", mark}, Env: os.Environ(), Signals: still()})
	if _, missing := os.Stat(mark); !errors.Is(err, boom) || missing == nil {
		t.Errorf("got error %v, and that it ran is %v", err, missing == nil)
	}
}

// TestForward: in a process without a terminal a signal goes to the program and
// all that it has started.
func TestForward(t *testing.T) {
	if !hasNoTerminal() {
		t.Skip("this is about processes without a terminal, and the tests have one: see TestTerminal")
	}
	// A shell may miss what comes while it starts a program, unless it has a trap.
	const interrupted = `trap 'trap - INT; kill -INT $$' INT; echo ready; while :; do sleep 0.01; done`
	const deaf = `trap '' TERM; echo ready; read -r line`
	cases := map[string]struct {
		reason      string
		script      string
		interactive bool
		send        []syscall.Signal
		grace       time.Duration
		want        int
		out         string
	}{
		"Term":      {reason: "It may clear up, and ends as it likes.", script: `trap 'echo told; exit 3' TERM; echo ready; while :; do sleep 0.01; done`, send: []syscall.Signal{syscall.SIGTERM}, want: 3, out: "told\n"},
		"Interrupt": {reason: "Nobody typed it, so it has to be passed on.", script: interrupted, send: []syscall.Signal{syscall.SIGINT}, want: 130},
		"Group":     {reason: "What it has started is told, too.", script: `trap 'wait; exit 4' TERM; (trap 'echo told; exit' TERM; echo ready; while :; do sleep 0.01; done) & wait`, send: []syscall.Signal{syscall.SIGTERM}, want: 4, out: "told\n"},
		"Hangup":    {reason: "A shell that somebody types into hears of the end by a hang-up.", interactive: true, script: deaf, send: []syscall.Signal{syscall.SIGTERM}, want: 129},
		"Grace":     {reason: "What does not end in time is killed.", script: deaf, send: []syscall.Signal{syscall.SIGTERM}, grace: 50 * time.Millisecond, want: 137},
		"NoGrace":   {reason: "It has all the time it wants where no time was set.", script: deaf, send: []syscall.Signal{syscall.SIGTERM, syscall.SIGTERM, syscall.SIGQUIT}, want: 131},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if name == "Hangup" {
				needHangups(t)
			}
			signals := still()
			in, keys, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			defer keys.Close()
			out, w := io.Pipe()
			rest := make(chan string, 1)
			go func() {
				ready := make([]byte, len("ready\n"))
				_, _ = io.ReadFull(out, ready)
				for _, s := range tc.send {
					signals.deliver(s)
				}
				left, _ := io.ReadAll(out)
				rest <- string(left)
			}()
			code, err := Run(t.Context(), Params{Argv: []string{"sh", "-c", tc.script}, Env: os.Environ(), In: in, Out: w, ErrOut: io.Discard, Interactive: tc.interactive, Grace: tc.grace, Signals: signals})
			w.Close()
			if err != nil || code != tc.want {
				t.Errorf("%s\ncode %d, %v, want %d", tc.reason, code, err, tc.want)
			}
			if got := <-rest; got != tc.out {
				t.Errorf("%s\nit said %q, want %q", tc.reason, got, tc.out)
			}
		})
	}
}

// TestSignalsTo: whoever took over last gets what arrives.
func TestSignalsTo(t *testing.T) {
	var got []string
	to := func(name string) func(os.Signal) { return func(os.Signal) { got = append(got, name) } }
	s := &Signals{handle: to("first")}
	s.deliver(syscall.SIGPIPE)
	if s.Any() {
		t.Error("none of interest has arrived")
	}
	s.deliver(syscall.SIGINT)
	if s.Told() || !s.Any() {
		t.Error("a key was pressed, and nothing told")
	}
	restore := s.To(to("second"))
	s.deliver(syscall.SIGTERM)
	s.deliver(syscall.SIGPIPE)
	restore()
	s.deliver(syscall.SIGTERM)
	if diff := cmp.Diff([]string{"first", "second", "first"}, got); diff != "" || !s.Told() {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestFiles(t *testing.T) {
	none := func(string) string { return "" }
	there := t.TempDir()
	for name, getenv := range map[string]func(string) string{
		"Default": none,
		"Runtime": func(string) string { return there },
		"Foreign": func(string) string { return "/no/such/directory" },
	} {
		t.Run(name, func(t *testing.T) {
			f, err := NewFiles(getenv)
			if err != nil {
				t.Fatal(err)
			}
			path, err := f.Write("config", []byte("secret"))
			if err != nil {
				t.Fatal(err)
			}
			for path, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
				if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
					t.Errorf("%s: mode %v, %v, want %v", path, info.Mode(), err, want)
				}
			}
			if in := strings.HasPrefix(path, there); in != (name == "Runtime") {
				t.Errorf("it is at %s", path)
			}
			if err := f.Remove(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Dir(path)); !os.IsNotExist(err) {
				t.Errorf("it is still there: %v", err)
			}
		})
	}
}

// TestSweep: what a killed program left is removed, and nothing that somebody
// needs.
func TestSweep(t *testing.T) {
	root := t.TempDir()
	getenv := func(string) string { return root }
	used, err := NewFiles(getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer used.Remove()
	dirs := map[string]bool{used.dir: true} // whether it is to stay
	long := time.Now().Add(-time.Hour)
	for name, stays := range map[string]bool{"vclusterctl-session-dead": false, "vclusterctl-session-fresh": true, "vclusterctl-other": true} {
		dir := filepath.Join(root, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "config"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		dirs[dir] = stays
	}
	for dir := range dirs {
		if strings.HasSuffix(dir, "fresh") {
			continue
		}
		if err := os.Chtimes(dir, long, long); err != nil {
			t.Fatal(err)
		}
	}
	f, err := NewFiles(getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Remove()
	for dir, stays := range dirs {
		if _, err := os.Stat(dir); (err == nil) != stays {
			t.Errorf("%s: %v, it is to stay: %v", dir, err, stays)
		}
	}
}

func TestEnviron(t *testing.T) {
	got := Environ([]string{"A=1", "KUBECONFIG=x", "KUBECONFIG_OLD=y", "B=2", "KUBECONFIG=z"}, "KUBECONFIG=new", "C=3")
	want := []string{"A=1", "KUBECONFIG_OLD=y", "B=2", "KUBECONFIG=new", "C=3"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

// TestShell lets the shells there are say what their prompt is, and where they
// think they are, after they have read what a user has set up.
func TestShell(t *testing.T) {
	const (
		label = "(team/it's) mine> "
		cares = "export KUBECONFIG=/theirs VCLUSTERCTL_ATTACHED=theirs\n"
		asks  = `echo "$KUBECONFIG of $VCLUSTERCTL_ATTACHED"`
		says  = "/it's/ours of team/it's\n"
	)
	cases := map[string]struct {
		reason  string
		program string
		file    string
		rc      string
		piped   bool
		ask     string
		want    string
	}{
		"BashPrompt":   {reason: "Theirs comes after ours.", program: "bash", file: ".bashrc", rc: "PS1='mine> '\n", ask: `echo "$PS1"`, want: label},
		"BashNewEach":  {reason: "Also if it is made anew each time.", program: "bash", file: ".bashrc", rc: "PROMPT_COMMAND=\"PS1='mine> '; \"\n", ask: `echo "$PS1"`, want: label},
		"BashNewArray": {reason: "By the last of several, too.", program: "bash", file: ".bashrc", rc: "PROMPT_COMMAND=(true \"PS1='mine> '\")\n", ask: `echo "$PS1"`, want: label},
		"BashStatus":   {reason: "Theirs sees how the last command ended.", program: "bash", file: ".bashrc", rc: "PROMPT_COMMAND='echo \"was $?\"'\n", ask: "(exit 7)\ntrue", want: "was 7\n"},
		"BashWhere":    {reason: "The user's own kubeconfig does not win.", program: "bash", file: ".bashrc", rc: cares, ask: asks, want: says},
		"ZshPrompt":    {reason: "Theirs comes after ours.", program: "zsh", file: ".zshrc", rc: "PROMPT='mine> '\n", ask: `echo "$PROMPT"`, want: label},
		"ZshNewEach":   {reason: "Also if it is made anew each time.", program: "zsh", file: ".zshrc", rc: "precmd() { PROMPT='mine> ' }\n", ask: `echo "$PROMPT"`, want: label},
		"ZshWhere":     {reason: "The user's own kubeconfig does not win.", program: "zsh", file: ".zshrc", rc: cares, ask: asks, want: says},
		"ZshPiped":     {reason: "There is a file that is read by those that nobody types into.", program: "zsh", file: ".zshenv", rc: cares, piped: true, ask: asks, want: says},
		"FishPrompt":   {reason: "Theirs comes after ours.", program: "fish", file: ".config/fish/config.fish", rc: "function fish_prompt; echo -n 'mine> '; end\n", ask: "fish_prompt", want: label},
		"FishStatus":   {reason: "Theirs shows how the last command ended.", program: "fish", file: ".config/fish/config.fish", rc: "function fish_prompt; echo -n $status; end\n", ask: "false; fish_prompt", want: "(team/it's) 1"},
		"FishWhere":    {reason: "The user's own kubeconfig does not win.", program: "fish", file: ".config/fish/config.fish", rc: "set -gx KUBECONFIG /theirs\n", ask: asks, want: says},
		"FishPiped":    {reason: "Nor in one that nobody types into.", program: "fish", file: ".config/fish/config.fish", rc: "set -gx KUBECONFIG /theirs\n", piped: true, ask: asks, want: says},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			path, err := exec.LookPath(tc.program)
			if err != nil {
				t.Skip(err)
			}
			home := t.TempDir()
			if err := os.MkdirAll(filepath.Dir(filepath.Join(home, tc.file)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(home, tc.file), []byte(tc.rc), 0o600); err != nil {
				t.Fatal(err)
			}
			env := map[string]string{"SHELL": path, "HOME": home}
			files, err := NewFiles(func(string) string { return "" })
			if err != nil {
				t.Fatal(err)
			}
			defer files.Remove()
			set := []string{"KUBECONFIG=/it's/ours", AttachedEnv + "=team/it's"}
			shell, err := NewShell(func(k string) string { return env[k] }, files, "team/it's", set...)
			if err != nil {
				t.Fatal(err)
			}
			if tc.piped {
				shell = shell.Piped()
			}
			cmd := exec.Command(shell.Argv[0], shell.Argv[1:]...)
			cmd.Stdin = strings.NewReader(tc.ask + "\n")
			cmd.Env = append(append([]string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "TERM=dumb"}, set...), shell.Env...)
			out, err := cmd.Output()
			if err != nil || !strings.Contains(string(out), tc.want) {
				t.Errorf("%s\ngot %v, %q, want %q in it", tc.reason, err, out, tc.want)
			}
		})
	}
}

func TestShellPlain(t *testing.T) {
	for shell, want := range map[string][]string{"": {"/bin/sh", "-i"}, "/bin/dash": {"/bin/dash", "-i"}} {
		got, err := NewShell(func(string) string { return shell }, nil, "x")
		if diff := cmp.Diff(Shell{Argv: want}, got); diff != "" || err != nil {
			t.Errorf("SHELL=%q: %v, -want, +got:\n%s", shell, err, diff)
		}
	}
}
