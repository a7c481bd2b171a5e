//go:build linux

package network

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/vishvananda/netlink"
)

const forwardingFile = "/proc/sys/net/ipv4/ip_forward"

// Up makes the namespace, the link, the routes and the firewall of one embedded
// host. Outbound says whether the node may reach what the machine reaches.
func Up(n Names, p Plan, outbound bool) error {
	if _, err := os.Stat(n.NamespacePath()); err == nil {
		return fmt.Errorf("network namespace %q is there already: remove it with \"ip netns delete %s\"", n.Namespace, n.Namespace)
	}
	ns, err := makeNamespace(n.Namespace)
	if err != nil {
		return err
	}
	defer ns.Close()
	if err := link(n, p, ns); err != nil {
		return err
	}
	return firewall(n, p, outbound)
}

// Down removes what Up made, or what it made of it before it failed.
func Down(n Names) error {
	return errors.Join(removeFirewall(n), unlink(n.Link), removeNamespace(n))
}

// Leftovers lists what Down should have removed.
func Leftovers(n Names) ([]string, error) {
	var found []string
	if _, err := os.Lstat(n.NamespacePath()); err == nil {
		found = append(found, fmt.Sprintf("network namespace %s", n.NamespacePath()))
	}
	links, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("list the machine's links: %w", err)
	}
	for _, l := range links {
		if l.Attrs().Name == n.Link {
			found = append(found, "link "+n.Link)
		}
	}
	has, err := hasTable(n.Table)
	if has {
		found = append(found, "nftables table ip "+n.Table)
	}
	return found, err
}

// OtherHosts says whether a link of another embedded host is up.
func OtherHosts(n Names) (bool, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return false, fmt.Errorf("list the machine's links: %w", err)
	}
	for _, l := range links {
		if l.Attrs().Name != n.Link && l.Attrs().Alias == linkAlias {
			return true, nil
		}
	}
	return false, nil
}

// Forwarding says whether the machine forwards IPv4 packets.
func Forwarding() (bool, error) {
	data, err := os.ReadFile(forwardingFile)
	if err != nil {
		return false, fmt.Errorf("read whether the machine forwards packets: %w", err)
	}
	return strings.TrimSpace(string(data)) == "1", nil
}

// SetForwarding has the machine forward IPv4 packets, or no longer.
func SetForwarding(on bool) error {
	value := "0"
	if on {
		value = "1"
	}
	if err := os.WriteFile(forwardingFile, []byte(value), 0o644); err != nil {
		return fmt.Errorf("set whether the machine forwards packets: %w", err)
	}
	return nil
}
