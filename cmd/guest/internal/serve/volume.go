package serve

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/report"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// Reasons of a state volume without room.
const (
	reasonFull       = "StateVolumeFull"
	reasonNearlyFull = "StateVolumeNearlyFull"
)

// volumeEvery is how often the room is looked at: a file system tells nobody.
const volumeEvery = 10 * time.Second

// fill is how full a volume is.
type fill int

const (
	roomy fill = iota
	tight
	full
)

// room is what a file system has, in bytes.
type room struct{ left, size uint64 }

// Below a tenth the kubelet begins to evict pods. A datastore needs some room to
// write at all, whatever the size.
const (
	tightShare = 10
	fullShare  = 20
	fullBytes  = 256 << 20
)

// judge says how full a volume is that was before. It takes some more room to
// get out of a state than into it, or the report would flicker.
func (r room) judge(before fill) fill {
	margin := func(limit uint64, state fill) uint64 {
		if before >= state {
			return limit + limit/4
		}
		return limit
	}
	switch {
	case r.left < margin(min(fullBytes, r.size/fullShare), full):
		return full
	case r.left < margin(r.size/tightShare, tight):
		return tight
	default:
		return roomy
	}
}

// watchVolume reports a state volume that has no room left until ctx ends. The
// words are those of the moment when it happened: they would change all the time.
func watchVolume(ctx context.Context, store *report.Store, dir string) error {
	ticker := time.NewTicker(volumeEvery)
	defer ticker.Stop()
	state := roomy
	for {
		var found unix.Statfs_t
		if err := unix.Statfs(dir, &found); err == nil {
			r := room{left: found.Bavail * uint64(found.Bsize), size: found.Blocks * uint64(found.Bsize)} //nolint:gosec // sizes are positive
			if now := r.judge(state); now != state {
				state = now
				noteVolume(store, state, r, dir)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// noteVolume reports a change. A full volume is a problem, a nearly full one is
// still good for what runs.
func noteVolume(store *report.Store, state fill, r room, dir string) {
	words := fmt.Sprintf("%s of the %s that %s is on were left when this was noticed", bytes(r.left), bytes(r.size), dir)
	var problem *guestapi.Problem
	if state == full {
		problem = &guestapi.Problem{Reason: reasonFull, Message: words +
			"; the datastore cannot store and pods cannot start: delete what is not needed inside (images, volumes, objects), or enlarge the volume"}
	}
	store.SetProblem("state volume", problem)
	store.Update(func(rep *guestapi.Report) {
		rep.Degraded = slices.DeleteFunc(rep.Degraded, func(p guestapi.Problem) bool { return p.Reason == reasonNearlyFull })
		if state == tight {
			rep.Degraded = append(rep.Degraded, guestapi.Problem{Reason: reasonNearlyFull, Message: words +
				"; the kubelet inside may evict pods: delete what is not needed, or enlarge the volume"})
			slices.SortFunc(rep.Degraded, func(a, b guestapi.Problem) int { return strings.Compare(a.Reason, b.Reason) })
		}
	})
}

func bytes(n uint64) string {
	q := resource.NewQuantity(int64(n>>20<<20), resource.BinarySI) //nolint:gosec // no file system is that large
	return q.String()
}
