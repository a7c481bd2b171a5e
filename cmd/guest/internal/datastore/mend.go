package datastore

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// ReasonFull is the problem of a datastore that takes no more writes.
const ReasonFull = "DatastoreFull"

const (
	// period of looking: etcd tells nobody of its alarms. The question is
	// answered from the member's memory.
	period = time.Minute
	// patience with one mending. Defragmentation copies the whole store.
	patience = 5 * time.Minute
)

// Watch mends a full datastore until ctx ends. It reports what it can't mend,
// and nil once that is over. A datastore that does not answer is not its
// business: the unit's failure and the API's tell of that.
func Watch(ctx context.Context, etcd Etcd, report func(*guestapi.Problem), log *slog.Logger) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	var last *guestapi.Problem
	for {
		problem, err := mendWithin(ctx, etcd, last != nil)
		switch {
		case err != nil:
			log.Debug("look after the datastore", "error", err)
		case (problem == nil) != (last == nil):
			last = problem
			report(problem)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func mendWithin(ctx context.Context, etcd Etcd, troubled bool) (*guestapi.Problem, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return Mend(ctx, etcd, troubled)
}

// Mend makes a datastore that is full writable again as far as that can be
// done without losing anything: old versions go, what they took is given back.
// The API server's own compaction can't do it, because it begins with a write.
// A store that was full stays troubled until a tenth of it is free.
func Mend(ctx context.Context, etcd Etcd, troubled bool) (*guestapi.Problem, error) {
	now, err := etcd.status(ctx)
	if err != nil {
		return nil, err
	}
	if now.full() {
		if now, err = makeRoom(ctx, etcd, now); err != nil {
			return nil, err
		}
	} else if !troubled {
		return nil, nil
	}
	if roomy(now) {
		return nil, nil
	}
	return fullProblem(now), nil
}

// makeRoom takes the alarm back wherever there is any room: a cluster that can
// write a little is easier to clear up than one that can't write at all.
func makeRoom(ctx context.Context, etcd Etcd, before status) (status, error) {
	if err := etcd.compact(ctx, before.Header.Revision); err != nil {
		return before, fmt.Errorf("drop old versions: %w", err)
	}
	if err := etcd.defragment(ctx); err != nil {
		return before, fmt.Errorf("give free space back: %w", err)
	}
	after, err := etcd.status(ctx)
	if err != nil || after.Size >= after.Quota {
		return after, err
	}
	if err := etcd.disarm(ctx, before.Header.MemberID); err != nil {
		return after, fmt.Errorf("take the alarm back: %w", err)
	}
	return after, nil
}

// roomy says whether a tenth is free.
func roomy(s status) bool { return s.InUse < s.Quota/10*9 }

func fullProblem(s status) *guestapi.Problem {
	const mebibyte = 1 << 20
	return &guestapi.Problem{
		Reason: ReasonFull,
		Message: fmt.Sprintf("the datastore is full: it holds %d MiB of the %d MiB it may, so writes fail; delete what is not needed, or raise etcd.quota-backend-bytes in spec.config",
			s.InUse/mebibyte, s.Quota/mebibyte),
	}
}
