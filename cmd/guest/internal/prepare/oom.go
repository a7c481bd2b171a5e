package prepare

import (
	"os"
	"strings"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// oomGroup is what the kubelet of the host sets for the containers of its pods,
// unless it is told not to.
const oomGroup = "/sys/fs/cgroup/memory.oom.group"

// wholeNodeOOM tells of a node that goes as a whole when one pod inside takes
// more memory than its limit. runc passes the setting on to systemd, and that
// does not tell a container that ran out of memory from one below it.
func wholeNodeOOM(file string) []guestapi.Problem {
	set, err := os.ReadFile(file)
	if err != nil || strings.TrimSpace(string(set)) != "1" {
		return nil
	}
	return []guestapi.Problem{{
		Reason: "WholeNodeOOM",
		Message: "a pod inside that takes more memory than its limit may end this whole node: where the host has systemd 253 or later, " +
			"set singleProcessOOMKill: true in the configuration of the kubelets of its nodes",
	}}
}
