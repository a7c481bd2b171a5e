package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sync/errgroup"

	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/prepare"
	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/report"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// timelineFile keeps the milestones of this boot.
const timelineFile = node.RunDir + "/timeline.json"

// Run serves health and report until ctx ends.
func Run(ctx context.Context, log *slog.Logger) error {
	outcome, err := prepare.LoadOutcome(prepare.OutcomeFile)
	if err != nil {
		return fmt.Errorf("preparation left nothing to report: %w", err)
	}
	store := report.NewStore(initialReport(outcome), time.Now)
	if err := store.KeepTimeline(timelineFile, log); err != nil {
		log.Warn("milestones of this boot are timed again", "error", err)
	}
	if started, err := initTime(); err == nil {
		store.PassAt(guestapi.MilestoneInit, started)
	}
	store.PassAt(guestapi.MilestonePrepared, outcome.Time)

	this := newNode(outcome, store, log)
	server, listener, err := listen(ctx, store, this)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return ignoreClosed(server.ServeTLS(listener, "", "")) })
	group.Go(func() error { return closeOnDone(ctx, server) })
	group.Go(func() error { return watchUnits(ctx, store, log) })
	if len(outcome.Problems) == 0 {
		group.Go(func() error { return this.watch(ctx) })
		group.Go(func() error { return watchVolume(ctx, store, guestapi.StateDirOf(outcome.Config.Distro)) })
	}
	if len(outcome.Problems) == 0 && !outcome.Config.ControlPlaneOnly {
		group.Go(func() error { return this.stayMember(ctx) })
	}
	if len(outcome.Problems) == 0 && ownDatastore(outcome.Config) {
		group.Go(func() error { return watchDatastore(ctx, store, log) })
	}
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReady); err != nil {
		log.Warn("notify systemd", "error", err)
	}
	return group.Wait()
}

func initialReport(o prepare.Outcome) guestapi.Report {
	boot, err := os.ReadFile(guestapi.PodUIDFile)
	if err != nil {
		boot = nil // an empty boot is a report that no pod matches
	}
	machine, err := os.ReadFile("/etc/machine-id")
	if err != nil {
		machine = nil // an empty one is compared with nothing
	}
	return guestapi.Report{
		Boot:      strings.TrimSpace(string(boot)),
		NodeName:  o.Node,
		MachineID: strings.TrimSpace(string(machine)),
		Role:      o.Config.Role,
		Distro:    o.Config.Distro,
		Facts:     o.Facts,
		Problems:  o.Problems,
		Degraded:  o.Degraded,
	}
}

func listen(ctx context.Context, store *report.Store, this *thisNode) (*http.Server, net.Listener, error) {
	certificate, err := tls.LoadX509KeyPair(guestapi.JoinDir+"/"+guestapi.JoinGuestCert, guestapi.JoinDir+"/"+guestapi.JoinGuestKey)
	if err != nil {
		return nil, nil, fmt.Errorf("load the guest's certificate: %w", err)
	}
	token, err := os.ReadFile(guestapi.JoinDir + "/" + guestapi.JoinGuestToken)
	if err != nil {
		return nil, nil, fmt.Errorf("load the guest's token: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", ":"+strconv.Itoa(guestapi.Port))
	if err != nil {
		return nil, nil, err
	}
	handler := &report.Handler{Store: store, Token: strings.TrimSpace(string(token)), Control: controlToken(), Ready: this.probe, Wanted: this.roster.want}
	return &http.Server{
		Handler:           handler.Mux(),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13},
		ReadHeaderTimeout: 5 * time.Second,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug), // probes close early; not news
	}, listener, nil
}

// controlToken is what only the controller and servers can know; a pool node has
// no identity to make it from, and takes no orders.
func controlToken() string {
	entries, err := os.ReadDir(guestapi.IdentityDir)
	if err != nil {
		return ""
	}
	files := map[string][]byte{}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(guestapi.IdentityDir, e.Name()))
		if err != nil {
			continue // a volume's own folders
		}
		files[e.Name()] = content
	}
	return guestapi.ControlToken(files)
}

func closeOnDone(ctx context.Context, server *http.Server) error {
	<-ctx.Done()
	return server.Close()
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// initTime is when PID 1 started: field 22 of its stat, in clock ticks since
// the machine booted (proc(5)).
func initTime() (time.Time, error) {
	info, err := os.ReadFile("/proc/1/stat")
	if err != nil {
		return time.Time{}, err
	}
	uptime, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return time.Time{}, err
	}
	return parseInitTime(string(info), string(uptime), time.Now())
}

func parseInitTime(stat, uptime string, now time.Time) (time.Time, error) {
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:]) // the name before it may hold anything
	if len(fields) < 20 {
		return time.Time{}, errors.New("unexpected /proc/1/stat")
	}
	ticks, err := strconv.ParseFloat(fields[19], 64)
	if err != nil {
		return time.Time{}, err
	}
	up, err := strconv.ParseFloat(strings.Fields(uptime + " x")[0], 64)
	if err != nil {
		return time.Time{}, err
	}
	const ticksPerSecond = 100 // USER_HZ, fixed in the kernel's interface
	return now.Add(-time.Duration((up - ticks/ticksPerSecond) * float64(time.Second))), nil
}
