package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

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
		if slices.Contains(carried, string(d.Name)) && (b.distro == "" || b.distro == string(d.Name)) {
			found = append(found, d)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("the node image carries %v, not %q", carried, b.distro)
	}
	return found, nil
}

// eachDistro measures every distro that runs on this host. One that refuses to
// is left out, with its own words.
func (b *bench) eachDistro(ctx context.Context, measure func(context.Context, harness.Distro) (section, error)) ([]section, error) {
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
			b.sayf("%s is left out: %s", d.Name, refused)
			continue
		}
		s, err := measure(ctx, d)
		if err != nil {
			return sections, err
		}
		sections = append(sections, s)
	}
	return sections, nil
}

// refuses finds out, once, whether a distro runs on this host, where there is
// doubt.
func (b *bench) refuses(ctx context.Context, d harness.Distro) (string, error) {
	if said, ok := b.refused[d.Name]; ok || len(b.host.Missing(d)) == 0 {
		return said, nil
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
	b.refused[d.Name] = said
	return said, b.remove(ctx, vc)
}

// boots measures the start of a cluster, its memory and the sizes on disk.
func (b *bench) boots(ctx context.Context) ([]section, error) {
	sections, err := b.eachDistro(ctx, func(ctx context.Context, d harness.Distro) (section, error) {
		found, err := b.bootInTurns(ctx, d)
		return section{title: fmt.Sprintf("One %s server from nothing", d.Name), rows: bootRows(found)}, err
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

// restarts measures how a server comes back on the volume it had, after its pod
// was deleted: from the moment that the new pod is there.
func (b *bench) restarts(ctx context.Context) ([]section, error) {
	return b.eachDistro(ctx, func(ctx context.Context, d harness.Distro) (section, error) {
		vc := virtualCluster(d.Name, "restart", false)
		if err := b.host.Create(ctx, vc); err != nil {
			return section{}, err
		}
		first := newMarks()
		if err := b.follow(ctx, vc, first); err != nil {
			return section{}, err
		}
		found, err := b.restartInTurns(ctx, vc, d)
		if err != nil {
			return section{}, err
		}
		return section{title: fmt.Sprintf("One %s server again, on the volume it had", d.Name), rows: []row{
			{name: "first boot on a new volume: object created → systemd up", unit: seconds, ours: series{first.seen[markInit].Seconds()}},
			{name: "new pod → systemd up", unit: seconds, ours: marked(found.ours, markPod, markInit)},
			{name: "→ API serves, seen from inside", unit: seconds, ours: marked(found.ours, markPod, markInside), bare: marked(found.bare, "", markAPI)},
			{name: "→ API serves, with the user's kubeconfig", unit: seconds, ours: marked(found.ours, markPod, markAPI), bare: marked(found.bare, "", markAPI)},
			{name: "→ a pod runs inside", unit: seconds, ours: marked(found.ours, markPod, markRunning), bare: marked(found.bare, "", markRunning)},
		}}, b.remove(ctx, vc)
	})
}

// restartInTurns restarts a virtual cluster and bare processes in turns. The
// first start of the bare ones makes the state that the others find.
func (b *bench) restartInTurns(ctx context.Context, vc *v1alpha1.VirtualCluster, d harness.Distro) (boots, error) {
	var found boots
	if _, err := b.bareBoot(ctx, d, true); err != nil {
		return found, err
	}
	for range min(b.runs, mostRestarts) {
		ours, err := b.restart(ctx, vc)
		if err != nil {
			return found, err
		}
		bare, err := b.bareBoot(ctx, d, true)
		if err != nil {
			return found, err
		}
		found.ours, found.bare = append(found.ours, ours), append(found.bare, bare)
		b.sayf("%s restart: %v; bare API %.2f s", d.Name, ours.marks, bare.marks[markAPI].Seconds())
	}
	return found, os.RemoveAll(filepath.Join(b.dir, "bare-"+string(d.Name)))
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
	err := b.follow(ctx, vc, m)
	return boot{marks: m.seen}, err
}

// atOnce creates many clusters in the same moment.
func (b *bench) atOnce(ctx context.Context) ([]section, error) {
	return b.eachDistro(ctx, func(ctx context.Context, d harness.Distro) (section, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, 3*stepTimeout, fmt.Errorf("%d clusters took more than %s", b.many, 3*stepTimeout))
		defer cancel()
		var clusters []*v1alpha1.VirtualCluster
		for i := range b.many {
			clusters = append(clusters, virtualCluster(d.Name, fmt.Sprintf("many-%d", i), true))
		}
		times, err := b.createAll(ctx, clusters)
		if err != nil {
			return section{}, err
		}
		memory, err := b.memoryOf(ctx, clusters)
		if err != nil {
			return section{}, err
		}
		return section{title: fmt.Sprintf("%d %s clusters created at once", b.many, d.Name), rows: []row{
			{name: "created → Ready, each", unit: seconds, ours: times},
			{name: "created → all Ready", unit: seconds, ours: series{slices.Max(times)}},
			{name: "memory of each (PSS)", unit: mebi, ours: memory},
		}}, b.remove(ctx, clusters...)
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

// conditions say when and where the figures were got.
func conditions() string {
	var name unix.Utsname
	kernel := "unknown"
	if err := unix.Uname(&name); err == nil {
		kernel = unix.ByteSliceToString(name.Release[:])
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		load = []byte("unknown")
	}
	return fmt.Sprintf("%s, %d processors, kernel %s; load average at the end %s. Times are medians (smallest–largest).\n",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"), runtime.NumCPU(), kernel, strings.Join(strings.Fields(string(load))[:1], ""))
}
