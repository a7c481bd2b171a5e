//go:build linux

package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/vclusterctl/vclusterctl/host/internal/cgroups"
	"github.com/vclusterctl/vclusterctl/host/internal/network"
	"github.com/vclusterctl/vclusterctl/host/internal/process"
)

// record is what one run of the host consists of. It is written before each
// thing it names is made, so that whatever happens Down finds it all.
type record struct {
	// Init is PID 1 of the node, as the machine sees it.
	Init process.ID `json:"init"`
	// Boot is the identity of this boot in the guest's report.
	Boot string `json:"boot"`
	// ImageRef and ImageID are what it was started from.
	ImageRef string `json:"imageRef"`
	ImageID  string `json:"imageID"`
	// ConfigHash tells whether an Up asks for something else.
	ConfigHash string `json:"configHash"`
	// Plan is the addresses it uses.
	Plan network.Plan `json:"plan"`
	// CgroupMode and CgroupMount are the machine's; Cgroup is the host's.
	CgroupMode  cgroups.Mode  `json:"cgroupMode"`
	CgroupMount string        `json:"cgroupMount"`
	Cgroup      cgroups.Group `json:"cgroup"`
	// Forwarding says that IPv4 forwarding was off before.
	Forwarding bool      `json:"forwarding,omitempty"`
	StartedAt  time.Time `json:"startedAt"`
}

// settings are what was chosen for the host once; they live with its state.
type settings struct {
	Plan network.Plan `json:"plan"`
}

// readJSON reads a file; one that is not there leaves into as it is.
func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %q: %w", path, err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("read %q: %w", path, err)
	}
	return nil
}

func writeJSON(path string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	return replaceFile(path, append(data, '\n'))
}

// replaceFile puts a file in its place in one step, for root's eyes only.
func replaceFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the directory of %q: %w", path, err)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	_, err = temp.Write(data)
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %q: %w", path, err), os.Remove(temp.Name()))
	}
	return nil
}
