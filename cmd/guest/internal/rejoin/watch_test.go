package rejoin

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// event is one look: when, what it finds, and what is restarted then.
type event struct {
	after   time.Duration
	found   Finding
	restart string
	problem string
}

func TestWatch(t *testing.T) {
	upstream := UnitsOf(guestapi.NodeConfig{Distro: guestapi.DistroK8s})
	all := "kubelet.service flanneld.service kube-proxy.service kube-router.service"
	const tick, lost = 10 * time.Second, "NodeNotRegistered"
	tests := map[string]struct {
		reason string
		units  Units
		fresh  bool
		events []event
	}{
		"Member": {
			reason: "Nothing happens to a node that is known.", units: upstream,
			events: []event{{tick, Member, "", ""}, {tick, Member, "", ""}},
		},
		"Lost": {
			reason: "What two looks agree on is mended, and its end is seen.", units: upstream,
			events: []event{{tick, Member, "", ""}, {tick, Absent, "", ""}, {tick, Absent, all, lost}, {tick, Member, "", ""}},
		},
		"Moment": {
			reason: "A node may be made anew by somebody at this very moment.", units: upstream,
			events: []event{{tick, Absent, "", ""}, {tick, Member, "", ""}, {tick, Absent, "", ""}},
		},
		"NoAnswer": {
			reason: "An API that does not answer says nothing, and takes nothing back.", units: upstream,
			events: []event{{tick, Unknown, "", ""}, {tick, Unknown, "", ""}, {tick, Absent, "", ""}, {tick, Unknown, "", ""}, {tick, Absent, all, lost}},
		},
		"Booting": {
			reason: "A kubelet that has not registered yet tries by itself.", units: upstream, fresh: true,
			events: []event{{tick, Absent, "", ""}, {tick, Absent, "", ""}, {tick, Absent, "", ""}},
		},
		"NoHelp": {
			reason: "Restarts that do not help become rare.", units: upstream,
			events: []event{
				{tick, Absent, "", ""},
				{tick, Absent, all, lost},
				{59 * time.Second, Absent, "", lost},
				{time.Second, Absent, all, lost},
				{119 * time.Second, Absent, "", lost},
				{time.Second, Absent, all, lost},
				{time.Hour, Absent, all, lost},
				{8 * time.Minute, Absent, all, lost},
				{10*time.Minute - 1, Absent, "", lost},
				{1, Absent, all, lost},
			},
		},
		"Again": {
			reason: "A node that is lost over and over is still restarted once a minute at most.", units: upstream,
			events: []event{
				{tick, Absent, "", ""},
				{tick, Absent, all, lost},
				{tick, Member, "", ""},
				{tick, Absent, "", ""},
				{tick, Absent, "", lost},
				{30 * time.Second, Absent, all, lost},
			},
		},
		"Unrouted": {
			reason: "The kubelet has nothing to do with a pod network that is out of date.", units: upstream,
			events: []event{
				{tick, Unrouted, "", ""},
				{tick, Unrouted, "flanneld.service kube-proxy.service kube-router.service", "PodNetworkOutdated"},
				{tick, Member, "", ""},
			},
		},
		"Changing": {
			reason: "Looks that do not agree count anew.", units: upstream,
			events: []event{{tick, Absent, "", ""}, {tick, Unrouted, "", ""}, {tick, Absent, "", ""}, {tick, Absent, all, lost}},
		},
		"K3sServer": {
			reason: "K3s is one unit.", units: UnitsOf(guestapi.NodeConfig{Distro: guestapi.DistroK3s, Role: guestapi.RoleServer}),
			events: []event{{tick, Absent, "", ""}, {tick, Absent, "k3s.service", lost}},
		},
		"K3sAgent": {
			reason: "Its pod network is in it as well.", units: UnitsOf(guestapi.NodeConfig{Distro: guestapi.DistroK3s, Role: guestapi.RoleAgent}),
			events: []event{{tick, Unrouted, "", ""}, {tick, Unrouted, "k3s-agent.service", "PodNetworkOutdated"}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got event
			now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
			w := &Watch{
				Node: "work-0", Units: tc.units, Log: slog.New(slog.DiscardHandler),
				Joined: func() bool { return !tc.fresh },
				Now:    func() time.Time { return now },
				Look:   func(context.Context) Finding { return got.found },
				Restart: func(_ context.Context, unit string) error {
					got.restart = strings.TrimSpace(got.restart + " " + unit)
					return errors.New("the next unit is to be restarted all the same")
				},
				Report: func(p *guestapi.Problem) {
					if p != nil {
						got.problem = p.Reason
					}
				},
			}
			for i, want := range tc.events {
				now = now.Add(want.after)
				got = event{after: want.after, found: want.found}
				w.step(t.Context())
				if diff := cmp.Diff(want, got, cmp.AllowUnexported(event{})); diff != "" {
					t.Errorf("%s\nlook %d: -want, +got:\n%s", tc.reason, i, diff)
				}
			}
		})
	}
}

// TestWatchClears: a problem is taken back once the node is known again.
func TestWatchClears(t *testing.T) {
	found, reported := Absent, []string{}
	w := &Watch{
		Log: slog.New(slog.DiscardHandler), Joined: func() bool { return true }, Now: time.Now,
		Look:    func(context.Context) Finding { return found },
		Restart: func(context.Context, string) error { return nil },
		Report: func(p *guestapi.Problem) {
			reason := ""
			if p != nil {
				reason = p.Reason
			}
			reported = append(reported, reason)
		},
	}
	w.step(t.Context())
	w.step(t.Context())
	found = Member
	w.step(t.Context())
	if diff := cmp.Diff([]string{"NodeNotRegistered", ""}, reported); diff != "" {
		t.Errorf("problems: -want, +got:\n%s", diff)
	}
}

func TestRunEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ticks, looked := make(chan time.Time), make(chan struct{})
	w := &Watch{Look: func(context.Context) Finding { close(looked); return Unknown }}
	done := make(chan struct{})
	go func() { w.Run(ctx, ticks); close(done) }()
	ticks <- time.Time{}
	<-looked
	cancel()
	<-done
}
