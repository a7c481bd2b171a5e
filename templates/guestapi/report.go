package guestapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Report is what the guest tells the controller about its node. Everything in
// it is the node's own word: a tenant may become root in the node, so a reader
// that wants proof takes Facts only from the first report of a boot, and lets
// later ones only weaken it.
type Report struct {
	// Boot identifies the boot the report is about: the UID of the pod.
	Boot string `json:"boot"`
	// Revision grows with every change within one boot.
	Revision int64  `json:"revision"`
	NodeName string `json:"nodeName"`
	// MachineID is that of /etc/machine-id: a node gets another one each time its
	// container starts. Guests older than it leave it out.
	MachineID string `json:"machineID,omitempty"`
	Role      Role   `json:"role"`
	Distro    string `json:"distro"`
	// Version of Kubernetes, for example v1.36.3.
	Version string `json:"version,omitempty"`
	// StateID is the UID of the namespace kube-system, which the datastore got
	// when it was empty: another one means that what was stored is not there.
	// Servers say it once their API serves.
	StateID string `json:"stateID,omitempty"`
	// Facts were gathered once, before the distro started.
	Facts Facts `json:"facts"`
	// Timeline lists the milestones passed so far, oldest first.
	Timeline []Milestone `json:"timeline,omitempty"`
	// APIServing is true while the inner API server answers /readyz.
	APIServing bool `json:"apiServing"`
	// Schedulable is true once a pod can start inside: node ready, default
	// ServiceAccount present, CNI configured.
	Schedulable bool `json:"schedulable"`
	// Nodes are the cluster's nodes as a server sees them, sorted by name.
	Nodes []NodeState `json:"nodes,omitempty"`
	// Problems are what stands in the way, sorted, each with its remedy.
	Problems []Problem `json:"problems,omitempty"`
	// Degraded are what the node runs without, sorted, each with a reason.
	Degraded []Problem `json:"degraded,omitempty"`
}

// RequestMaxBytes bounds a ReportRequest's JSON.
const RequestMaxBytes = 4 << 10

// ReportRequest is the JSON body with which the controller may ask a server for
// the report by POST, with "Authorization: Bearer <ControlToken>". Guests older
// than it refuse that with 405.
type ReportRequest struct {
	// After is what the query parameter of that name is.
	After *int64 `json:"after,omitempty"`
	// Generation is that of the spec that Wanted comes from: a server follows
	// no older one than it has seen.
	Generation int64 `json:"generation,omitempty"`
	// Wanted says, by group, how many nodes the cluster is to have: of a group
	// with n these are GROUP-0 to GROUP-(n-1). While the request lasts, the
	// server takes nodes of ours that are not wanted, and whose kubelet has
	// fallen silent, out of the cluster inside. Left out, it takes out nothing.
	Wanted map[string]int32 `json:"wanted,omitempty"`
}

// ControlToken authenticates who may tell a server what is wanted. It derives
// from the files of the identity, which pool nodes do not have. Without any it is
// empty, which authenticates nobody.
func ControlToken(identity map[string][]byte) string {
	if len(identity) == 0 {
		return ""
	}
	key := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(identity)) {
		fmt.Fprintf(key, "%s %d\n", name, len(identity[name]))
		key.Write(identity[name])
	}
	token := hmac.New(sha256.New, key.Sum(nil))
	token.Write([]byte("vclusterctl.dev/control token"))
	return hex.EncodeToString(token.Sum(nil))
}

// NodeLabelGroup marks a node inside, with the name of its group, as one of
// ours: only such ones are ever taken out.
const NodeLabelGroup = "vclusterctl.dev/group"

// Facts are what the guest found by trying. An empty string means that the
// fact could not be determined.
type Facts struct {
	// UIDMap and GIDMap are PID 1's, one line per range: "inside outside size".
	UIDMap []string `json:"uidMap"`
	GIDMap []string `json:"gidMap"`
	// Capabilities are PID 1's effective ones, sorted, as CAP_*.
	Capabilities []string `json:"capabilities"`
	// SeccompMode is disabled, strict or filter.
	SeccompMode string `json:"seccompMode"`
	NoNewPrivs  bool   `json:"noNewPrivs"`
	// CgroupControllers are the cgroup v2 controllers the node may delegate.
	CgroupControllers []string `json:"cgroupControllers"`
	// CgroupWritable says whether the node may create child cgroups.
	CgroupWritable bool `json:"cgroupWritable"`
	// Snapshotter chosen by mounting: overlayfs, fuse-overlayfs or native.
	Snapshotter string `json:"snapshotter"`
	// Kmsg says whether /dev/kmsg can be opened.
	Kmsg bool `json:"kmsg"`
	// Kernel release, for example 6.18.44.
	Kernel string `json:"kernel"`
}

// The milestones of a boot, in the order in which they normally pass.
const (
	MilestoneInit           = "Init"           // PID 1 started
	MilestonePrepared       = "Prepared"       // the guest wrote the distro's configuration
	MilestoneDatastore      = "Datastore"      // etcd serves
	MilestoneAPI            = "API"            // /readyz of the inner API server
	MilestoneNode           = "Node"           // this node is Ready
	MilestoneServiceAccount = "ServiceAccount" // the default ServiceAccount exists
	MilestoneNetwork        = "Network"        // a CNI configuration is present
	MilestoneSchedulable    = "Schedulable"    // a pod can start
	MilestoneJoined         = "Joined"         // a pool node's kubelet has joined and is healthy
)

// Milestone is one point of the boot timeline.
type Milestone struct {
	Name string    `json:"name"`
	Time time.Time `json:"time"`
}

// NodeState is one node of the inner cluster.
type NodeState struct {
	Name    string `json:"name"`
	Ready   bool   `json:"ready"`
	Message string `json:"message,omitempty"`
	Version string `json:"version,omitempty"`
	// MachineID is the one that the node's kubelet stated together with all
	// else: where it is not that of the node, a kubelet of before speaks. Guests
	// older than it leave it out.
	MachineID string `json:"machineID,omitempty"`
	// Group is what NodeLabelGroup says: the node is or was one of ours. Guests
	// older than it leave it out.
	Group string `json:"group,omitempty"`
}

// Problem names something wrong or missing. Reason is CamelCase and stable;
// Message says what, where and what to do.
type Problem struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}
