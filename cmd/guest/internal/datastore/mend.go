package datastore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// ReasonFull is the problem of a datastore that takes no more writes.
const ReasonFull = "DatastoreFull"

const (
	// period of looking: etcd tells nobody of its alarms, and a cluster must not
	// be called ready for long that takes no writes. The question is answered
	// from the member's memory.
	period = 10 * time.Second
	// mendEvery is how often room is made at most: the member answers nobody
	// while it is defragmented.
	mendEvery = time.Minute
	// patience with one mending. Defragmentation copies the whole store.
	patience = 5 * time.Minute
)

// Watch mends a full datastore until ctx ends. It reports that writes fail as
// soon as it sees it, what it can't mend, and nil once that is over. A datastore
// that does not answer is not its business: the unit's failure and the API's tell
// of that.
func Watch(ctx context.Context, etcd Etcd, report func(*guestapi.Problem), log *slog.Logger) {
	k := &keeper{etcd: etcd, report: report, log: log, now: time.Now}
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		k.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// keeper looks after one datastore.
type keeper struct {
	etcd   Etcd
	report func(*guestapi.Problem)
	log    *slog.Logger
	now    func() time.Time
	// told is the problem that was reported last, nil while there is none.
	told *guestapi.Problem
	// mended is when making room was last tried.
	mended time.Time
}

// look asks once, and mends what is full.
func (k *keeper) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	now, err := k.etcd.status(ctx)
	switch {
	case err != nil:
		k.log.Debug("look after the datastore", "error", err)
		return
	case !now.full() && k.told == nil:
		return
	case now.full() && k.told == nil:
		// Making room takes a while, or fails, and writes do until it is done.
		k.tell(refusal(now, "room is being made by dropping old versions"))
	}
	if now.full() {
		if k.now().Sub(k.mended) < mendEvery {
			return
		}
		k.mended = k.now()
	}
	problem, err := Mend(ctx, k.etcd, true)
	if err != nil {
		k.failed(ctx, now, err)
		return
	}
	k.tell(problem)
}

// failed notes that room could not be made.
func (k *keeper) failed(ctx context.Context, before status, err error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return // the guest ends
	}
	k.log.Warn("make room in the datastore", "error", err)
	if before.full() {
		k.tell(refusal(before, fmt.Sprintf("making room failed (%v), and is tried again every minute", err)))
	}
}

// tell reports a problem, or the end of it, unless no more than numbers are
// other than before: each report costs the host a write.
func (k *keeper) tell(p *guestapi.Problem) {
	if p == nil && k.told == nil || p != nil && k.told != nil && withoutNumbers(p.Message) == withoutNumbers(k.told.Message) {
		return
	}
	k.told = p
	k.report(p)
}

var numbers = regexp.MustCompile(`[0-9]+`)

func withoutNumbers(words string) string { return numbers.ReplaceAllString(words, "0") }

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

const mebibyte = 1 << 20

// refusal is the problem of a store that may get room again by itself.
func refusal(s status, hope string) *guestapi.Problem {
	return &guestapi.Problem{
		Reason:  ReasonFull,
		Message: fmt.Sprintf("the datastore has reached its quota of %d MiB and refuses writes; %s", s.Quota/mebibyte, hope),
	}
}

func fullProblem(s status) *guestapi.Problem {
	return &guestapi.Problem{
		Reason: ReasonFull,
		Message: fmt.Sprintf("the datastore is full: it holds %d MiB of the %d MiB it may, so writes fail; delete what is not needed, or raise etcd.quota-backend-bytes in spec.config",
			s.InUse/mebibyte, s.Quota/mebibyte),
	}
}
