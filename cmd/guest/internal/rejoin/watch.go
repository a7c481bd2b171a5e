package rejoin

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// Finding is what one look at the cluster says about this node.
type Finding int

// What a look may find.
const (
	// Unknown: there was no answer, or one that proves nothing.
	Unknown Finding = iota
	// Member: the cluster knows the node.
	Member
	// Absent: the API says with certainty that it has no such node.
	Absent
	// Unrouted: the cluster has the node, but its pod network was made for an
	// earlier one of that name.
	Unrouted
)

// Every is how often a node looks. A watch would be cheaper, but one that was
// begun with another datastore stays silent for ever.
const Every = 10 * time.Second

const (
	// looks is how many in a row must agree before anything is restarted.
	looks = 2
	// The pause between two restarts grows while they do not help.
	firstPause, longestPause = time.Minute, 10 * time.Minute
)

// Watch restarts what makes a node a member when it is none any more. Pods keep
// running meanwhile.
type Watch struct {
	Node  string
	Units Units
	// Joined says whether the node has been a member in this boot. Until then
	// its kubelet tries by itself.
	Joined func() bool
	// Look asks the cluster.
	Look func(context.Context) Finding
	// Restart restarts a unit of systemd that runs.
	Restart func(ctx context.Context, unit string) error
	// Report says what is wrong, or with nil that nothing is.
	Report func(*guestapi.Problem)
	Now    func() time.Time
	Log    *slog.Logger

	found Finding
	count int
	// next is when a restart is allowed again, pause how long the one after it
	// has to wait.
	next  time.Time
	pause time.Duration
}

// Run looks at every tick until ctx ends.
func (w *Watch) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			w.step(ctx)
		}
	}
}

// step looks once, and acts on what several looks have agreed on. No answer is
// no proof of anything: it neither counts nor puts an end to what was found.
func (w *Watch) step(ctx context.Context) {
	found := w.Look(ctx)
	if found == Unknown || !w.Joined() {
		return
	}
	if found != w.found {
		w.found, w.count = found, 0
	}
	w.count++
	switch {
	case found == Member:
		w.pause = 0 // it helped
		w.Report(nil)
	case w.count >= looks:
		w.Report(w.problem())
		w.mend(ctx)
	}
}

// mend restarts the units, unless it has done so lately.
func (w *Watch) mend(ctx context.Context) {
	now := w.Now()
	if now.Before(w.next) {
		return
	}
	w.pause = min(max(2*w.pause, firstPause), longestPause)
	w.next = now.Add(w.pause)
	w.Log.Warn(w.problem().Message)
	for _, unit := range w.Units.of(w.found) {
		if err := w.Restart(ctx, unit); err != nil {
			w.Log.Warn("restart a unit", "unit", unit, "error", err)
		}
	}
}

func (w *Watch) problem() *guestapi.Problem {
	units := strings.Join(w.Units.of(w.found), ", ")
	if w.found == Unrouted {
		return &guestapi.Problem{Reason: "PodNetworkOutdated", Message: fmt.Sprintf(
			"the pod network of node %q was made for an earlier node of that name; restarting %s", w.Node, units)}
	}
	return &guestapi.Problem{Reason: "NodeNotRegistered", Message: fmt.Sprintf(
		"the cluster inside has no node %q any more; restarting %s so that it registers again", w.Node, units)}
}
