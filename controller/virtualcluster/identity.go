package virtualcluster

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// identify makes the identity of a new cluster, once, and checks that of an
// existing one. An identity that was recorded and is gone is never made anew: a
// new authority under a living datastore would destroy the cluster.
func identify(s *Scope) error {
	secret := s.children.secrets[cluster.IdentitySecretName(s.vc.Name)]
	recorded := s.vc.Status.IdentityFingerprint
	var err error
	switch {
	case s.missesIdentity():
		return s.gone()
	case secret == nil:
		err = s.newIdentity()
	default:
		err = s.loadIdentity(secret.Data, recorded)
	}
	if err != nil {
		return err
	}
	s.vc.Status.IdentityFingerprint = s.identity.Fingerprint()
	s.input.IdentityKeys = slices.Sorted(maps.Keys(s.identity.Files()))
	return s.join()
}

// missesIdentity says whether the identity is gone that the cluster once had.
func (s *Scope) missesIdentity() bool {
	return s.children.secrets[cluster.IdentitySecretName(s.vc.Name)] == nil &&
		(s.vc.Status.IdentityFingerprint != "" || s.hadIdentity())
}

func (s *Scope) gone() error {
	return lost("Secret %q is gone", cluster.IdentitySecretName(s.vc.Name))
}

// hadIdentity says whether something is there that is only made once there is an
// identity, although none is on record: the record may be lost, or not written
// yet.
func (s *Scope) hadIdentity() bool {
	return s.children.secrets[cluster.JoinSecretName(s.vc.Name)] != nil ||
		s.children.statefulSets[cluster.GroupName(s.vc.Name, cluster.ServerGroup)] != nil
}

// lost comes back by itself: a Secret that is restored without its labels wakes
// nobody.
func lost(format string, args ...any) error {
	return stall(v1alpha1.ConditionReady, v1alpha1.ReasonIdentityLost,
		"%s, and a new identity would destroy the cluster's data; restore the Secret from a backup with its owner reference, or delete the VirtualCluster",
		fmt.Sprintf(format, args...)).again()
}

func (s *Scope) newIdentity() error {
	id, err := pki.NewIdentity(s.vc.Status.Resolved.Distro, s.now, s.rand)
	if err != nil {
		return fmt.Errorf("make identity: %w", err)
	}
	resolved, err := json.Marshal(s.vc.Status.Resolved)
	if err != nil {
		return fmt.Errorf("make identity: %w", err)
	}
	s.identity = id
	s.plan.create(cluster.IdentitySecret(s.input, id.Files(), map[string]string{annotationResolved: string(resolved)}))
	return nil
}

func (s *Scope) loadIdentity(files map[string][]byte, recorded string) error {
	name := cluster.IdentitySecretName(s.vc.Name)
	id, err := pki.LoadIdentity(s.vc.Status.Resolved.Distro, files)
	if err != nil {
		return lost("Secret %q is damaged (%s)", name, oneLine(err))
	}
	if recorded != "" && recorded != id.Fingerprint() {
		return lost("Secret %q holds another identity (%.12s) than the one that the cluster was made with (%.12s)",
			name, id.Fingerprint(), recorded)
	}
	s.identity = id
	return nil
}

// join makes the join credentials, which unlike the identity can be made anew
// at any time: they are signed by it.
func (s *Scope) join() error {
	secret := s.children.secrets[cluster.JoinSecretName(s.vc.Name)]
	if secret != nil {
		return s.checkJoin(secret.Data)
	}
	files, err := pki.NewJoin(s.identity, s.now, s.rand)
	if err != nil {
		return fmt.Errorf("make join credentials: %w", err)
	}
	s.plan.create(cluster.JoinSecret(s.input, files))
	return nil
}

func (s *Scope) checkJoin(files map[string][]byte) error {
	if err := pki.ValidateJoin(s.identity, files); err != nil {
		return stall(v1alpha1.ConditionReady, v1alpha1.ReasonJoinDamaged,
			"Secret %q is damaged (%s); delete Secret %[1]q: it is made anew", cluster.JoinSecretName(s.vc.Name), oneLine(err))
	}
	return nil
}
