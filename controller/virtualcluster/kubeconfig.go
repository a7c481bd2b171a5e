package virtualcluster

import (
	"bytes"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// The administrator in the kubeconfig Secret. The group is the one that no
// binding inside can take away.
const (
	adminUser  = "vclusterctl-admin"
	adminGroup = "system:masters"
)

// adminLifetime of the administrator's certificate. It is renewed when a third
// of it is left.
const adminLifetime = 365 * 24 * time.Hour

// publish keeps the kubeconfig Secret current. It needs the address of the API
// and the identity, not a running cluster.
func publish(s *Scope) error {
	api := s.children.services[cluster.APIServiceName(s.vc.Name)]
	endpoint, missing := endpointOf(s.vc.Spec.Expose.Type, api, s.nodes)
	if endpoint == "" {
		s.no(v1alpha1.ConditionKubeconfigReady, v1alpha1.ReasonPending, missing)
		return nil
	}
	s.vc.Status.Endpoint = "https://" + endpoint
	secret := s.children.secrets[cluster.KubeconfigSecretName(s.vc.Name)]
	data, renewAt, err := s.adminKubeconfig(secret)
	if err != nil {
		return err
	}
	s.comeBack(renewAt.Sub(s.now))
	if change := apply(&s.plan, secret, cluster.KubeconfigSecret(s.input, data), corev1ac.ExtractSecret); change != nil {
		change.secret = true
	}
	name := cluster.KubeconfigSecretName(s.vc.Name)
	s.vc.Status.KubeconfigSecretRef = &corev1.LocalObjectReference{Name: name}
	s.yes(v1alpha1.ConditionKubeconfigReady, v1alpha1.ReasonReady, fmt.Sprintf("Secret %q is current", name))
	return nil
}

// adminKubeconfig returns the kubeconfig that the Secret holds while it is
// good, otherwise a new one, and when it has to be renewed.
func (s *Scope) adminKubeconfig(secret *corev1.Secret) (data []byte, renewAt time.Time, err error) {
	if held := ownedKubeconfig(secret); held != nil {
		if renewAt, ok := s.current(held); ok {
			return held, renewAt, nil
		}
	}
	creds, err := s.identity.ClientCert(adminUser, []string{adminGroup}, adminLifetime, s.now, s.rand)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("kubeconfig: %w", err)
	}
	p := s.access()
	p.ClientCert, p.ClientKey = creds.Cert, creds.Key
	if data, err = kubeconfig.Build(p); err != nil {
		return nil, time.Time{}, err
	}
	if renewAt, err = pki.RenewAt(creds.Cert); err != nil {
		return nil, time.Time{}, err
	}
	return data, renewAt, nil
}

// access is what the kubeconfig says, but for the user.
func (s *Scope) access() kubeconfig.Params {
	return kubeconfig.Params{
		Name:          s.vc.Name,
		Server:        s.vc.Status.Endpoint,
		TLSServerName: guestapi.FixedServerName,
		CA:            s.identity.ServerCA(),
	}
}

// current says whether a kubeconfig leads to this cluster and for how long.
func (s *Scope) current(data []byte) (renewAt time.Time, ok bool) {
	held, err := kubeconfig.Parse(data)
	if err != nil {
		return time.Time{}, false
	}
	want := s.access()
	if held.Name != want.Name || held.Server != want.Server || held.TLSServerName != want.TLSServerName || !bytes.Equal(held.CA, want.CA) {
		return time.Time{}, false
	}
	renewAt, err = pki.RenewAt(held.ClientCert)
	if err != nil || !s.now.Before(renewAt) {
		return time.Time{}, false
	}
	// One that was issued while the clock was ahead would be refused until the
	// clock is there again.
	from, err := pki.ValidFrom(held.ClientCert)
	return renewAt, err == nil && !s.now.Before(from)
}

// ownedKubeconfig is the kubeconfig in a Secret as far as we wrote it: what
// somebody else put there is not trusted, and replaced.
func ownedKubeconfig(secret *corev1.Secret) []byte {
	if secret == nil {
		return nil
	}
	ours, err := corev1ac.ExtractSecret(secret, v1alpha1.FieldOwner)
	if err != nil {
		return nil
	}
	value := ours.Data[cluster.KeyKubeconfigValue]
	if !bytes.Equal(value, ours.Data[cluster.KeyKubeconfig]) {
		return nil
	}
	return value
}
