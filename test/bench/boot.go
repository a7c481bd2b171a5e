package main

import (
	"context"
	"time"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// boot is one start of a cluster.
type boot struct {
	// marks are the moments of milestones, since the clock started.
	marks map[string]time.Duration
	// busy is the use of processors up to the first running pod, settled is
	// memory some time later.
	busy, settled usage
	// datastore that the server keeps its objects in.
	datastore string
	// state is the size of everything on the state volume, in bytes.
	state float64
}

// settling is how long a cluster is left alone before its memory is looked at.
const settling = 10 * time.Second

// boots are the starts of virtual clusters and of bare processes, and how one
// series of figures is got from them.
type boots struct{ ours, bare []boot }

func marked(from []boot, since, name string) series {
	var out series
	for _, b := range from {
		at, ok := b.marks[name]
		begin, okSince := b.marks[since]
		if ok && (okSince || since == "") {
			out = append(out, (at - begin).Seconds())
		}
	}
	return out
}

func each(from []boot, value func(boot) float64) series {
	out := make(series, 0, len(from))
	for _, b := range from {
		out = append(out, value(b))
	}
	return out
}

// bootInTurns starts a virtual cluster and bare processes in turns, so that what
// else the machine does weighs on both alike. The first start of each only
// warms the caches.
func (b *bench) bootInTurns(ctx context.Context, d harness.Distro) (boots, error) {
	var found boots
	for i := range b.runs + 1 {
		ours, err := b.virtualBoot(ctx, d)
		if err != nil {
			return found, err
		}
		bare, err := b.bareBoot(ctx, d, bareStart{datastore: ours.datastore, sizes: true})
		if err != nil {
			return found, err
		}
		b.sayf("%s boot %d/%d: API %.2f s, pod running %.2f s; bare %.2f s, %.2f s", d.Name, i, b.runs,
			ours.marks[markAPI].Seconds(), ours.marks[markRunning].Seconds(), bare.marks[markAPI].Seconds(), bare.marks[markRunning].Seconds())
		if i > 0 {
			found.ours, found.bare = append(found.ours, ours), append(found.bare, bare)
		}
		b.sayf("%s: virtual at first: %s", d.Name, ours.busy)
		b.sayf("%s: bare at first: %s", d.Name, bare.busy)
		b.sayf("%s: virtual settled: %s", d.Name, ours.settled)
		b.sayf("%s: bare settled: %s", d.Name, bare.settled)
	}
	return found, nil
}

// storedIn is the datastore of the virtual clusters, which the bare processes
// have, too.
func (f boots) storedIn() string {
	if len(f.ours) == 0 {
		return "none"
	}
	return datastoreTitle(f.ours[0].datastore)
}

func datastoreTitle(name string) string {
	if name == guestapi.DatastoreSQLite {
		return "SQLite"
	}
	return name
}

// bootRows are the figures of a distro's start.
func bootRows(f boots) []row {
	rows := []row{
		{name: "object created → pod created", unit: seconds, ours: marked(f.ours, "", markPod)},
		{name: "→ pod scheduled", unit: seconds, ours: marked(f.ours, "", markScheduled)},
		{name: "→ systemd up", unit: seconds, ours: marked(f.ours, "", markInit)},
		{name: "→ node prepared", unit: seconds, ours: marked(f.ours, "", markPrepared)},
		{name: "→ API serves, seen from inside", unit: seconds, ours: marked(f.ours, "", markInside), bare: marked(f.bare, "", markAPI)},
	}
	for _, m := range []struct {
		title, name string
		target      target
	}{
		{"→ API serves, with the user's kubeconfig", markAPI, ratioUpTo(1.3)},
		{"→ node Ready", markNode, target{}},
		{"→ a pod can start", markCanRun, target{}},
		{"→ a pod runs inside", markRunning, target{}},
	} {
		rows = append(rows, row{name: m.title, unit: seconds, target: m.target, ours: marked(f.ours, "", m.name), bare: marked(f.bare, "", m.name)})
	}
	cpu := func(b boot) float64 { return b.busy.cpu }
	memory := func(b boot) float64 { return b.settled.pss }
	state := func(b boot) float64 { return b.state }
	return append(rows,
		row{name: "processor time until then", unit: seconds, ours: each(f.ours, cpu), bare: each(f.bare, cpu)},
		row{name: "memory (PSS)", unit: mebi, target: ratioUpTo(1.1), ours: each(f.ours, memory), bare: each(f.bare, memory)},
		row{name: "state on disk", unit: mebi, ours: each(f.ours, state), bare: each(f.bare, state)},
	)
}
