package verbs

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

func booting(vc *v1alpha1.VirtualCluster) { vc.Status.Conditions = nil }

// TestConnectHoldsOnceItServes: who wants a way held open gets none that is not.
func TestConnectHoldsOnceItServes(t *testing.T) {
	s := newStage(t, nowhere)
	s.there(t, onWatch(t, allReady), booting)
	ctx, end := context.WithCancel(t.Context())
	defer end()
	said := &watchedBuffer{said: make(chan string, 1)}
	s.Out = said
	root := newRoot(s.Factory, NewCmdConnect(s.Factory, nil))
	root.SetArgs(append(s.flags, "connect", "dev", "--hold"))
	ended := make(chan int, 1)
	go func() { ended <- Execute(ctx, s.Factory, root) }()
	said.await(t, "vclusterctl-default-dev\n")
	select {
	case code := <-ended:
		t.Fatalf("it ends with %d and holds nothing", code)
	case <-time.After(200 * time.Millisecond):
	}
	if n := len(s.host.Dials()); n != 1 {
		t.Errorf("%d connections to the host, want 1", n)
	}
	end()
	if code := <-ended; code != 0 {
		t.Errorf("interrupting is how it ends well, got code %d", code)
	}
	if got := s.ErrOut.(*bytes.Buffer).String(); !strings.Contains(got, "waiting until it does") {
		t.Errorf("that it waits is not told:\n%s", got)
	}
}

func TestConnectHoldsNothing(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(*v1alpha1.VirtualCluster)
		refuse int
		says   string
	}{
		"Paused":       {reason: "Nobody knows until when.", change: wantedPaused, says: "vclusterctl resume dev"},
		"PausedLately": {reason: "The address does not answer, and soon it will be told why.", change: func(vc *v1alpha1.VirtualCluster) { wantedPaused(vc); allReady(vc) }, says: "vclusterctl resume dev"},
		"Forbidden":    {reason: "What it takes is told.", refuse: http.StatusForbidden, says: "get and create pods/portforward"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nowhere)
			s.host.Refuse = tc.refuse
			if tc.change == nil {
				tc.change = allReady
			}
			s.there(t, interceptor.Funcs{}, booting, tc.change)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			code, out, errOut := s.call(ctx, NewCmdConnect(s.Factory, nil), "dev", "--hold")
			if code != cli.ExitError || out != "" || !strings.Contains(errOut, tc.says) {
				t.Errorf("%s\ncode %d, output %q, want %q told:\n%s", tc.reason, code, out, tc.says, errOut)
			}
		})
	}
}

// TestConnectKeepsTheWay: a context that leads through the host does so although
// the cluster does not serve for a while: somebody may hold the way open.
func TestConnectKeepsTheWay(t *testing.T) {
	s := newStage(t, nowhere)
	c := s.there(t, interceptor.Funcs{})
	if code, _, errOut := s.call(t.Context(), NewCmdConnect(s.Factory, nil), "dev"); code != 0 {
		t.Fatal(errOut)
	}
	_, before := s.current(t)
	vc := &v1alpha1.VirtualCluster{}
	if err := c.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "dev"}, vc); err != nil {
		t.Fatal(err)
	}
	booting(vc)
	if err := c.Status().Update(t.Context(), vc); err != nil {
		t.Fatal(err)
	}
	code, _, errOut := s.call(t.Context(), NewCmdConnect(s.Factory, nil), "dev")
	if _, after := s.current(t); code != 0 || after != before || !isTunnel(after) {
		t.Errorf("code %d, the context leads to %s, before to %s:\n%s", code, after, before, errOut)
	}
}
