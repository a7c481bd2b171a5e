package finding

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Version of the report. A reader refuses any other.
const Version = "probe.vclusterctl.dev/v1"

const (
	// Target is the unit that a probe pod's systemd starts instead of a node's.
	Target = "vcluster-probe.target"
	// StateDir is where a probe pod has a volume like the one that nodes keep
	// their state on.
	StateDir = "/var/lib/vcluster"
	// MessagePath is where the report is left for the kubelet.
	MessagePath = "/dev/termination-log"
)

const (
	// MaxBytes of a report: the kubelet cuts longer termination messages, and
	// what is cut is no JSON.
	MaxBytes = 4096
	// maxFindings and the lengths below bound what is believed of a report.
	maxFindings = 64
	maxName     = 63
	maxFound    = 300
	// leastFound is what is left of each finding where there is no room for all.
	leastFound = 24
)

// The names of findings.
const (
	// UserNamespace is whether PID 1 is in one: its uid map.
	UserNamespace = "userNamespace"
	// GroupMap is the gid map that goes with it.
	GroupMap = "groupMap"
	// Kernel is the release of the kernel that the pod sees.
	Kernel = "kernel"
	// Systemd is whether it runs as PID 1, and its version.
	Systemd = "systemd"
	// Seccomp is whether a filter confines PID 1.
	Seccomp = "seccomp"
	// Mount is whether a file system can be mounted at all, and under which
	// AppArmor profile or SELinux label.
	Mount = "mount"
	// Cgroup is whether cgroups can be made.
	Cgroup = "cgroup"
	// Controllers are those of cgroup v2 that the pod may delegate.
	Controllers = "cgroupControllers"
	// Overlay is whether overlayfs can be mounted on the state.
	Overlay = "overlay"
	// Procfs is whether a container inside gets a /proc of its own.
	Procfs = "procfs"
	// Sysfs is whether a privileged one gets a /sys of its own, to write. Others
	// are given the node's, to read.
	Sysfs = "sysfs"
	// Bridge, Veth and VXLAN are links that the pod network is made of.
	Bridge = "bridge"
	Veth   = "veth"
	VXLAN  = "vxlan"
	// BridgeFilter is whether the kernel shows a node the packets between its pods.
	BridgeFilter = "bridgeFilter"
	// Nftables is whether Services can be made of it.
	Nftables = "nftables"
	// Iptables is whether the matches are there that the network plug-ins use.
	Iptables = "iptables"
	// Ipset is whether NetworkPolicies inside can be enforced.
	Ipset = "ipset"
	// Sysctls is whether those of the pod's own network can be set.
	Sysctls = "sysctls"
	// Kmsg is whether the kernel's log can be opened.
	Kmsg = "kmsg"
)

// Report is all that a probe pod found.
type Report struct {
	Version  string    `json:"version"`
	Findings []Finding `json:"findings"`
}

// Finding is one thing that was tried.
type Finding struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Found is what there is, or the error with which it failed.
	Found string `json:"found,omitempty"`
}

// New returns a report of findings.
func New(findings []Finding) Report { return Report{Version: Version, Findings: findings} }

// Encode writes a report in at most MaxBytes: where there is no room the words
// are cut, never a finding.
func (r Report) Encode() ([]byte, error) {
	for limit := maxFound; limit >= leastFound; limit = limit * 3 / 4 {
		short := Report{Version: r.Version}
		for _, f := range r.Findings {
			short.Findings = append(short.Findings, Finding{Name: clean(f.Name, maxName), OK: f.OK, Found: clean(f.Found, limit)})
		}
		data, err := json.Marshal(short)
		if err != nil {
			return nil, fmt.Errorf("encode the findings of a probe: %w", err)
		}
		if len(data) <= MaxBytes {
			return data, nil
		}
	}
	return nil, fmt.Errorf("%d findings do not fit into the %d bytes that a termination message may have", len(r.Findings), MaxBytes)
}

// Decode reads a report and makes it safe to show and to store.
func Decode(data []byte) (Report, error) {
	if len(data) > MaxBytes {
		return Report{}, fmt.Errorf("the report is %d bytes long, and %d are allowed", len(data), MaxBytes)
	}
	var r Report
	if err := json.Unmarshal(data, &r); err != nil {
		return Report{}, fmt.Errorf("read the report: %w", err)
	}
	if r.Version != Version {
		return Report{}, fmt.Errorf("the report has version %q, and this program reads %q: use a node image of the same release", clean(r.Version, maxName), Version)
	}
	if len(r.Findings) == 0 || len(r.Findings) > maxFindings {
		return Report{}, errors.New("the report has no findings, or too many to be true")
	}
	for i, f := range r.Findings {
		r.Findings[i] = Finding{Name: clean(f.Name, maxName), OK: f.OK, Found: clean(f.Found, maxFound)}
	}
	return r, nil
}

// Get returns a finding by name; the second value is false if there is none.
func (r Report) Get(name string) (Finding, bool) {
	for _, f := range r.Findings {
		if f.Name == name {
			return f, true
		}
	}
	return Finding{}, false
}

// clean replaces what could change the look of a terminal by spaces, and cuts at
// limit bytes without breaking a character.
func clean(s string, limit int) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s))
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
