package report

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// KeepTimeline takes up the milestones in a file, and keeps in it those that
// pass from now on: a guest that is started anew in the same boot must not time
// them again. The file is to live as long as the boot, and no longer.
func (s *Store) KeepTimeline(path string, log *slog.Logger) error {
	raw, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("read the timeline of this boot: %w", err)
	}
	var held []guestapi.Milestone
	if err == nil {
		if err := json.Unmarshal(raw, &held); err != nil {
			return fmt.Errorf("read the timeline of this boot: %s: %w", path, err)
		}
	}
	for _, milestone := range held {
		s.PassAt(milestone.Name, milestone.Time)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passed = func(timeline []guestapi.Milestone) {
		if err := writeTimeline(path, timeline); err != nil {
			log.Warn("keep the timeline", "error", err)
		}
	}
	return nil
}

func writeTimeline(path string, timeline []guestapi.Milestone) error {
	raw, err := json.Marshal(timeline)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", raw, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
