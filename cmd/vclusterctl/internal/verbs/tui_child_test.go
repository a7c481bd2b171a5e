package verbs

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestOwnVerb: the way back waits where something was said, and only there.
func TestOwnVerb(t *testing.T) {
	cases := map[string]struct {
		reason string
		script string
		asks   bool
		fails  bool
	}{
		"Fine":     {reason: "It went well.", script: "echo $0 $*"},
		"LastCode": {reason: "The last command of a shell failed, not the shell.", script: "exit 1"},
		"Own":      {reason: "Somebody has to read why.", script: "echo error: no way >&2; exit 125", asks: true},
		"Missing":  {reason: "There is no such program.", fails: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			v := &ownVerb{away: func(bool) {}, check: func() error { return nil }, program: "vclusterctl", arguments: []string{"attach", "dev"}, command: func(name string, arg ...string) *exec.Cmd {
				if tc.script == "" {
					return exec.Command(filepath.Join(t.TempDir(), "none"))
				}
				return exec.Command("sh", append([]string{"-c", tc.script, name}, arg...)...)
			}}
			var out, errOut bytes.Buffer
			in := lines(t, "\nrest")
			v.SetStdin(in)
			v.SetStdout(&out)
			v.SetStderr(&errOut)
			if err := v.Run(); (err != nil) != tc.fails {
				t.Errorf("%s\nRun(): %v", tc.reason, err)
			}
			if got := strings.Contains(errOut.String(), "Press Enter"); got != tc.asks {
				t.Errorf("%s\nasked %t: %q", tc.reason, got, errOut.String())
			}
			if rest, _ := io.ReadAll(in); tc.asks && string(rest) != "rest" {
				t.Errorf("%s\nmore than the line was read, left is %q", tc.reason, rest)
			}
			if name == "Fine" && out.String() != "vclusterctl attach dev\n" {
				t.Errorf("called was %q", out.String())
			}
		})
	}
}

// refused is why nothing is run.
var errRefused = errors.New("another one has its name")

// TestOwnVerbRefused: what does not find what was looked at is not run.
func TestOwnVerbRefused(t *testing.T) {
	v := &ownVerb{program: "vclusterctl", away: func(bool) {}, check: func() error { return errRefused }, command: func(string, ...string) *exec.Cmd {
		t.Error("it was run")
		return exec.Command("true")
	}}
	if err := v.Run(); !errors.Is(err, errRefused) {
		t.Errorf("Run(): %v", err)
	}
}

// TestOwnVerbTerminated: whoever has the terminal ends with the program, and
// nobody is asked for Enter any more.
func TestOwnVerbTerminated(t *testing.T) {
	for name, script := range map[string]string{
		"Shell": "trap 'exit 125' TERM; echo up; while :; do sleep 0.01; done",
		"Asked": "echo up; exit 125",
	} {
		t.Run(name, func(t *testing.T) {
			terminated := make(chan struct{})
			in, typed, err := os.Pipe() // nobody types
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			defer typed.Close()
			said := make(words, 16)
			v := &ownVerb{
				arguments: []string{"attach"}, away: func(bool) {}, check: func() error { return nil }, terminated: terminated, in: in, out: said, errOut: said,
				command: func(string, ...string) *exec.Cmd { return exec.Command("sh", "-c", script) },
			}
			ended := make(chan error, 1)
			go func() { ended <- v.Run() }()
			said.await(t, "up")
			if name == "Asked" {
				said.await(t, "Press Enter")
			}
			close(terminated)
			select {
			case err := <-ended:
				if err != nil {
					t.Errorf("Run(): %v", err)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("it goes on")
			}
		})
	}
}

// lines is a file to read from, as a terminal is: who does not read from it
// leaves everything to the next.
func lines(t *testing.T, text string) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

// words are what is written, as it is.
type words chan string

// Write implements io.Writer.
func (w words) Write(p []byte) (int, error) {
	w <- string(p)
	return len(p), nil
}

func (w words) await(t *testing.T, text string) {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case said := <-w:
			if strings.Contains(said, text) {
				return
			}
		case <-late:
			t.Fatalf("%q is not said", text)
		}
	}
}
