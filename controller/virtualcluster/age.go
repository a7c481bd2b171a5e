package virtualcluster

import (
	"fmt"
	"strings"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// compareAge says whether the nodes are made as new ones would be. Those of an
// outdated cluster keep their template and image, and nothing is restarted.
func compareAge(s *Scope) error {
	const condition = v1alpha1.ConditionUpToDate
	r := s.vc.Status.Resolved
	if r == nil {
		s.unknown(condition, v1alpha1.ReasonPending, "nothing was chosen yet")
		return nil
	}
	older, err := s.olderParts(*r)
	switch {
	case len(older) > 0:
		s.no(condition, v1alpha1.ReasonOutdated, strings.Join(older, ", and ")+
			"; it keeps running as it is, pods that are replaced included, and pools can be added and scaled; "+
			"clusters are not upgraded in place yet: to have what is new, security fixes among it, create another one and move the workloads")
	case err != nil:
		s.unknown(condition, v1alpha1.ReasonPending, "the catalogue of versions cannot be read: "+oneLine(err))
	default:
		s.yes(condition, v1alpha1.ReasonCurrent, "made as a new cluster of this version would be")
	}
	return nil
}

// olderParts says what a cluster was made from that a new one would not be.
func (s *Scope) olderParts(r v1alpha1.Resolved) ([]string, error) {
	var older []string
	if cluster.IsKept(r.TemplateRevision) {
		older = append(older, fmt.Sprintf("the node pods are of template revision %s, and this controller makes %s", r.TemplateRevision, cluster.TemplateRevision))
	}
	if s.vc.Spec.Image != "" || s.catalogueError != nil {
		return older, s.catalogueError
	}
	entry, ok := s.catalogue.Lookup(withoutBuild(r.Version))
	switch {
	case !ok:
		older = append(older, fmt.Sprintf("version %s is no longer in the catalogue, which has %s", r.Version, list(s.catalogue.Versions())))
	case entry.Image != r.Image:
		older = append(older, fmt.Sprintf("the nodes run image %q, and the catalogue has %q for version %s", r.Image, entry.Image, entry.Version))
	}
	return older, nil
}

// withoutBuild leaves out what a distro adds to the version of Kubernetes, as in
// v1.36.3+k3s1.
func withoutBuild(version string) string {
	version, _, _ = strings.Cut(version, "+")
	return version
}
