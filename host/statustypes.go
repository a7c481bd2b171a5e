package host

import (
	"time"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// Status is how an embedded host is.
type Status struct {
	Name string `json:"name"`
	// Running says that the node's PID 1 runs, Ready that a pod can start.
	Running bool `json:"running"`
	Ready   bool `json:"ready"`
	// Context is the host's in the user's kubeconfig, Endpoint its API.
	Context  string `json:"context"`
	Endpoint string `json:"endpoint,omitempty"`
	Version  string `json:"version,omitempty"`
	// StateDir is what a purge removes; empty where there is no state.
	StateDir string `json:"stateDir,omitempty"`

	PID       int       `json:"pid,omitempty"`
	StartedAt time.Time `json:"startedAt,omitzero"`
	ImageRef  string    `json:"imageRef,omitempty"`
	// ImageID is the digest of the image's configuration.
	ImageID     string `json:"imageID,omitempty"`
	NodeAddress string `json:"nodeAddress,omitempty"`
	PodCIDR     string `json:"podCIDR,omitempty"`
	ServiceCIDR string `json:"serviceCIDR,omitempty"`

	// CgroupMode is how the machine has its cgroups: unified, hybrid or legacy.
	CgroupMode string `json:"cgroupMode,omitempty"`
	Cgroup     string `json:"cgroup,omitempty"`
	// Controllers are the cgroup controllers that the node got.
	Controllers []string `json:"controllers,omitempty"`
	// FailedUnits are the systemd units that failed inside.
	FailedUnits []string `json:"failedUnits,omitempty"`
	// Problems stand in the way, Degraded is what the host goes without; each
	// says what to do.
	Problems []guestapi.Problem `json:"problems,omitempty"`
	Degraded []guestapi.Problem `json:"degraded,omitempty"`
	// Report is the node's own word.
	Report *guestapi.Report `json:"report,omitempty"`
}
