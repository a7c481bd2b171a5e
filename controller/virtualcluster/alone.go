package virtualcluster

import (
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// controlPlaneOnly is whether the servers of a new cluster are to be no nodes of
// it: as the spec says, or else true where the runtime asked for them can run no
// pods. Nil is false.
func (s *Scope) controlPlaneOnly() *bool {
	servers := cluster.Servers(s.vc.Spec)
	if asked := s.vc.Spec.Servers.ControlPlaneOnly; asked != nil {
		return asked
	}
	for _, p := range s.profiles {
		if k := p.Knowledge(); k.Name == servers.Runtime.Profile && runsNoPods(k) {
			return ptr.To(true)
		}
	}
	return nil
}

// runsNoPods says whether a runtime is for control planes alone.
func runsNoPods(k profile.Knowledge) bool {
	for _, l := range k.Refusals(profile.Nodes{Workers: true}) {
		if l.Reason == profile.LimitWorkers {
			return true
		}
	}
	return false
}

// runsNoPods says whether the pods of a group are no nodes of the cluster.
func (s *Scope) runsNoPods(g cluster.Group) bool {
	return g.Role == guestapi.RoleServer && s.vc.Status.Resolved.IsControlPlaneOnly()
}

// wantsNodes says whether any node is to be there.
func (s *Scope) wantsNodes() bool {
	for _, g := range s.groups() {
		if g.Replicas > 0 && !s.runsNoPods(g) {
			return true
		}
	}
	return false
}
