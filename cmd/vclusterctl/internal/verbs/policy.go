package verbs

import (
	"net/netip"
	"strings"

	"github.com/spf13/pflag"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/controller/virtualcluster"
)

// Flags by which an administrator allows what tenants may choose.
const (
	allowImageFlag          = "allow-image"
	allowConfigFlag         = "allow-config"
	allowNetworkFlag        = "allow-network"
	allowSystemPriorityFlag = "allow-system-priority"
	allowRuntimeClassFlag   = "allow-runtime-class"
	allowOwnKernelFlag      = "allow-own-kernel-class" // of install alone
)

// addPolicy adds the flags that allow tenants something: the controller takes
// them, and install hands them on to it.
func addPolicy(flags *pflag.FlagSet, p *virtualcluster.Policy) {
	flags.StringArrayVar(&p.AllowedImages, allowImageFlag, nil, "`pattern` of node images that users may choose; may be repeated")
	flags.BoolVar(&p.AllowConfig, allowConfigFlag, false, "let users set raw distro settings")
	flags.Var((*prefixes)(&p.AllowNetwork), allowNetworkFlag, "`range` inside which users may open destinations with spec.network.allow; may be repeated")
	flags.StringArrayVar(&p.AllowedRuntimeClasses, allowRuntimeClassFlag, nil, "`pattern` of RuntimeClasses that users may name in runtime.className; may be repeated")
	flags.BoolVar(&p.AllowSystemPriority, allowSystemPriorityFlag, false, "let users give node pods the PriorityClasses system-*")
}

// policyArgs are the flags that say a policy.
func policyArgs(p virtualcluster.Policy) []string {
	var args []string
	for _, image := range p.AllowedImages {
		args = append(args, "--"+allowImageFlag+"="+image)
	}
	if p.AllowConfig {
		args = append(args, "--"+allowConfigFlag)
	}
	for _, network := range p.AllowNetwork {
		args = append(args, "--"+allowNetworkFlag+"="+network.String())
	}
	for _, class := range p.AllowedRuntimeClasses {
		args = append(args, "--"+allowRuntimeClassFlag+"="+class)
	}
	if p.AllowSystemPriority {
		args = append(args, "--"+allowSystemPriorityFlag)
	}
	return args
}

// prefixes are the values of a flag that takes one range each time.
type prefixes []netip.Prefix

// Set adds a range.
func (p *prefixes) Set(said string) error {
	prefix, err := netip.ParsePrefix(said)
	if err != nil || prefix != prefix.Masked() || !prefix.Addr().Is4() {
		return cli.Usagef("want an IPv4 range written with its first address, for example 10.0.0.0/8")
	}
	*p = append(*p, prefix)
	return nil
}

// String shows all ranges.
func (p *prefixes) String() string {
	shown := make([]string, 0, len(*p))
	for _, prefix := range *p {
		shown = append(shown, prefix.String())
	}
	return strings.Join(shown, ",")
}

// Type is how help calls a value.
func (*prefixes) Type() string { return "range" }
