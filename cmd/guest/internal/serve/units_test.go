package serve

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"

	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/report"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

func TestLastWords(t *testing.T) {
	cases := map[string]struct{ reason, lines, want string }{
		"Last": {"most programs end with what went wrong", "starting\nno space left", "no space left"},
		"One":  {"some say one thing only", "no space left", "no space left"},
		"None": {"some say nothing", "", ""},
		"K3s": {
			"K3s goes on talking after it has given up",
			`time="2026-11-21T09:00:00Z" level=fatal msg="Error: failed to find cpu cgroup (v2)"` + "\nI1121 shutting down",
			"Error: failed to find cpu cgroup (v2)",
		},
		"K3sComponent": {
			"a component that does not take its flags ends K3s",
			`time="2026-11-21T10:19:15Z" level=error msg="Shutdown request received: \"kubelet exited: failed to parse kubelet flag: invalid argument \\\"x\\\" for \\\"--max-pods\\\" flag\""` +
				"\n" + `time="2026-11-21T10:19:15Z" level=error msg="Unable to write event" error="connection refused"` + "\nClosing database connections...",
			`kubelet exited: failed to parse kubelet flag: invalid argument "x" for "--max-pods" flag`,
		},
		"Quoted": {"its words may have quotes", `level=fatal msg="open \"x\": no"`, `open "x": no`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := lastWords(tc.lines); got != tc.want {
				t.Errorf("%s: got %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

// systemdNow is what systemd says when it is asked.
type systemdNow []dbus.UnitStatus

func (s systemdNow) ListUnitsByPatternsContext(context.Context, []string, []string) ([]dbus.UnitStatus, error) {
	return s, nil
}

func TestMissedNews(t *testing.T) {
	tests := map[string]struct {
		reason string
		before string // state of the unit that was told
		now    dbus.UnitStatus
		want   bool // whether a problem is told in the end
	}{
		"RunsAgain": {
			reason: "That it runs again was missed; the failure would be told for ever.",
			before: "auto-restart", now: dbus.UnitStatus{Name: "x.service", ActiveState: "active", SubState: "running"},
		},
		"Fails": {
			reason: "That it failed was missed.",
			before: "running", now: dbus.UnitStatus{Name: "x.service", ActiveState: "failed", SubState: "failed"}, want: true,
		},
		"FailsStill": {
			reason: "Nothing was missed of this one.",
			before: "auto-restart", now: dbus.UnitStatus{Name: "x.service", ActiveState: "activating", SubState: "auto-restart"}, want: true,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			store := report.NewStore(guestapi.Report{}, time.Now)
			w := &unitWatch{
				systemd: systemdNow{tc.now}, store: store, failing: newFailing(), now: time.Now, log: slog.New(slog.DiscardHandler),
				lastLine: func(context.Context, string) string { return "no" },
			}
			w.note(t.Context(), "x.service", map[string]string{"running": "active"}[tc.before], tc.before)
			stale := make(chan *dbus.PropertiesUpdate, 1)
			stale <- &dbus.PropertiesUpdate{UnitName: "x.service"}
			w.askAgain(t.Context(), stale)
			if got := len(store.Current().Problems) > 0; got != tc.want {
				t.Errorf("%s got a problem: %t", tc.reason, got)
			}
			if len(stale) > 0 {
				t.Error("older news is still to be taken for newer")
			}
		})
	}
}
