package ptytest

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"
	"golang.org/x/term"
)

// terminal is somebody at a terminal in which the program runs.
type terminal struct {
	t      *testing.T
	person *os.File
	end    *os.File
	cmd    *exec.Cmd
	before term.State
	width  uint16

	mu      sync.Mutex
	written bytes.Buffer
}

// open runs the program with arguments in a terminal of 80×24.
func open(t *testing.T, kubeconfig string, args ...string) *terminal {
	t.Helper()
	person, end, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	m := &terminal{t: t, person: person, end: end, width: 80}
	m.resize()
	state, err := term.GetState(int(end.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	m.before = *state
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	m.cmd = exec.Command(program, args...)
	m.cmd.Env = []string{asProgram + "=1", "KUBECONFIG=" + kubeconfig, "TERM=xterm-256color", "LANG=C.UTF-8", "HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	m.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true} // new sizes are told to the session of a terminal
	m.cmd.Stdin, m.cmd.Stdout, m.cmd.Stderr = end, end, end
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go m.read()
	t.Cleanup(func() {
		_ = m.cmd.Process.Kill() // it has ended unless the test failed
		_ = person.Close()
		_ = end.Close()
	})
	return m
}

func (m *terminal) read() {
	buffer := make([]byte, 4096)
	for {
		n, err := m.person.Read(buffer)
		m.mu.Lock()
		m.written.Write(buffer[:n])
		m.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// since is what was written after a place.
func (m *terminal) since(at int) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.written.String()[at:]
}

func (m *terminal) resize() {
	m.width = 80 + (m.width+1)%2
	if err := pty.Setsize(m.end, &pty.Winsize{Rows: 24, Cols: m.width}); err != nil {
		m.t.Error(err)
	}
}

// press types.
func (m *terminal) press(keys string) {
	m.t.Helper()
	if _, err := m.person.WriteString(keys); err != nil {
		m.t.Fatal(err)
	}
}

// shows waits for words on the screen. A screen is written as changes to the one
// before; a new size has all of it drawn.
func (m *terminal) shows(text string) {
	m.t.Helper()
	begin := time.Now()
	for {
		at := len(m.since(0))
		m.resize()
		for range 20 {
			time.Sleep(10 * time.Millisecond) //nolint:forbidigo // a terminal cannot be waited for
			if strings.Contains(words(m.since(at)), text) {
				return
			}
		}
		if time.Since(begin) > 30*time.Second {
			m.t.Fatalf("%q does not come; the screen is\n%s\nwritten last was %q", text, words(m.since(at)), m.since(max(len(m.since(0))-3000, 0)))
		}
	}
}

// words are those of what was written, with one blank for any jump.
func words(written string) string {
	jumps := strings.NewReplacer("\r", " ", "\n", " ", "X", "X ", "H", "H ", "G", "G ", "d", "d ", "C", "C ")
	var text strings.Builder
	for len(written) > 0 {
		sequence, _, n, _ := ansi.DecodeSequence(written, ansi.NormalState, nil)
		if strings.HasPrefix(sequence, "\x1b[") {
			sequence = strings.Repeat(" ", strings.Count(jumps.Replace(sequence[len(sequence)-1:]), " "))
		} else if strings.HasPrefix(sequence, "\x1b") {
			sequence = ""
		}
		text.WriteString(sequence)
		written = written[n:]
	}
	return strings.Join(strings.Fields(text.String()), " ")
}

// ends waits for the end of the program and looks whether the terminal is as it
// was.
func (m *terminal) ends(code int) {
	m.t.Helper()
	done := make(chan error, 1)
	go func() { done <- m.cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		m.t.Fatalf("the program does not end; written was %q", m.since(max(len(m.since(0))-500, 0)))
	}
	if got := m.cmd.ProcessState.ExitCode(); got != code {
		m.t.Errorf("exit code %d, want %d; written was %q", got, code, m.since(max(len(m.since(0))-500, 0)))
	}
	state, err := term.GetState(int(m.end.Fd()))
	if err != nil || *state != m.before {
		m.t.Errorf("the terminal's settings are not as they were: %v", err)
	}
	for begin := time.Now(); m.altered() != "" && time.Since(begin) < 5*time.Second; {
		time.Sleep(10 * time.Millisecond) //nolint:forbidigo // what was written last is still to be read
	}
	if what := m.altered(); what != "" {
		m.t.Errorf("the terminal is not as it was: %s", what)
	}
}

// altered says what the program has switched on and not off.
func (m *terminal) altered() string {
	all := m.since(0)
	for what, mode := range map[string][2]string{
		"the other screen is there": {"\x1b[?1049h", "\x1b[?1049l"}, "the cursor is hidden": {"\x1b[?25l", "\x1b[?25h"},
		"what is pasted is marked": {"\x1b[?2004h", "\x1b[?2004l"},
	} {
		if strings.LastIndex(all, mode[0]) > strings.LastIndex(all, mode[1]) {
			return what
		}
	}
	return ""
}
