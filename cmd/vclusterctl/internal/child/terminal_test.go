//go:build unix

package child

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"
)

// askedEnv makes the test binary run a program and end with its code, as the
// real program does.
const askedEnv = "CHILD_RUNS"

// countingEnv makes the test binary count interrupts until there is input.
const countingEnv = "CHILD_COUNTS"

// catchingEnv makes the test binary send itself signals and say what it caught.
const catchingEnv = "CHILD_CATCHES"

func sayCaught() {
	caught := make(chan os.Signal, 2)
	s := Catch(func(sig os.Signal) { caught <- sig })
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGPIPE, syscall.SIGTERM} {
		if err := syscall.Kill(os.Getpid(), sig); err != nil {
			panic(err)
		}
	}
	for sig := range caught {
		fmt.Println(sig)
		if sig == syscall.SIGTERM {
			break
		}
	}
	s.Stop()
}

func countInterrupts() {
	arrived := make(chan os.Signal, 16)
	signal.Notify(arrived, os.Interrupt)
	go func() {
		for n := 1; ; n++ {
			<-arrived
			fmt.Println("interrupt", n)
		}
	}()
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	fmt.Println("counted")
}

type asked struct {
	Argv        []string `json:"argv"`
	Interactive bool     `json:"interactive"`
}

func TestMain(m *testing.M) {
	text := os.Getenv(askedEnv)
	if os.Getenv(countingEnv) != "" {
		countInterrupts()
		return
	}
	if os.Getenv(catchingEnv) != "" {
		sayCaught()
		return
	}
	if text == "" {
		os.Exit(m.Run())
	}
	var a asked
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		panic(err)
	}
	signals := Catch(func(os.Signal) {})
	code, err := Run(context.Background(), Params{
		Argv: a.Argv, Env: Environ(os.Environ(), askedEnv+"=", "PS1=$ "), In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr, Interactive: a.Interactive, Signals: signals,
	})
	signals.Stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 125
	}
	fmt.Printf("ended with %d\n", code)
	os.Exit(code)
}

func hasNoTerminal() bool {
	tty := openTerminal()
	tty.close()
	return tty == nil
}

// session is a terminal that somebody types into.
type session struct {
	*testing.T

	keys   *os.File
	lines  chan string
	parent *exec.Cmd
	before *term.State
}

// newSession starts a program as a child of a child of ours, on a terminal of
// its own.
func newSession(t *testing.T, a asked) *session {
	t.Helper()
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	keys, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(self)
	parent.Env = append(os.Environ(), askedEnv+"="+string(text))
	parent.Stdin, parent.Stdout, parent.Stderr = tty, tty, tty
	parent.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	s := &session{T: t, keys: keys, lines: make(chan string, 100), parent: parent, before: before}
	t.Cleanup(func() {
		_ = parent.Process.Kill()
		_ = tty.Close()
		_ = keys.Close()
	})
	go s.read()
	return s
}

func (s *session) read() {
	defer close(s.lines)
	lines := bufio.NewScanner(s.keys)
	for lines.Scan() {
		s.lines <- strings.TrimRight(lines.Text(), "\r")
	}
}

// see waits for a line, and gives those before it.
func (s *session) see(want string) (before []string) {
	s.Helper()
	timeout := time.After(limit)
	for {
		select {
		case line, ok := <-s.lines:
			if strings.HasSuffix(line, want) {
				return before
			}
			if !ok {
				s.Fatalf("the terminal is gone before %q was seen, after %q", want, before)
			}
			before = append(before, line)
		case <-timeout:
			s.Fatalf("%q was not seen, but %q", want, before)
		}
	}
}

func (s *session) press(keys string) {
	s.Helper()
	if _, err := s.keys.WriteString(keys); err != nil {
		s.Fatal(err)
	}
}

// end waits for the end and for the terminal to be as before.
func (s *session) end(code int) {
	s.Helper()
	s.see(fmt.Sprintf("ended with %d", code))
	_ = s.parent.Wait()
	if got := s.parent.ProcessState.ExitCode(); got != code {
		s.Errorf("exit code %d, want %d", got, code)
	}
	after, err := term.GetState(int(s.parent.Stdin.(*os.File).Fd()))
	if err != nil {
		s.Fatal(err)
	}
	if fmt.Sprint(*after) != fmt.Sprint(*s.before) {
		s.Errorf("the terminal is not as before:\n%v\n%v", *s.before, *after)
	}
}

func TestTerminal(t *testing.T) {
	t.Run("CtrlC", func(t *testing.T) {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		s := newSession(t, asked{Argv: []string{"env", countingEnv + "=yes", self}})
		s.see("ready")
		for n := range 10 { // two at the same time may look like one
			s.press("\x03")
			s.see(fmt.Sprintf("interrupt %d", n+1)) // the terminal told it, we do not
		}
		s.press("\n")
		if more := s.see("counted"); len(more) > 1 { // the line that was typed
			s.Errorf("there were more interrupts than keys: %q", more)
		}
		s.end(0)
	})
	t.Run("CtrlCEnds", func(t *testing.T) {
		s := newSession(t, asked{Argv: []string{"sh", "-c", `trap 'trap - INT; kill -INT $$' INT; echo ready; while :; do sleep 0.01; done`}})
		s.see("ready")
		s.press("\x03")
		s.end(130)
	})
	t.Run("TermToUsAlone", func(t *testing.T) {
		s := newSession(t, asked{Argv: []string{"sh", "-c", `trap 'echo told; exit 3' TERM; echo ready; while :; do sleep 0.01; done`}})
		s.see("ready")
		_ = s.parent.Process.Signal(syscall.SIGTERM)
		s.see("told")
		s.end(3)
	})
	t.Run("Raw", func(t *testing.T) {
		s := newSession(t, asked{Argv: []string{"sh", "-c", "stty raw -echo; echo ready; kill -9 $$"}})
		s.end(137)
	})
	t.Run("KilledShell", func(t *testing.T) {
		// It has taken the foreground for itself, and cannot give it back.
		s := newSession(t, asked{Argv: []string{"bash", "--norc", "-i"}, Interactive: true})
		s.press("stty -echo; echo rea''dy\n")
		s.see("ready")
		s.press("kill -9 $$\n")
		s.end(137)
	})
	t.Run("Shell", func(t *testing.T) {
		s := newSession(t, asked{Argv: []string{"bash", "--norc", "-i"}, Interactive: true})
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		s.press(countingEnv + "=yes " + self + "\n")
		s.see("ready")
		s.press("\x03") // for the program, not for the shell, nor for us
		s.see("interrupt 1")
		s.press("\n")
		s.see("counted")
		s.press("exit 5\n")
		s.end(5)
	})
	t.Run("TermToShell", func(t *testing.T) {
		s := newSession(t, asked{Argv: []string{"bash", "--norc", "-i"}, Interactive: true})
		s.press("echo rea''dy\n")
		s.see("ready")
		// A shell that is not reading yet takes no notice.
		again := time.NewTicker(100 * time.Millisecond)
		defer again.Stop()
		over := make(chan struct{})
		defer close(over)
		go func() {
			for {
				select {
				case <-again.C:
					_ = s.parent.Process.Signal(syscall.SIGTERM)
				case <-over:
					return
				}
			}
		}()
		s.end(129)
	})
}

// needHangups skips where what tests start could not get them.
func needHangups(t *testing.T) {
	t.Helper()
	if signal.Ignored(syscall.SIGHUP) {
		t.Skip("whoever started the tests wants hang-ups ignored, as nohup does")
	}
}

// TestCatch: signals are caught, but what nohup wants ignored stays so.
func TestCatch(t *testing.T) {
	needHangups(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for script, want := range map[string]string{
		`exec "$0"`:              "hangup\nterminated\n",
		`trap "" HUP; exec "$0"`: "terminated\n",
	} {
		cmd := exec.Command("sh", "-c", script, self)
		cmd.Env = append(os.Environ(), catchingEnv+"=yes")
		got, err := cmd.CombinedOutput()
		if string(got) != want || err != nil {
			t.Errorf("%s: caught %q, %v, want %q", script, got, err, want)
		}
	}
}
