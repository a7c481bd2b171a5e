package ptytest

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/vclusterctl/vclusterctl/test/terminal"
)

// person is somebody at a terminal in which the program runs.
type person struct {
	*terminal.Terminal

	t *testing.T
}

// program is this binary as the program itself, with a kubeconfig.
func program(t *testing.T, kubeconfig string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = []string{asProgram + "=1", "KUBECONFIG=" + kubeconfig, "TERM=" + terminal.Type, "LANG=C.UTF-8", "HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	return cmd
}

// open runs the program with arguments in a terminal of 80×24.
func open(t *testing.T, kubeconfig string, args ...string) *person {
	t.Helper()
	return sit(t, program(t, kubeconfig, args...))
}

// sit runs any program in such a terminal.
func sit(t *testing.T, cmd *exec.Cmd) *person {
	t.Helper()
	m, err := terminal.Start(cmd, 80, 24)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return &person{m, t}
}

func (p *person) within() context.Context {
	ctx, cancel := context.WithTimeout(p.t.Context(), 30*time.Second)
	p.t.Cleanup(cancel)
	return ctx
}

func (p *person) must(err error) {
	p.t.Helper()
	if err != nil {
		written := p.Written()
		p.t.Fatalf("%v\nwritten last was %q", err, written[max(len(written)-3000, 0):])
	}
}

// press types.
func (p *person) press(keys string) {
	p.t.Helper()
	p.must(p.Press(keys))
}

// shows waits for words on the screen.
func (p *person) shows(text string) {
	p.t.Helper()
	p.must(p.Await(p.within(), text))
}

// asks waits until the program asks again where it does so line by line: what is
// typed before that is shown before its question.
func (p *person) asks() {
	p.t.Helper()
	ctx := p.within()
	for !strings.HasSuffix(p.Written(), "What next? ") {
		select {
		case <-ctx.Done():
			p.t.Fatalf("it does not ask again; written was %q", p.Written())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// ends waits for the end of the program.
func (p *person) ends(code int) {
	p.t.Helper()
	got, err := p.End(p.within())
	p.must(err)
	if got != code {
		p.t.Errorf("exit code %d, want %d; the screen is\n%s", got, code, strings.TrimSpace(p.Screen()))
	}
}
