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
	var last guestapi.Problem
	for {
		problem, err := mendWithin(ctx, etcd, patience)
		switch {
		case err != nil:
			log.Debug("look after the datastore", "error", err)
		case orNone(problem) != last:
			last = orNone(problem)
			report(problem)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func orNone(p *guestapi.Problem) guestapi.Problem {
	if p == nil {
		return guestapi.Problem{}
	}
	return *p
}

func mendWithin(ctx context.Context, etcd Etcd, limit time.Duration) (*guestapi.Problem, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return Mend(ctx, etcd)
}

// Mend makes a datastore that is full writable again if that can be done
// without losing anything: old versions go, what they took is given back. The
// API server's own compaction can't do it, because it begins with a write.
func Mend(ctx context.Context, etcd Etcd) (*guestapi.Problem, error) {
	before, err := etcd.status(ctx)
	if err != nil || !before.full() {
		return nil, err
	}
	if err := etcd.compact(ctx, before.Header.Revision); err != nil {
		return nil, fmt.Errorf("drop old versions: %w", err)
	}
	if err := etcd.defragment(ctx); err != nil {
		return nil, fmt.Errorf("give free space back: %w", err)
	}
	after, err := etcd.status(ctx)
	if err != nil {
		return nil, err
	}
	if !roomy(after) {
		return fullProblem(after), nil
	}
	if err := etcd.disarm(ctx, before.Header.MemberID); err != nil {
		return nil, fmt.Errorf("take the alarm back: %w", err)
	}
	return nil, nil
}

// roomy says whether it is worth while to let writes in again: with less than a
// tenth free the store would be full, and mended, over and over.
func roomy(s status) bool { return s.Size < s.Quota/10*9 }

func fullProblem(s status) *guestapi.Problem {
	const mebibyte = 1 << 20
	return &guestapi.Problem{
		Reason: ReasonFull,
		Message: fmt.Sprintf("the datastore holds %d MiB of the %d MiB it may, and takes no more writes; delete what is not needed (deleting still works; it is writable again within a minute or two of that), or raise etcd.quota-backend-bytes in spec.config",
			s.Size/mebibyte, s.Quota/mebibyte),
	}
}
