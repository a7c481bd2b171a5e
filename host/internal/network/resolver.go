package network

import (
	"bufio"
	"net/netip"
	"strings"
)

// Resolver returns the resolv.conf for the node: the name servers and search
// domains of the first of the machine's files that names a server which the
// node can reach, too. A server on the machine's loopback is out of its reach.
//
// Without such a server it names the machine's end of the link. Nobody answers
// there, so a look-up fails at once instead of after a time-out, and software
// that insists on a server has one.
func Resolver(machineAddr netip.Addr, files ...string) string {
	for _, text := range files {
		if lines := reachable(text); len(lines) > 0 {
			return strings.Join(lines, "\n") + "\n"
		}
	}
	return "nameserver " + machineAddr.String() + "\n"
}

// reachable keeps the lines that are of use in the node, or nothing where no
// name server is left.
func reachable(text string) []string {
	var lines []string
	servers := 0
	scanner := bufio.NewScanner(strings.NewReader(text))
	for scanner.Scan() {
		fields := strings.Fields(scanner.Text())
		if len(fields) < 2 {
			continue
		}
		switch fields[0] {
		case "nameserver":
			addr, err := netip.ParseAddr(fields[1])
			if err != nil || addr.IsLoopback() || !addr.Is4() {
				continue
			}
			servers++
		case "search", "options":
		default:
			continue
		}
		lines = append(lines, strings.Join(fields, " "))
	}
	if servers == 0 {
		return nil
	}
	return lines
}
