package controller

import (
	"errors"
	"net/netip"

	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/controller/probe"
	"github.com/vclusterctl/vclusterctl/controller/virtualcluster"
)

// LeaseName is the name of the Lease that the leader holds.
const LeaseName = "vclusterctl.dev"

// Options of the controller.
type Options struct {
	// Namespace of the controller: its Lease and its catalogue are there, and
	// it is the only one that may ask guests for reports.
	Namespace string
	// WatchNamespace limits the controller to the VirtualClusters of one
	// namespace. Empty means all.
	WatchNamespace string
	// LeaderElection makes several controllers take turns.
	LeaderElection bool
	// MetricsAddress and ProbeAddress to serve on; "0" turns either off.
	MetricsAddress string
	ProbeAddress   string
	// Catalogue is used where the namespace holds no ConfigMap with one.
	Catalogue catalogue.Catalogue
	// Policy is what the administrator allows.
	Policy virtualcluster.Policy
	// HostPodCIDRs are the pod ranges of the host. Empty means those of its
	// nodes, which are right for network plug-ins that use them.
	HostPodCIDRs []netip.Prefix
	// ProbeNamespace is where probe pods prove what nodes say of their runtimes.
	// Its Pod Security level must let node pods in. Empty means that nodes are
	// taken at their word.
	ProbeNamespace string
	// MostProbes is how many probes run at once; 0 means a default.
	MostProbes int
	// Workers is how many clusters are worked on at once; 0 means a default.
	Workers int
	// Version and Commit are shown in the metric build_info.
	Version, Commit string
}

// defaultWorkers is enough: a reconciliation waits for the API server most of
// the time.
const defaultWorkers = 8

func (o Options) withDefaults() Options {
	if o.Workers == 0 {
		o.Workers = defaultWorkers
	}
	if o.MostProbes == 0 {
		o.MostProbes = probe.DefaultMost
	}
	return o
}

func (o Options) validate() error {
	if o.Namespace == "" {
		return errors.New("the controller's namespace is not set: pass --namespace")
	}
	if o.Workers < 0 {
		return errors.New("the number of workers is negative")
	}
	if o.MostProbes < 0 {
		return errors.New("the number of probes at once is negative")
	}
	if o.ProbeNamespace != "" && o.WatchNamespace != "" {
		return errors.New("nodes are probed by a controller for all namespaces only: leave the namespace of probes out")
	}
	if err := o.Catalogue.Validate(); err != nil {
		return errors.Join(errors.New("the built-in catalogue cannot be used: pass --node-image and --node-version"), err)
	}
	return nil
}
