package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	ctrlenvtest "sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// fleet is one controller, in a process of its own, with many clusters on a real
// API server behind which there are no kubelets and no other controllers. What
// these would do the benchmark does itself.
type fleet struct {
	env     *ctrlenvtest.Environment
	admin   *harness.Cluster
	counter *counter
	server  *http.Server
	guests  []*guest
	cmd     *exec.Cmd
	log     string
}

// stretch is what a controller did for some time, and uses at the end of it.
type stretch struct {
	requests tally
	// asked is how often guests were asked for their report.
	asked         int64
	before, after process
}

func (s stretch) cpu() series { return series{s.after.cpu - s.before.cpu} }

// fleetOf measures what many clusters cost the controller.
func (b *bench) fleetOf(ctx context.Context) (sections []section, err error) {
	dir, err := os.MkdirTemp("", "vclusterctl-fleet-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	f := &fleet{log: filepath.Join(dir, "controller.log")}
	defer func() { err = errors.Join(err, f.stop()) }()
	if sections, err = f.measure(ctx, b, dir); err != nil {
		return sections, fmt.Errorf("%w; the controller's log: %s", err, tailOf(f.log))
	}
	return sections, nil
}

func (f *fleet) measure(ctx context.Context, b *bench, dir string) ([]section, error) {
	if err := f.start(ctx, b.assets.CLI, dir); err != nil {
		return nil, err
	}
	var took time.Duration
	made, err := f.during(func() (err error) {
		took, err = f.fill(ctx, b.fleet)
		return err
	})
	if err != nil {
		return nil, err
	}
	b.sayf("%d clusters made in %s: %v and %d reads", b.fleet, took, made.requests.kinds, made.requests.reads)
	idle := func() error { return pause(ctx, watched) }
	waiting, err := f.during(idle)
	if err != nil {
		return nil, err
	}
	sections := []section{waitingSection(b.fleet, took, made, waiting)}
	b.sayf("waiting: %v and %d reads", waiting.requests.kinds, waiting.requests.reads)
	if err := f.run(ctx, b.fleet); err != nil {
		return sections, err
	}
	b.sayf("%d clusters are Ready", b.fleet)
	ready, err := f.during(idle)
	if err != nil {
		return sections, err
	}
	b.sayf("Ready: %v and %d reads", ready.requests.kinds, ready.requests.reads)
	return append(sections, readySection(b.fleet, ready)), nil
}

// fill makes clusters up to pods that nobody runs, and tells how long it took to
// make all that is the controller's.
func (f *fleet) fill(ctx context.Context, size int) (time.Duration, error) {
	begin := time.Now()
	if err := f.create(ctx, size); err != nil {
		return 0, err
	}
	if err := f.awaitSets(ctx, size); err != nil {
		return 0, err
	}
	took := time.Since(begin)
	if err := f.makePods(ctx); err != nil {
		return took, err
	}
	return took, f.awaitQuiet(ctx)
}

// run has the pods run, and waits until the clusters are Ready and at rest.
func (f *fleet) run(ctx context.Context, size int) error {
	if err := f.runPods(ctx); err != nil {
		return err
	}
	if err := f.awaitReady(ctx, size); err != nil {
		return err
	}
	return f.awaitQuiet(ctx)
}

// during tells what the controller did meanwhile.
func (f *fleet) during(meanwhile func() error) (stretch, error) {
	f.counter.take()
	asked, before := f.asked(), f.use()
	if err := meanwhile(); err != nil {
		return stretch{}, err
	}
	return stretch{requests: f.counter.take(), asked: f.asked() - asked, before: before, after: f.use()}, nil
}

func waitingSection(size int, took time.Duration, made, waiting stretch) section {
	n := float64(size)
	return section{title: fmt.Sprintf("One controller, %d clusters that wait for their pods", size), rows: []row{
		{name: "writes per cluster", unit: count, ours: series{float64(made.requests.writes) / n}},
		{name: "rehearsals per cluster (dry run)", unit: count, ours: series{float64(made.requests.dryRuns) / n}},
		{name: fmt.Sprintf("writes in %s of waiting, all clusters", watched), unit: whole, ours: one(waiting.requests.writes), target: zero},
		{name: fmt.Sprintf("reads in %s of waiting, all clusters", watched), unit: whole, ours: one(waiting.requests.reads)},
		{name: "time per cluster to make its objects", unit: milli, ours: series{took.Seconds() / n}},
		{name: "processor time per cluster", unit: milli, ours: series{(made.after.cpu - made.before.cpu) / n}},
		{name: fmt.Sprintf("processor time in %s of waiting", watched), unit: milli, ours: waiting.cpu()},
		{name: "resident memory, waiting", unit: mebi, ours: series{waiting.after.resident}, target: slight},
		{name: "resident memory, at most", unit: mebi, ours: series{waiting.after.peak}, target: slight},
	}}
}

func readySection(size int, ready stretch) section {
	return section{title: fmt.Sprintf("The same controller, the %d clusters Ready", size), rows: []row{
		{name: fmt.Sprintf("writes in %s, all clusters", watched), unit: whole, ours: one(ready.requests.writes), target: zero},
		{name: fmt.Sprintf("reads in %s, all clusters", watched), unit: whole, ours: one(ready.requests.reads)},
		{name: fmt.Sprintf("reports asked for in %s, all clusters", watched), unit: whole, ours: series{float64(ready.asked)}},
		{name: fmt.Sprintf("processor time in %s", watched), unit: milli, ours: ready.cpu()},
		{name: "resident memory, Ready", unit: mebi, ours: series{ready.after.resident}, target: slight},
		{name: "resident memory, at most", unit: mebi, ours: series{ready.after.peak}, target: slight},
	}}
}

// create makes all clusters, eight at a time, with the storage that is the
// default.
func (f *fleet) create(ctx context.Context, size int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i := range size {
		group.Go(func() error {
			return f.admin.Create(ctx, virtualCluster(v1alpha1.DistroK8s, fmt.Sprintf("fleet-%d", i), false))
		})
	}
	return group.Wait()
}

// awaitSets waits until every cluster has its StatefulSet, the last of its
// objects.
func (f *fleet) awaitSets(ctx context.Context, size int) error {
	return f.await(ctx, size, func(ctx context.Context) (int, string, error) {
		var sets appsv1.StatefulSetList
		err := f.admin.List(ctx, &sets)
		return len(sets.Items), "have their StatefulSet", err
	})
}

func (f *fleet) awaitReady(ctx context.Context, size int) error {
	return f.await(ctx, size, func(ctx context.Context) (int, string, error) {
		var clusters v1alpha1.VirtualClusterList
		err := f.admin.List(ctx, &clusters)
		ready, words := 0, ""
		for i := range clusters.Items {
			if meta.IsStatusConditionTrue(clusters.Items[i].Status.Conditions, v1alpha1.ConditionReady) {
				ready++
			} else {
				words = harness.Conditions(&clusters.Items[i])
			}
		}
		return ready, "are Ready; one that is not:" + words, err
	})
}

func (f *fleet) await(ctx context.Context, size int, found func(context.Context) (int, string, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 2*stepTimeout, fmt.Errorf("%d clusters took more than %s", size, 2*stepTimeout))
	defer cancel()
	return f.admin.Eventually(ctx, func() error {
		n, words, err := found(ctx)
		if err == nil && n < size {
			err = fmt.Errorf("%d of %d clusters %s", n, size, words)
		}
		return err
	})
}

// awaitQuiet waits until nothing has been written for a while.
func (f *fleet) awaitQuiet(ctx context.Context) error {
	for before := -1; ; {
		now := f.counter.writes()
		if now == before {
			return nil
		}
		before = now
		if err := pause(ctx, settling/2); err != nil {
			return err
		}
	}
}
