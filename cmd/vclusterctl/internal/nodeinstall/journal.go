package nodeinstall

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/vclusterctl/vclusterctl/runtime/nodesetup"
)

// Journal is the file that says, while a node is being changed, what was there
// before.
const Journal = "/var/lib/vclusterctl/node-setup.json"

// Lock is the file that a run locks while it changes the node.
const Lock = "/var/lib/vclusterctl/node-setup.lock"

// ErrBusy means that somebody else is at it.
var ErrBusy = errors.New("another run is changing this node: wait until it has ended, and do this again")

// journal are the files before the change, in the order in which they are
// changed.
type journal struct {
	// Kind of the node: one whose container runtime is down does not tell.
	Kind   nodesetup.Kind `json:"kind,omitempty"`
	Before []was          `json:"before"`
}

func (f Files) writeJournal(kind nodesetup.Kind, changes []change) error {
	j := journal{Kind: kind}
	for _, c := range changes {
		j.Before = append(j.Before, c.before)
	}
	data, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("note what is there: %w", err)
	}
	return f.write(Journal, 0o600, data)
}

// readJournal is the journal of a run that was cut off, nil if there is none.
func (f Files) readJournal() (*journal, error) {
	data, exists, err := f.read(Journal)
	if err != nil || !exists {
		return nil, err
	}
	j := &journal{}
	if err := json.Unmarshal(data, j); err != nil {
		return nil, fmt.Errorf("read what was there before a run that was cut off, %s: %w", Journal, err)
	}
	return j, nil
}
