package network

// Names are the marks on everything that belongs to one embedded host.
type Names struct {
	// Namespace is the name of the network namespace.
	Namespace string
	// Link is the machine's end of the veth pair.
	Link string
	// Table is the name of the nftables table.
	Table string
}

const (
	// NodeLink is the node's end of the veth pair.
	NodeLink = "eth0"
	// linkAlias marks a link as ours.
	linkAlias = "vclusterctl embedded host"
	// namespaceDir is where named network namespaces are, for ip(8) as well.
	namespaceDir = "/run/netns"
)

// NamespacePath is where the network namespace can be opened.
func (n Names) NamespacePath() string { return namespaceDir + "/" + n.Namespace }
