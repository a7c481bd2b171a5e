package nodeexec

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/remotecommand"
)

var server0 = Node{Name: "server-0", Namespace: "team", Pod: "dev-server-0", Container: "node"}

func TestExec(t *testing.T) {
	// shout answers in capitals, says how it was called and ends with a code.
	shout := func(code int) func(session) int {
		return func(s session) int {
			in, _ := io.ReadAll(s.in)
			_, _ = s.out.Write(bytes.ToUpper(in))
			_, _ = io.WriteString(s.errOut, strings.Join(s.query["command"], "|")+" in "+s.query.Get("container"))
			return code
		}
	}
	type want struct {
		Protocol, Path, Out, ErrOut string
		Code                        int
	}
	const path = "/api/v1/namespaces/team/pods/dev-server-0/exec"
	cases := map[string]struct {
		reason string
		host   *hostAPI
		want   want
	}{
		"WebSocket": {
			reason: "Streams go both ways.", host: &hostAPI{run: shout(0)},
			want: want{Protocol: "websocket", Path: path, Out: "HELLO", ErrOut: "cat|-A in node"},
		},
		"SPDY": {
			reason: "A host that speaks no WebSockets is spoken to as ever.", host: &hostAPI{old: true, run: shout(0)},
			want: want{Protocol: "spdy", Path: path, Out: "HELLO", ErrOut: "cat|-A in node"},
		},
		"ExitCode": {
			reason: "The code comes back, and so does what was said before.", host: &hostAPI{run: shout(7)},
			want: want{Protocol: "websocket", Path: path, Out: "HELLO", ErrOut: "cat|-A in node", Code: 7},
		},
		"SPDYExitCode": {
			reason: "The same over SPDY.", host: &hostAPI{old: true, run: shout(200)},
			want: want{Protocol: "spdy", Path: path, Out: "HELLO", ErrOut: "cat|-A in node", Code: 200},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var out, errOut bytes.Buffer
			err := Exec(t.Context(), Params{
				Host: tc.host.serve(t), Node: server0, Command: []string{"cat", "-A"},
				In: strings.NewReader("hello"), Out: &out, ErrOut: &errOut,
			})
			got := want{Protocol: tc.host.protocol, Path: tc.host.path, Out: out.String(), ErrOut: errOut.String()}
			if exit, ok := errors.AsType[*ExitError](err); ok {
				got.Code = exit.Code
			} else if err != nil {
				t.Fatalf("%s\nExec(): %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestExecAsksForWhatItUses: a host waits for streams that were asked for.
func TestExecAsksForWhatItUses(t *testing.T) {
	var asked map[string][]string
	host := &hostAPI{run: func(s session) int { asked = s.query; return 0 }}
	if err := Exec(t.Context(), Params{Host: host.serve(t), Node: server0, Command: []string{"true"}, Out: io.Discard}); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"command": {"true"}, "container": {"node"}, "stdout": {"true"}}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestExecRefused(t *testing.T) {
	host := &hostAPI{refuse: http.StatusForbidden}
	err := Exec(t.Context(), Params{Host: host.serve(t), Node: server0, Command: []string{"true"}, Out: io.Discard})
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "is forbidden") {
		t.Errorf("the API server's word must be passed on, in a form that can be told apart, got %v", err)
	}
}

// TestExecAllowedOtherwise: what fails later was not refused.
func TestExecAllowedOtherwise(t *testing.T) {
	host := &hostAPI{old: true, refuse: http.StatusForbidden, run: func(session) int { return 7 }}
	err := Exec(t.Context(), Params{Host: host.serve(t), Node: server0, Command: []string{"true"}, Out: io.Discard})
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Code != 7 {
		t.Errorf("who may not GET may POST, got %v", err)
	}
	host.run = func(session) int { return trouble }
	err = Exec(t.Context(), Params{Host: host.serve(t), Node: server0, Command: []string{"true"}, Out: io.Discard})
	if err == nil || apierrors.IsForbidden(err) {
		t.Errorf("what failed later was not refused, got %v", err)
	}
}

func TestExecInterrupted(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(release) })
	host := &hostAPI{run: func(s session) int {
		_, _ = io.WriteString(s.out, "begun")
		close(started)
		<-release
		return 0
	}}
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-started
		cancel(stop)
	}()
	err := Exec(ctx, Params{Host: host.serve(t), Node: server0, Command: []string{"sleep"}, Out: io.Discard})
	if !errors.Is(err, stop) {
		t.Errorf("Exec() must end with the reason it was interrupted for, got %v", err)
	}
}

// sizeList gives sizes one by one.
type sizeList chan remotecommand.TerminalSize

func (l sizeList) Next() *remotecommand.TerminalSize {
	s, ok := <-l
	if !ok {
		return nil
	}
	return &s
}

func TestExecTTY(t *testing.T) {
	want := []remotecommand.TerminalSize{{Width: 80, Height: 24}, {Width: 100, Height: 30}}
	sizes := make(sizeList, len(want))
	for _, s := range want {
		sizes <- s
	}
	var got []remotecommand.TerminalSize
	host := &hostAPI{run: func(s session) int {
		if s.query.Get("tty") != "true" || s.query.Get("stderr") != "" {
			return 1
		}
		from := json.NewDecoder(s.resize)
		for range want {
			var size remotecommand.TerminalSize
			if from.Decode(&size) != nil {
				return 2
			}
			got = append(got, size)
		}
		return 0
	}}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	p := Params{Host: host.serve(t), Node: server0, Command: []string{"bash"}, In: blocked{ctx}, Out: io.Discard, ErrOut: io.Discard, TTY: true, Sizes: sizes}
	if err := Exec(ctx, p); err != nil {
		t.Fatalf("one stream for all output, and sizes as they change: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

// blocked is a keyboard that nobody types on.
type blocked struct{ ctx context.Context }

func (b blocked) Read([]byte) (int, error) {
	<-b.ctx.Done()
	return 0, io.EOF
}
