package main

import (
	"context"
	"fmt"
	"time"

	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// watched is how long an unchanged cluster is looked at.
const watched = time.Minute

// requests counts what the controller writes, by the audit log of the host's
// API server: for a new cluster, and then for one that waits for a node and one
// that is ready.
func (b *bench) requests(ctx context.Context) ([]section, error) {
	d, err := b.firstDistro(ctx)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	ready := virtualCluster(d.Name, "ready", true)
	if err := b.host.Create(ctx, ready); err != nil {
		return nil, err
	}
	if _, err := b.host.AwaitReady(ctx, ready); err != nil {
		return nil, err
	}
	created := time.Now()
	waiting := virtualCluster(d.Name, "waiting", true)
	waiting.Spec.Servers.NodeSelector = map[string]string{"bench.vclusterctl.dev/nowhere": "true"}
	if err := b.host.Create(ctx, waiting); err != nil {
		return nil, err
	}
	if err := pause(ctx, settling); err != nil {
		return nil, err
	}
	quiet := time.Now()
	if err := pause(ctx, watched); err != nil {
		return nil, err
	}
	rows, err := b.requestRows(ctx, begin, created, quiet)
	if err != nil {
		return nil, err
	}
	return []section{{title: "Requests of the controller that change something", rows: rows}}, b.remove(ctx, ready, waiting)
}

func (b *bench) requestRows(ctx context.Context, begin, created, quiet time.Time) ([]row, error) {
	making, err := b.tallyBetween(ctx, begin, created)
	if err != nil {
		return nil, err
	}
	idle, err := b.tallyBetween(ctx, quiet, quiet.Add(watched))
	if err != nil {
		return nil, err
	}
	b.sayf("for a new cluster: %v; then in %s: %v", making.kinds, watched, idle.kinds)
	return []row{
		{name: "for a new cluster, to Ready", unit: whole, ours: one(making.writes)},
		{name: "rehearsals of it (dry run)", unit: whole, ours: one(making.dryRuns)},
		{name: fmt.Sprintf("in %s, one cluster Ready and one waiting for a node", watched), unit: whole, ours: one(idle.writes), target: zero},
		{name: "Leases and Events in that time", unit: whole, ours: one(idle.apart)},
	}, nil
}

// firstDistro is one that runs here: what the controller writes is the same for
// all.
func (b *bench) firstDistro(ctx context.Context) (harness.Distro, error) {
	distros, err := b.distros()
	if err != nil {
		return harness.Distro{}, err
	}
	for _, d := range distros {
		if refused, err := b.refuses(ctx, d); err != nil || refused == "" {
			return d, err
		}
	}
	return harness.Distro{}, fmt.Errorf("none of the distros in %q runs here", b.assets.NodeImage)
}
