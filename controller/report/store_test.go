package report

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

func facts(change ...func(*guestapi.Facts)) guestapi.Facts {
	f := guestapi.Facts{UIDMap: []string{"0 65536 65536"}, GIDMap: []string{"0 65536 65536"}, SeccompMode: SeccompFilter}
	for _, c := range change {
		c(&f)
	}
	return f
}

func TestNewsArrive(t *testing.T) {
	g := newGuest(t)
	s, news := running(t, g.dial)
	s.Track(dev, []Target{g.target()})

	g.says(guestapi.Report{Boot: "boot-1", Revision: 1, NodeName: "server-0", Facts: facts()})
	if got := await(t, "first news", news); got != dev {
		t.Errorf("news of %v, want of %v", got, dev)
	}
	g.says(guestapi.Report{Boot: "boot-1", Revision: 2, NodeName: "server-0", APIServing: true, Facts: facts()})
	await(t, "second news", news)
	got, ok := s.Snapshot(dev, "boot-1")
	if !ok || !got.Report.APIServing {
		t.Errorf("Snapshot() = %+v, %v, want one whose API serves", got, ok)
	}
}

// TestFactsOnlyWeaken: what a tenant makes a node say later cannot repair what
// it said first, and what it first said does not hide what it says later.
func TestFactsOnlyWeaken(t *testing.T) {
	g := newGuest(t)
	s, news := running(t, g.dial)
	s.Track(dev, []Target{g.target()})
	for i, f := range []guestapi.Facts{
		facts(func(f *guestapi.Facts) { f.SeccompMode = "disabled" }),
		facts(func(f *guestapi.Facts) { f.UIDMap = []string{"0 0 4294967295"} }),
		facts(),
	} {
		g.says(guestapi.Report{Boot: "boot-1", Revision: int64(i), Facts: f})
		await(t, "news", news)
	}
	got, _ := s.Snapshot(dev, "boot-1")
	want := facts(func(f *guestapi.Facts) {
		f.SeccompMode = "disabled"
		f.UIDMap = []string{"0 0 4294967295"}
	})
	if diff := cmp.Diff(want, got.Facts, cmp.Transformer("empty", func(s []string) string { return strings.Join(s, ",") })); diff != "" {
		t.Errorf("facts: -want +got:\n%s", diff)
	}
}

// TestRefused: none of these may ever become a snapshot.
func TestRefused(t *testing.T) {
	cases := map[string]struct {
		reason string
		target func(*Target)
		body   func(http.ResponseWriter)
	}{
		"AnotherBoot": {
			reason: "An address can be given to another pod of the same cluster.",
			body:   func(w http.ResponseWriter) { reply(w, `{"boot":"boot-2","revision":1}`) },
		},
		"TooLarge": {
			reason: "A tenant must not be able to fill our memory.",
			body: func(w http.ResponseWriter) {
				reply(w, `{"boot":"boot-1","revision":1,"nodeName":"`+strings.Repeat("x", guestapi.ReportMaxBytes)+`"}`)
			},
		},
		"NotJSON": {
			reason: "Something else may serve there.",
			body:   func(w http.ResponseWriter) { reply(w, `<html>`) },
		},
		"Redirect": {
			reason: "Our token is for the guest only.",
			body: func() func(http.ResponseWriter) {
				asked := 0
				return func(w http.ResponseWriter) {
					if asked++; asked > 1 { // whoever follows gets what it wants
						reply(w, `{"boot":"boot-1","revision":1}`)
						return
					}
					w.Header().Set("Location", "/elsewhere")
					w.WriteHeader(http.StatusFound)
				}
			}(),
		},
		"WrongToken": {
			reason: "The guest refuses us, and its words of refusal are no report.",
			target: func(t *Target) { t.Token = "wrong" },
			body:   func(w http.ResponseWriter) { reply(w, `{"boot":"boot-1","revision":1}`) },
		},
		"WrongAuthority": {
			reason: "Another cluster's node must not be able to answer for this one.",
			target: func(t *Target) { t.CA = "" },
			body:   func(w http.ResponseWriter) { reply(w, `{"boot":"boot-1","revision":1}`) },
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			g := newGuest(t)
			g.answers(1, tc.body)
			target := g.target()
			if tc.target != nil {
				tc.target(&target)
			}
			p := newPoller(g.dial, target)
			if r, err := p.ask(t.Context(), -1); err == nil {
				t.Errorf("%s\nask() = %+v, want an error", tc.reason, r)
			}
		})
	}
}

func reply(w http.ResponseWriter, body string) {
	_, _ = w.Write([]byte(body)) //nolint:errcheck // the reader's side is what is tested
}

// TestStops: no connection outlives its pod or the store.
func TestStops(t *testing.T) {
	g := newGuest(t)
	open := atomic.Int32{}
	s, news := running(t, counting(g.dial, &open))
	s.Track(dev, []Target{g.target()})
	g.says(guestapi.Report{Boot: "boot-1", Revision: 1})
	await(t, "news", news)

	s.Forget(dev)
	if _, ok := s.Snapshot(dev, "boot-1"); ok {
		t.Error("a snapshot outlived its pod")
	}
	deadline := time.Now().Add(10 * time.Second)
	for open.Load() > 0 {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are still open", open.Load())
		}
		<-time.After(time.Millisecond)
	}
}

// counting counts open connections.
func counting(dial DialFunc, open *atomic.Int32) DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		open.Add(1)
		return &countedConn{Conn: c, open: open}, nil
	}
}

type countedConn struct {
	net.Conn

	open   *atomic.Int32
	closed atomic.Bool
}

func (c *countedConn) Close() error {
	if !c.closed.Swap(true) {
		c.open.Add(-1)
	}
	return c.Conn.Close() //nolint:wrapcheck // a connection as any other
}

// TestNeverQuiet: a guest that has news with every answer is heard at a boot's
// pace first, and seldom after that.
func TestNeverQuiet(t *testing.T) {
	g := newGuest(t)
	revision := int64(0)
	g.answers(0, func(w http.ResponseWriter) {
		revision++
		reply(w, fmt.Sprintf(`{"boot":"boot-1","revision":%d}`, revision))
	})
	ctx, enough := context.WithCancel(t.Context())
	clock, heard := &patient{}, 0
	newPoller(g.dial, g.target()).run(ctx, clock, func(guestapi.Report) {
		switch heard++; heard {
		case burst:
			if clock.waited > 0 {
				t.Errorf("a boot was held up for %v", clock.waited)
			}
		case burst + 10:
			enough()
		}
	}, func() { t.Error("a guest that always has news is called silent") })
	if want := 8 * minInterval; clock.waited < want {
		t.Errorf("10 reports more took %v, want at least %v", clock.waited, want)
	}
}

// TestSilent: what a guest said last is not taken for what is for ever.
func TestSilent(t *testing.T) {
	g := newGuest(t)
	g.says(guestapi.Report{Boot: "boot-1", Revision: 1})
	ctx, enough := context.WithCancel(t.Context())
	clock, reports, silences := &patient{}, 0, 0
	var cut bool
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if cut {
			return nil, context.DeadlineExceeded
		}
		return g.dial(ctx, network, address)
	}
	p := newPoller(dial, g.target())
	p.run(ctx, clock,
		func(guestapi.Report) {
			if reports++; reports == 2 {
				enough()
				return
			}
			cut = true
			g.server.CloseClientConnections()
		},
		func() {
			silences++
			if clock.waited < silentAfter {
				t.Errorf("called silent after %v", clock.waited)
			}
			cut = false
		})
	if reports != 2 || silences != 1 {
		t.Errorf("%d reports and %d silences, want 2 and 1", reports, silences)
	}
	if s := silenced(&Snapshot{StateID: "x"}); !s.Silent || s.StateID != "x" {
		t.Errorf("got %+v", s)
	}
	if s := next(silenced(&Snapshot{}), guestapi.Report{}, 0); s.Silent {
		t.Error("a guest that answers again stays silent")
	}
}

// TestRestarted: a report is of the start that it came in, and a guest whose
// container was started again is asked anew, with what is known kept meanwhile.
func TestRestarted(t *testing.T) {
	g := newGuest(t)
	s, news := running(t, g.dial)
	g.says(guestapi.Report{Boot: "boot-1", Revision: 1, StateID: "a"})
	target := g.target()
	for restarts := range int32(2) {
		target.Restarts = restarts
		s.Track(dev, []Target{target})
		if got, _ := s.Snapshot(dev, "boot-1"); restarts > 0 && got.StateID != "a" {
			t.Errorf("Snapshot() = %+v, want what is known of the pod", got)
		}
		await(t, "news", news)
		if got, _ := s.Snapshot(dev, "boot-1"); got.Restarts != restarts {
			t.Errorf("the report is of start %d, want %d", got.Restarts, restarts)
		}
	}
}

// TestReconnects: a guest that is not there yet is asked until it is.
func TestReconnects(t *testing.T) {
	g := newGuest(t)
	attempts := atomic.Int32{}
	s, news := running(t, func(ctx context.Context, network, address string) (net.Conn, error) {
		if attempts.Add(1) < 5 {
			return nil, context.DeadlineExceeded
		}
		return g.dial(ctx, network, address)
	})
	g.says(guestapi.Report{Boot: "boot-1", Revision: 1})
	s.Track(dev, []Target{g.target()})
	await(t, "news", news)
}

// TestTrackKeeps: what is known of a boot outlives new credentials, and a
// target that did not change is not asked anew.
func TestTrackKeeps(t *testing.T) {
	g := newGuest(t)
	s, news := running(t, g.dial)
	s.Track(dev, []Target{g.target()})
	g.says(guestapi.Report{Boot: "boot-1", Revision: 1, Facts: facts(func(f *guestapi.Facts) { f.SeccompMode = "disabled" })})
	await(t, "news", news)

	same := s.clusters[dev]["boot-1"]
	s.Track(dev, []Target{g.target()})
	if s.clusters[dev]["boot-1"] != same {
		t.Error("an unchanged target is asked anew")
	}
	moved := g.target()
	moved.Address = "10.0.0.10"
	s.Track(dev, []Target{moved})
	if got, ok := s.Snapshot(dev, "boot-1"); !ok || got.Facts.SeccompMode != "disabled" {
		t.Errorf("Snapshot() = %+v, %v, want what was known", got, ok)
	}
}
