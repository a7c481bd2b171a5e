package virtualcluster

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// annotationResolved keeps status.resolved with the identity, so that a lost
// status does not make another cluster of this one.
const annotationResolved = "vclusterctl.dev/resolved"

const defaultClusterDomain = "cluster.local"

// resolve chooses, once, every value that the user left open.
func resolve(s *Scope) error {
	r, err := s.resolved()
	if err != nil {
		return err
	}
	if err := fits(s.vc.Spec.Config, r); err != nil {
		return err
	}
	s.vc.Status.Resolved = &r
	s.input = cluster.Input{
		Name:                s.vc.Name,
		Namespace:           s.vc.Namespace,
		UID:                 s.vc.UID,
		Spec:                s.vc.Spec,
		Resolved:            r,
		Host:                s.host,
		ControllerNamespace: s.controllerNamespace,
	}
	return nil
}

func (s *Scope) resolved() (v1alpha1.Resolved, error) {
	held, err := s.heldResolved()
	if err != nil {
		return v1alpha1.Resolved{}, err
	}
	if held == nil && s.missesIdentity() {
		// What was chosen comes back with the Secret: choosing anew would make
		// another cluster of this one.
		return v1alpha1.Resolved{}, s.gone()
	}
	if held == nil {
		return s.choose()
	}
	if err := unchanged(s.vc.Spec, *held); err != nil {
		return v1alpha1.Resolved{}, err
	}
	return *held, nil
}

// fits refuses settings of what the cluster does not have.
func fits(config map[string]string, r v1alpha1.Resolved) error {
	if r.Datastore != guestapi.DatastoreSQLite {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(config)) {
		if strings.HasPrefix(key, "etcd.") {
			return stall(v1alpha1.ConditionReady, v1alpha1.ReasonReservedConfig,
				"spec.config cannot have the key %q: K3s with ephemeral servers keeps its state in %s; remove it, or create the cluster without servers.storage.ephemeral",
				key, r.Datastore)
		}
	}
	return nil
}

// heldResolved returns what was chosen earlier: from the status, or where that
// was lost from the identity.
func (s *Scope) heldResolved() (*v1alpha1.Resolved, error) {
	if s.vc.Status.Resolved != nil {
		return s.vc.Status.Resolved, nil
	}
	secret := s.children.secrets[cluster.IdentitySecretName(s.vc.Name)]
	if secret == nil || secret.Annotations[annotationResolved] == "" {
		return nil, nil //nolint:nilnil // nothing was chosen yet, which is no error
	}
	var r v1alpha1.Resolved
	if err := json.Unmarshal([]byte(secret.Annotations[annotationResolved]), &r); err != nil {
		return nil, stall(v1alpha1.ConditionReady, v1alpha1.ReasonIdentityLost,
			"annotation %s of Secret %q cannot be read (%v); restore the Secret from a backup", annotationResolved, secret.Name, err)
	}
	return &r, nil
}

// unchanged refuses to change what a cluster was made with.
func unchanged(spec v1alpha1.VirtualClusterSpec, r v1alpha1.Resolved) error {
	for _, f := range []struct{ field, asked, held string }{
		{"distro", string(spec.Distro), string(r.Distro)},
		{"image", spec.Image, r.Image},
		{"network.podCIDR", spec.Network.PodCIDR, r.PodCIDR},
		{"network.serviceCIDR", spec.Network.ServiceCIDR, r.ServiceCIDR},
		{"network.clusterDomain", spec.Network.ClusterDomain, r.ClusterDomain},
	} {
		if f.asked != "" && f.asked != f.held {
			return fixed(f.field, f.asked, f.held)
		}
	}
	if asked, held := spec.Servers.ControlPlaneOnly, ptr.Deref(r.ControlPlaneOnly, false); asked != nil && *asked != held {
		return fixed("servers.controlPlaneOnly", strconv.FormatBool(*asked), strconv.FormatBool(held))
	}
	if !catalogue.Satisfies(spec.Version, r.Version) {
		return fixed("version", spec.Version, r.Version)
	}
	return nil
}

func fixed(field, asked, held string) error {
	return stall(v1alpha1.ConditionReady, v1alpha1.ReasonInvalidSpec,
		"spec.%s is %q but the cluster was made with %q, which cannot be changed; set it back, or create another cluster",
		field, asked, held)
}

// choose picks the values of a new cluster.
func (s *Scope) choose() (v1alpha1.Resolved, error) {
	spec := s.vc.Spec
	entry, ok := s.catalogue.Lookup(spec.Version)
	if !ok {
		return v1alpha1.Resolved{}, stall(v1alpha1.ConditionReady, v1alpha1.ReasonVersionUnavailable,
			"spec.version %q is not available; available: %s", spec.Version, list(s.catalogue.Versions())).again()
	}
	distro, why, err := s.chooseDistro(entry)
	if err != nil {
		return v1alpha1.Resolved{}, err
	}
	pods, services, err := chooseCIDRs(spec.Network, s.host)
	if err != nil {
		return v1alpha1.Resolved{}, err
	}
	return v1alpha1.Resolved{
		Distro:           distro,
		DistroReason:     why,
		Version:          entry.VersionOf(distro),
		Image:            either(spec.Image, entry.Image),
		PodCIDR:          pods,
		ServiceCIDR:      services,
		ClusterDomain:    either(spec.Network.ClusterDomain, defaultClusterDomain),
		Datastore:        datastoreOf(distro, spec),
		ControlPlaneOnly: s.controlPlaneOnly(),
		TemplateRevision: cluster.TemplateRevision,
	}, nil
}

func either(asked, otherwise string) string {
	if asked != "" {
		return asked
	}
	return otherwise
}
