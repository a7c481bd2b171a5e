package spec

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

var (
	namePattern    = regexp.MustCompile(v1alpha1.NamePattern)
	versionPattern = regexp.MustCompile(v1alpha1.VersionPattern)
)

// CheckName says what is wrong with the name of a new virtual cluster.
func CheckName(name string) error {
	if !namePattern.MatchString(name) {
		return fmt.Errorf("NAME %q: want lower case letters, digits and '-', starting with a letter and ending with a letter or digit, for example \"dev\"", name)
	}
	if len(name) > v1alpha1.MaxNameLength {
		return fmt.Errorf("NAME %q: want at most %d characters, this has %d", name, v1alpha1.MaxNameLength, len(name))
	}
	return nil
}

// Check says what is wrong with the flags, as far as that can be known without
// asking the API server.
func (f Flags) Check() error {
	for _, check := range []func() error{
		func() error { return oneOf("--distro", f.Distro, v1alpha1.Distros()) },
		f.checkRuntimes,
		f.checkVersion,
		f.checkServers,
		f.checkTTL,
		func() error {
			return checkCIDR("--pod-cidr", f.PodCIDR, "10.244.0.0/16", v1alpha1.PodCIDRMinBits, v1alpha1.PodCIDRMaxBits)
		},
		func() error {
			return checkCIDR("--service-cidr", f.ServiceCIDR, "10.96.0.0/16", v1alpha1.ServiceCIDRMinBits, v1alpha1.ServiceCIDRMaxBits)
		},
		f.checkDisjoint,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func oneOf[T ~string](flag, said string, known []T) error {
	if said == "" || slices.Contains(known, T(said)) {
		return nil
	}
	return fmt.Errorf("%s %q: want one of %v", flag, said, known)
}

func (f Flags) checkVersion() error {
	if f.Version == "" || versionPattern.MatchString(f.Version) {
		return nil
	}
	return fmt.Errorf("--k8s-version %q: want a full version such as v1.36.3, or leave it out for the newest one installed", f.Version)
}

func (f Flags) checkServers() error {
	if f.Servers == nil || *f.Servers >= 1 && *f.Servers <= v1alpha1.MaxServers {
		return nil
	}
	return fmt.Errorf("--servers %d: want %d, several are not supported yet; add workers with --pool NAME=N", *f.Servers, v1alpha1.MaxServers)
}

func (f Flags) checkTTL() error {
	const least, most = v1alpha1.MinTTLSeconds * time.Second, v1alpha1.MaxTTLSeconds * time.Second
	switch {
	case f.TTL == 0, f.TTL >= least && f.TTL <= most && f.TTL%time.Second == 0:
		return nil
	}
	return fmt.Errorf("--ttl %s: want whole seconds from %s to %s, for example 2h, or 0 for never", f.TTL, least, most)
}

// checkCIDR wants an IPv4 network in the one way of writing it that the CRD
// takes.
func checkCIDR(flag, said, example string, minBits, maxBits int) error {
	if said == "" {
		return nil
	}
	p, err := netip.ParsePrefix(said)
	if err != nil || !p.Addr().Is4() || p != p.Masked() || p.Bits() < minBits || p.Bits() > maxBits {
		return fmt.Errorf("%s %q: want an IPv4 network of /%d to /%d, written with its first address, for example %s", flag, said, minBits, maxBits, example)
	}
	if !p.Addr().IsGlobalUnicast() || netip.MustParsePrefix(v1alpha1.ReservedCIDR).Contains(p.Addr()) {
		return fmt.Errorf("%s %q: is reserved and reaches no host; want a private range, for example %s", flag, said, example)
	}
	return nil
}

// checkDisjoint is called with ranges that are fine each by itself.
func (f Flags) checkDisjoint() error {
	if f.PodCIDR == "" || f.ServiceCIDR == "" {
		return nil
	}
	if netip.MustParsePrefix(f.PodCIDR).Overlaps(netip.MustParsePrefix(f.ServiceCIDR)) {
		return fmt.Errorf("--pod-cidr %q and --service-cidr %q overlap: choose disjoint ranges, or leave one out to have it chosen", f.PodCIDR, f.ServiceCIDR)
	}
	return nil
}

// checkPool says what is wrong with the name of a pool or its number of nodes.
func checkPool(name string, nodes int64) error {
	switch {
	case name == v1alpha1.ServersPool:
		return fmt.Errorf("%q is what the servers are called: choose another name", name)
	case len(validation.IsDNS1035Label(name)) > 0:
		return fmt.Errorf("want a name of lower case letters, digits and '-', starting with a letter, for example workers=2")
	case nodes > v1alpha1.MaxPoolNodes:
		return fmt.Errorf("want at most %d nodes", v1alpha1.MaxPoolNodes)
	}
	return nil
}
