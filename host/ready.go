//go:build linux

package host

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vclusterctl/vclusterctl/host/internal/process"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

var errExited = errors.New("the node stopped by itself")

// ensureReady waits until a pod can start on the host. A host that was about to
// end when we found it running is started anew.
func (s *starter) ensureReady(ctx context.Context) error {
	err := s.awaitReady(ctx)
	if s.started || !errors.Is(err, errExited) {
		return err
	}
	s.report.warn(StepStart, "the host that was running has ended; starting it anew")
	if err := s.restart(ctx); err != nil {
		return err
	}
	return s.awaitReady(ctx)
}

// awaitReady waits until a pod can start on the host, showing each milestone of
// the boot as it passes.
func (s *starter) awaitReady(ctx context.Context) error {
	client, err := guestClient(s.names, s.record)
	if err != nil {
		return err
	}
	defer client.Close()
	init, err := s.record.Init.Open()
	if err != nil {
		return s.explain(err, guestapi.Report{})
	}
	defer init.Close()
	timed, cancel := context.WithTimeoutCause(ctx, s.options.Timeout, ErrTimeout)
	defer cancel()
	watched, stop := context.WithCancelCause(timed)
	defer stop(nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if init.Wait(watched) == nil {
			stop(errExited)
		}
	}()
	boot := bootView{report: s.report, quiet: !s.started}
	err = client.Follow(watched, s.record.Boot, boot.see)
	stop(nil)
	<-done
	return s.explain(err, boot.last)
}

// bootView shows a boot to the user, each milestone once.
type bootView struct {
	report Reporter
	quiet  bool // as long as nothing has to be waited for
	shown  int
	last   guestapi.Report
}

// see takes the next report and says whether the node is ready.
func (b *bootView) see(r guestapi.Report) bool {
	b.last = r
	if r.Schedulable && b.quiet {
		b.report.say(StepBoot, "the host runs already")
		return true
	}
	b.quiet = false
	for ; b.shown < len(r.Timeline); b.shown++ {
		m := r.Timeline[b.shown]
		since := m.Time.Sub(r.Timeline[0].Time).Round(10 * time.Millisecond)
		b.report.say(m.Name, fmt.Sprintf("%s after %s", milestoneText(m.Name), since))
	}
	return r.Schedulable
}

func milestoneText(name string) string {
	texts := map[string]string{
		guestapi.MilestoneInit:           "init started",
		guestapi.MilestonePrepared:       "node prepared",
		guestapi.MilestoneDatastore:      "datastore serves",
		guestapi.MilestoneAPI:            "API server serves",
		guestapi.MilestoneNode:           "node is ready",
		guestapi.MilestoneServiceAccount: "default service account exists",
		guestapi.MilestoneNetwork:        "pod network is configured",
		guestapi.MilestoneSchedulable:    "pods can start",
	}
	if text, ok := texts[name]; ok {
		return text
	}
	return name
}

// explain turns the end of waiting into what the user can act on.
func (s *starter) explain(err error, last guestapi.Report) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errExited), errors.Is(err, process.ErrGone):
		return s.exited()
	case errors.Is(err, ErrTimeout):
		return fmt.Errorf("%w (%s): %s; it keeps running: see \"vclusterctl host status\"", ErrTimeout, s.options.Timeout, standing(last))
	default:
		return fmt.Errorf("wait for the host to be ready: %w; it keeps running: see \"vclusterctl host status\", or stop it with \"vclusterctl host down\"", err)
	}
}

// exited says why the node is gone as well as can be known.
func (s *starter) exited() error {
	text := lastLines(s.names.console)
	if text == "" {
		text = "it printed nothing"
	}
	return fmt.Errorf("the node does not run: %w: %s: run \"vclusterctl host up\" again", errExited, text)
}

// standing says what a node that is not ready waits for.
func standing(r guestapi.Report) string {
	if r.Boot == "" {
		return "the node has not reported at all"
	}
	var parts []string
	if n := len(r.Timeline); n > 0 {
		parts = append(parts, "the last milestone was "+r.Timeline[n-1].Name)
	}
	for _, p := range r.Problems {
		parts = append(parts, p.Message)
	}
	return strings.Join(parts, "; ")
}
