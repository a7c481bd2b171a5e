package child

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Exit codes of a program that could not be started, as env and the shells have
// them.
const (
	CodeNotExecutable = 126
	CodeNotFound      = 127
)

// Params say what to run.
type Params struct {
	// Argv is the program with its arguments.
	Argv []string
	// Env is its whole environment.
	Env []string
	// In, Out and ErrOut are its streams.
	In          io.Reader
	Out, ErrOut io.Writer
	// Interactive is a shell that somebody types into. Those take no notice of
	// SIGTERM, so they get a SIGHUP in its place.
	Interactive bool
	// Grace is how long it may go on after a signal to end; 0 for ever. Then it
	// is killed.
	Grace time.Duration
	// Signals is where signals come from.
	Signals *Signals
}

// StartError says that a program could not be started.
type StartError struct {
	// Code is the exit code for that.
	Code int
	Err  error
}

// Error implements error.
func (e *StartError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *StartError) Unwrap() error { return e.Err }

func startError(err error) error {
	code := CodeNotExecutable
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		code = CodeNotFound
	}
	return &StartError{Code: code, Err: err}
}

// Find says whether a program can be started, as far as that can be told
// without doing so.
func Find(program string) error {
	if _, err := exec.LookPath(program); err != nil {
		return startError(err)
	}
	return nil
}

// Run runs a program until it ends, and gives its exit code: 128 + N if signal N
// ended it. It fails only if the program was not started. The context counts until
// then; after that the program gets the signals. The terminal is as before when
// it returns, whatever the program has done.
func Run(ctx context.Context, p Params) (int, error) {
	// The program is told when the thread that started it ends: it must not.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	tty := openTerminal()
	defer tty.close()

	cmd := exec.Command(p.Argv[0], p.Argv[1:]...) //nolint:noctx // it ends by itself, or by a signal
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = p.Env, p.In, p.Out, p.ErrOut
	own := tty == nil // nobody else can address it, so it is addressed with all that it starts
	cmd.SysProcAttr = attributes(own, p.Interactive)
	target := &process{tty: tty, own: own, interactive: p.Interactive, grace: p.Grace}
	// What arrives before it is started waits until it is.
	target.mu.Lock()
	restore := p.Signals.To(target.signal)
	defer restore()
	if ctx.Err() != nil { // a signal came just before
		target.started(nil)
		return 0, context.Cause(ctx)
	}
	err := cmd.Start()
	target.started(cmd.Process)
	if err != nil {
		return 0, startError(err)
	}
	err = cmd.Wait()
	target.ended()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && cmd.ProcessState == nil {
		return 0, err
	}
	return codeOf(cmd.ProcessState), nil
}

// process is what signals are passed on to.
type process struct {
	tty         *terminal
	own         bool
	interactive bool
	grace       time.Duration

	mu      sync.Mutex
	process *os.Process // nil when there is none
	kill    *time.Timer
}

func (p *process) started(process *os.Process) {
	p.process = process
	p.mu.Unlock()
}

func (p *process) ended() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.process = nil
	if p.kill != nil {
		p.kill.Stop()
	}
}

// signal passes on what was sent to us alone.
func (p *process) signal(s os.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sig, ok := s.(syscall.Signal)
	if p.process == nil || !ok || typed(sig) && p.tty.foreground() {
		return
	}
	ends := sig == syscall.SIGTERM || sig == syscall.SIGHUP
	if ends && p.interactive {
		sig = syscall.SIGHUP
	}
	p.send(sig)
	if ends && p.grace > 0 && p.kill == nil {
		p.kill = time.AfterFunc(p.grace, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.process != nil {
				p.send(syscall.SIGKILL)
			}
		})
	}
}

// send is best effort: who is gone needs no signal.
func (p *process) send(sig syscall.Signal) {
	if p.own {
		_ = signalGroup(p.process.Pid, sig)
		return
	}
	_ = p.process.Signal(sig)
}
