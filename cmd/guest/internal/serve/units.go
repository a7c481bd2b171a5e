package serve

import (
	"context"
	"fmt"
	"log/slog"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"

	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/report"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// watchUnits reports each unit that failed, until it runs again. systemd says
// so by itself; nothing is polled.
func watchUnits(ctx context.Context, store *report.Store, log *slog.Logger) error {
	conn, err := dbus.NewSystemdConnectionContext(ctx)
	if err != nil {
		return fmt.Errorf("reach systemd: %w", err)
	}
	defer conn.Close()
	updates := make(chan *dbus.PropertiesUpdate, 64)
	errs := make(chan error, 1)
	conn.SetPropertiesSubscriber(updates, errs)
	if err := conn.Subscribe(); err != nil {
		return fmt.Errorf("subscribe to systemd: %w", err)
	}
	w := &unitWatch{systemd: conn, store: store, failing: newFailing(), lastLine: lastLine, now: time.Now, log: log}
	return w.follow(ctx, updates, errs)
}

// unitLister is what systemd knows of units now.
type unitLister interface {
	ListUnitsByPatternsContext(ctx context.Context, states, patterns []string) ([]dbus.UnitStatus, error)
}

// unitWatch turns what systemd says of units into problems of the report.
type unitWatch struct {
	systemd  unitLister
	store    *report.Store
	failing  *failing
	lastLine func(ctx context.Context, unit string) string
	now      func() time.Time
	log      *slog.Logger
}

func (w *unitWatch) follow(ctx context.Context, updates <-chan *dbus.PropertiesUpdate, errs <-chan error) error {
	for {
		var settled <-chan time.Time
		if wait, ok := w.failing.next(w.now()); ok {
			settled = time.After(wait)
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-errs:
			w.log.Warn("missed news of a unit, and asks for all", "error", err)
			w.askAgain(ctx, updates)
		case update := <-updates:
			w.note(ctx, update.UnitName, property(update, "ActiveState"), property(update, "SubState"))
		case <-settled:
			for _, unit := range w.failing.settle(w.now()) {
				w.store.SetProblem(unit, nil)
			}
		}
	}
}

// askAgain takes what is true now for the news that was missed: on a busy node
// there is more of it than there is room for, and what was missed may be that a
// unit runs again, or does not any more. News that still waits is older.
func (w *unitWatch) askAgain(ctx context.Context, updates <-chan *dbus.PropertiesUpdate) {
	for len(updates) > 0 {
		<-updates
	}
	units, err := w.systemd.ListUnitsByPatternsContext(ctx, nil, []string{"*.service"})
	if err != nil {
		w.log.Warn("ask systemd for its units", "error", err)
		return
	}
	for _, unit := range units {
		w.note(ctx, unit.Name, unit.ActiveState, unit.SubState)
	}
}

// note turns the state of one unit into a problem or its end.
func (w *unitWatch) note(ctx context.Context, unit, active, sub string) {
	switch {
	case !strings.HasSuffix(unit, ".service"):
	case active == "active":
		if w.failing.active(unit, w.now()) {
			w.store.SetProblem(unit, nil)
		}
	case failed(active, sub):
		words := w.failing.failed(unit, w.lastLine(ctx, unit))
		w.store.SetProblem(unit, &guestapi.Problem{Reason: "UnitFailed", Message: fmt.Sprintf("%s keeps failing: %s", unit, words)})
	}
}

// failed is true for a unit that gave up, and for one that waits for its next
// try after a failure.
func failed(active, sub string) bool {
	return active == "failed" || sub == "auto-restart" || sub == "auto-restart-queued"
}

func property(update *dbus.PropertiesUpdate, name string) string {
	value, ok := update.Changed[name]
	if !ok {
		return ""
	}
	text, ok := value.Value().(string)
	if !ok {
		return ""
	}
	return text
}

// fatalLine is how K3s says why it gives up, among much else: by itself, or
// because one of the components in it has ended.
var fatalLine = regexp.MustCompile(`level=(?:fatal msg="|error msg="Shutdown request received: )((?:[^"\\]|\\.)*)"`)

// lastWords are what a unit that failed has to say: why it gave up, if it says
// so in a known form, or else its last line.
func lastWords(lines string) string {
	found := fatalLine.FindAllStringSubmatch(lines, -1)
	if len(found) == 0 {
		return lines[strings.LastIndexByte(lines, '\n')+1:]
	}
	// What a component said is quoted once more.
	return unquote(unquote(`"` + found[len(found)-1][1] + `"`))
}

// unquote takes the quotes off words that have some.
func unquote(words string) string {
	if plain, err := strconv.Unquote(words); err == nil {
		return plain
	}
	return words
}

// lastLine is the last thing of note that the unit itself wrote to the journal.
func lastLine(ctx context.Context, unit string) string {
	out, err := journalOf(ctx, unit)
	if err != nil {
		return "its journal can't be read: " + err.Error()
	}
	return shorten(lastWords(out))
}

// journalOf is what a unit itself wrote last.
func journalOf(ctx context.Context, unit string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "journalctl", "_SYSTEMD_UNIT="+unit, "--lines=60", "--output=cat", "--quiet").Output()
	return strings.TrimSpace(string(out)), err
}

// shorten makes words fit into a condition, which is read by people.
func shorten(words string) string {
	const limit = 400
	words = strings.TrimSpace(words)
	if len(words) > limit {
		words = words[:limit] + "…"
	}
	return words
}

// unitActiveSince is when a unit last became active.
func unitActiveSince(ctx context.Context, unit string) (time.Time, error) {
	conn, err := dbus.NewSystemdConnectionContext(ctx)
	if err != nil {
		return time.Time{}, err
	}
	defer conn.Close()
	value, err := conn.GetUnitPropertyContext(ctx, unit, "ActiveEnterTimestamp")
	if err != nil {
		return time.Time{}, err
	}
	micros, ok := value.Value.Value().(uint64)
	if !ok || micros == 0 {
		return time.Time{}, fmt.Errorf("%s has not been active", unit)
	}
	return time.UnixMicro(int64(micros)), nil //nolint:gosec // microseconds since 1970 fit
}
