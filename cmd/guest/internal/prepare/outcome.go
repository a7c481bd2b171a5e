package prepare

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// OutcomeFile hands what was found on to the report.
const OutcomeFile = node.RunDir + "/prepared.json"

// Outcome is what preparation found and decided, good or bad.
type Outcome struct {
	Node     string              `json:"node"`
	Config   guestapi.NodeConfig `json:"config"`
	Facts    guestapi.Facts      `json:"facts"`
	Degraded []guestapi.Problem  `json:"degraded,omitempty"`
	Problems []guestapi.Problem  `json:"problems,omitempty"`
	// Time is when preparation ended.
	Time time.Time `json:"time"`
}

func (o *Outcome) save(path string) error {
	o.Time = time.Now()
	raw, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return fmt.Errorf("keep the outcome: %w", err)
	}
	return nil
}

// LoadOutcome reads what preparation left.
func LoadOutcome(path string) (Outcome, error) {
	var o Outcome
	raw, err := os.ReadFile(path)
	if err != nil {
		return o, err
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		return o, fmt.Errorf("read %s: %w", path, err)
	}
	return o, nil
}

// Stop is a reason for which a node must not start. It is shown in the
// cluster's conditions, so Err says what to do.
type Stop struct {
	Reason string
	Err    error
}

func (s *Stop) Error() string { return s.Err.Error() }
func (s *Stop) Unwrap() error { return s.Err }

func problemOf(err error) guestapi.Problem {
	if stop, ok := errors.AsType[*Stop](err); ok {
		return guestapi.Problem{Reason: stop.Reason, Message: err.Error()}
	}
	return guestapi.Problem{Reason: "PrepareFailed", Message: err.Error()}
}
