package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// distros are those that the node image carries, or the one that was asked for.
func (b *bench) distros() ([]harness.Distro, error) {
	carried, err := harness.Carried(b.assets.NodeImage)
	if err != nil {
		return nil, err
	}
	var found []harness.Distro
	for _, d := range harness.Distros() {
		switch {
		case b.distro != "" && b.distro != string(d.Name):
		case slices.Contains(carried, string(d.Name)):
			found = append(found, d)
		default:
			b.noteAbout(noteOn(d, false, program{}, nil, ""))
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("the node image carries %v, not %q", carried, b.distro)
	}
	return found, nil
}

// eachDistro measures every distro that runs on this host. One that does not is
// left out, and the table says so.
func (b *bench) eachDistro(ctx context.Context, measure func(context.Context, harness.Distro) ([]section, error)) ([]section, error) {
	distros, err := b.distros()
	if err != nil {
		return nil, err
	}
	var sections []section
	for _, d := range distros {
		refused, err := b.refuses(ctx, d)
		if err != nil {
			return sections, err
		}
		if refused != "" {
			continue
		}
		found, err := measure(ctx, d)
		sections = append(sections, found...)
		if err != nil {
			return sections, err
		}
	}
	return sections, nil
}

// refuses finds out, once, whether a distro runs on this host, where there is
// doubt.
func (b *bench) refuses(ctx context.Context, d harness.Distro) (string, error) {
	if said, ok := b.refused[d.Name]; ok || len(d.Controllers) == 0 {
		return said, nil
	}
	said, err := b.try(ctx, d)
	if err != nil {
		return "", err
	}
	build, err := k3sOf(b.rootfs)
	if err != nil {
		return "", err
	}
	b.refused[d.Name] = said
	b.noteAbout(noteOn(d, true, build, b.host.Missing(d), said))
	return said, nil
}

// try starts a cluster of a distro that may refuse to run here.
func (b *bench) try(ctx context.Context, d harness.Distro) (string, error) {
	if len(b.host.Missing(d)) == 0 {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	vc := virtualCluster(d.Name, "trial", true)
	if err := b.host.Create(ctx, vc); err != nil {
		return "", err
	}
	said, err := b.host.AwaitOrRefusal(ctx, d, vc)
	if err != nil {
		return "", err
	}
	return said, b.remove(ctx, vc)
}

// boots measures the start of a cluster, its memory and the sizes on disk.
func (b *bench) boots(ctx context.Context) ([]section, error) {
	sections, err := b.eachDistro(ctx, func(ctx context.Context, d harness.Distro) ([]section, error) {
		found, err := b.bootInTurns(ctx, d)
		if err != nil {
			return nil, err
		}
		title := fmt.Sprintf("One %s server from nothing (ephemeral storage, datastore %s)", d.Name, found.storedIn())
		return append([]section{{title: title, rows: bootRows(found)}}, breakdowns(lowerFirst(title), found)...), nil
	})
	if err != nil {
		return sections, err
	}
	image, err := b.image(ctx)
	return append(sections, image), err
}

// image is the size of the node image.
func (b *bench) image(ctx context.Context) (section, error) {
	info, err := os.Stat(b.assets.NodeImage)
	if err != nil {
		return section{}, err
	}
	unpacked, err := diskUsage(ctx, b.rootfs)
	return section{title: "Node image, all distros", rows: []row{
		{name: "archive", unit: mebi, ours: series{float64(info.Size())}},
		{name: "unpacked", unit: mebi, ours: series{unpacked}},
	}}, err
}

// mostRestarts is enough: they differ less than first boots.
const mostRestarts = 3

// restarts measures servers on volumes: how one starts for the first time, and how
// it comes back on the volume it had, after its pod was deleted: from the moment
// that the new pod is there.
func (b *bench) restarts(ctx context.Context) ([]section, error) {
	return b.eachDistro(ctx, func(ctx context.Context, d harness.Distro) ([]section, error) {
		first, vc, err := b.firstBoots(ctx, d)
		if err != nil {
			return nil, err
		}
		title := fmt.Sprintf("One %s server on a new volume (the default; datastore %s)", d.Name, first.storedIn())
		sections := []section{
			{title: title, rows: volumeRows(first)},
			{title: "Where the time goes: " + lowerFirst(title), column: "step", rows: stepRows(first)},
		}
		again, err := b.restartInTurns(ctx, vc, d)
		if err != nil {
			return sections, err
		}
		sections = append(sections, section{
			title: fmt.Sprintf("One %s server again, on the volume it had (datastore %s)", d.Name, again.storedIn()), rows: againRows(again),
		})
		return sections, b.removeWithVolume(ctx, vc)
	})
}

// lowerFirst makes the title of a table a part of another one.
func lowerFirst(title string) string { return strings.ToLower(title[:1]) + title[1:] }

// restartInTurns restarts a virtual cluster and bare processes in turns, all on
// state that is there.
func (b *bench) restartInTurns(ctx context.Context, vc *v1alpha1.VirtualCluster, d harness.Distro) (boots, error) {
	var found boots
	for range min(b.runs, mostRestarts) {
		ours, err := b.restart(ctx, vc)
		if err != nil {
			return found, err
		}
		bare, err := b.bareBoot(ctx, d, bareStart{datastore: ours.datastore, keep: true})
		if err != nil {
			return found, err
		}
		found.ours, found.bare = append(found.ours, ours), append(found.bare, bare)
		b.sayf("%s restart: %v; bare API %.2f s", d.Name, ours.marks, bare.marks[markAPI].Seconds())
	}
	return found, os.RemoveAll(b.bareDir(d.Name))
}

// restart deletes a server's pod and follows the next one. The clock starts with
// the deletion; markPod is the new pod.
func (b *bench) restart(ctx context.Context, vc *v1alpha1.VirtualCluster) (boot, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, stepTimeout, fmt.Errorf("the restart of a server took more than %s", stepTimeout))
	defer cancel()
	pod := serverPod(vc)
	if err := b.host.Delete(ctx, pod); err != nil {
		return boot{}, err
	}
	if err := harness.AwaitGone(ctx, b.host.Cluster, pod); err != nil {
		return boot{}, err
	}
	m := newMarks()
	datastore, err := b.follow(ctx, vc, m)
	return boot{marks: m.seen, datastore: datastore}, err
}

// atOnce creates many clusters in the same moment.
func (b *bench) atOnce(ctx context.Context) ([]section, error) {
	return b.eachDistro(ctx, func(ctx context.Context, d harness.Distro) ([]section, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, 3*stepTimeout, fmt.Errorf("%d clusters took more than %s", b.many, 3*stepTimeout))
		defer cancel()
		var clusters []*v1alpha1.VirtualCluster
		for i := range b.many {
			clusters = append(clusters, virtualCluster(d.Name, fmt.Sprintf("many-%d", i), true))
		}
		times, err := b.createAll(ctx, clusters)
		if err != nil {
			return nil, err
		}
		memory, err := b.memoryOf(ctx, clusters)
		if err != nil {
			return nil, err
		}
		last, err := b.host.AwaitReady(ctx, clusters[len(clusters)-1])
		if err != nil {
			return nil, err
		}
		title := fmt.Sprintf("%d %s clusters created at once (ephemeral storage, datastore %s)", b.many, d.Name, datastoreTitle(last.Status.Resolved.Datastore))
		return []section{{title: title, rows: []row{
			{name: "created → Ready, each", unit: seconds, ours: times},
			{name: "created → all Ready", unit: seconds, ours: series{slices.Max(times)}},
			{name: "memory of each (PSS)", unit: mebi, ours: memory},
		}}}, b.remove(ctx, clusters...)
	})
}

// createAll returns how long each took to be Ready.
func (b *bench) createAll(ctx context.Context, clusters []*v1alpha1.VirtualCluster) (series, error) {
	times := make(series, len(clusters))
	group, ctx := errgroup.WithContext(ctx)
	begin := time.Now()
	for i, vc := range clusters {
		group.Go(func() error {
			if err := b.host.Create(ctx, vc); err != nil {
				return err
			}
			if _, err := b.host.AwaitReady(ctx, vc); err != nil {
				return err
			}
			times[i] = time.Since(begin).Seconds()
			b.sayf("%s is Ready after %.1f s", vc.Name, times[i])
			return nil
		})
	}
	return times, group.Wait()
}

func (b *bench) memoryOf(ctx context.Context, clusters []*v1alpha1.VirtualCluster) (series, error) {
	if err := pause(ctx, settling); err != nil {
		return nil, err
	}
	var memory series
	for _, vc := range clusters {
		pid, err := b.initOf(ctx, vc)
		if err != nil {
			return nil, err
		}
		use, err := usageBelow(pid, true)
		if err != nil {
			return nil, err
		}
		memory = append(memory, use.pss)
	}
	return memory, nil
}
