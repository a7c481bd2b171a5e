package probe

import "github.com/vclusterctl/vclusterctl/runtime/probe/finding"

// attempt is something that programs of the image try.
type attempt struct {
	name     string
	commands []command
	// found says what it means if all of them succeed.
	found string
}

// tryDir is where things are mounted; /run is systemd's first mount.
const tryDir = "/run"

// services is a small table like those that kube-proxy makes: with maps, chance,
// address translation and connection tracking.
const services = `add table ip vcluster-probe
add chain ip vcluster-probe endpoint-a { comment "one endpoint" ; }
add chain ip vcluster-probe endpoint-b
add rule ip vcluster-probe endpoint-a meta l4proto tcp dnat to 10.0.0.2:80
add rule ip vcluster-probe endpoint-b meta l4proto tcp dnat to 10.0.0.3:80
add chain ip vcluster-probe service
add rule ip vcluster-probe service numgen random mod 2 vmap { 0 : goto endpoint-a , 1 : goto endpoint-b }
add map ip vcluster-probe services { type ipv4_addr . inet_proto . inet_service : verdict ; }
add element ip vcluster-probe services { 10.0.0.1 . tcp . 80 : goto service }
add chain ip vcluster-probe nat { type nat hook prerouting priority dstnat ; }
add rule ip vcluster-probe nat ip daddr . meta l4proto . th dport vmap @services
add rule ip vcluster-probe nat fib daddr type local meta mark set mark or 0x4000
add chain ip vcluster-probe post { type nat hook postrouting priority srcnat ; }
add rule ip vcluster-probe post meta mark & 0x4000 != 0 masquerade fully-random
add chain ip vcluster-probe filter { type filter hook forward priority filter ; }
add rule ip vcluster-probe filter ct state new reject
delete table ip vcluster-probe
`

// attempts are tried one after the other.
func attempts() []attempt {
	return []attempt{
		{finding.Procfs, []command{inNamespaces("mount", "-t", "proc", "-o", "nosuid,nodev,noexec", "proc", tryDir)}, "a new /proc was mounted"},
		{finding.Sysfs, []command{inNamespaces("mount", "-t", "sysfs", "-o", "nosuid,nodev,noexec", "sysfs", tryDir)}, "a new /sys was mounted, to write"},
		{finding.Veth, []command{program("ip", "link", "add", "vprobe0", "type", "veth", "peer", "name", "vprobe1")}, "a veth pair was made"},
		{finding.Bridge, []command{program("ip", "link", "add", "vprobe2", "type", "bridge")}, "a bridge was made"},
		{finding.VXLAN, []command{program("ip", "link", "add", "vprobe3", "type", "vxlan", "id", "1", "dstport", "8472")}, "a VXLAN link was made"},
		{finding.Nftables, []command{program("nft", "-f", "-").with(services)}, "rules as of Services were taken"},
		{finding.Iptables, []command{
			program("iptables", "-w", "-N", "VCLUSTER-PROBE"),
			program("iptables", "-w", "-A", "VCLUSTER-PROBE", "-m", "comment", "--comment", "probe",
				"-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED", "-m", "mark", "--mark", "0x1", "-j", "ACCEPT"),
		}, "rules with comment, conntrack and mark were taken"},
		{finding.Ipset, []command{program("ipset", "create", "vprobe", "hash:ip")}, "an IP set was made"},
	}
}
