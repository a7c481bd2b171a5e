package v1alpha1

// What the CRD says of values that programs look at before they ask the API
// server. A test holds the two together.
const (
	// NamePattern is the regular expression of metadata.name.
	NamePattern = `^[a-z]([-a-z0-9]*[a-z0-9])?$`
	// MaxNameLength bounds metadata.name.
	MaxNameLength = 45
	// VersionPattern is the regular expression of spec.version.
	VersionPattern = `^v?[0-9]+[.][0-9]+[.][0-9]+([+]k3s[0-9]+)?$`
	// MaxServers is how many servers a cluster may have.
	MaxServers = 1
	// MaxPoolNodes bounds spec.pools[].replicas.
	MaxPoolNodes = 1000
	// MinTTLSeconds is the least that spec.lifecycle.ttlSeconds may be.
	MinTTLSeconds = 60
	// MaxTTLSeconds is the most: a year.
	MaxTTLSeconds = 31536000
	// PodCIDRMinBits is the shortest prefix of spec.network.podCIDR.
	PodCIDRMinBits = 8
	// PodCIDRMaxBits is its longest prefix.
	PodCIDRMaxBits = 22
	// ServiceCIDRMinBits is the shortest prefix of spec.network.serviceCIDR.
	ServiceCIDRMinBits = 12
	// ServiceCIDRMaxBits is its longest prefix.
	ServiceCIDRMaxBits = 28
	// ReservedCIDR is the range that neither may be inside of.
	ReservedCIDR = "240.0.0.0/4"
)

// Distros are the values of spec.distro.
func Distros() []Distro { return []Distro{DistroK8s, DistroK3s} }

// RuntimeProfiles are the values of spec.runtime.profile.
func RuntimeProfiles() []RuntimeProfile {
	return []RuntimeProfile{RuntimeAuto, RuntimeUserns, RuntimeSysbox, RuntimeKata, RuntimeGVisor}
}

// ExposeTypes are the values of spec.expose.type.
func ExposeTypes() []ExposeType {
	return []ExposeType{ExposeClusterIP, ExposeNodePort, ExposeLoadBalancer}
}
