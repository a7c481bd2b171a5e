//go:build linux

package host

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/vclusterctl/vclusterctl/kubeconfig"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

const (
	adminUser     = "vclusterctl-host-admin"
	adminGroup    = "system:masters"
	adminLifetime = 365 * 24 * time.Hour
)

// Kubeconfig returns a kubeconfig with full access to the host. The host need
// not be running, but must have been.
func Kubeconfig(_ context.Context, o Options) ([]byte, error) {
	o, n, err := begin(o)
	if err != nil {
		return nil, err
	}
	c, err := loadCredentials(n)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotRunning
	}
	if err != nil {
		return nil, err
	}
	var s settings
	if err := readJSON(n.settings, &s); err != nil {
		return nil, err
	}
	if !s.Plan.Subnet.IsValid() {
		return nil, ErrNotRunning
	}
	return ensureKubeconfig(o, n, c, endpoint(s.Plan), time.Now())
}

// ensureKubeconfig returns the kubeconfig that was made before, or makes one
// where there is none or it expires soon.
func ensureKubeconfig(o Options, n names, c credentials, server string, now time.Time) ([]byte, error) {
	data, err := os.ReadFile(n.kubeconfig)
	if err == nil && current(data, c, server, now) {
		return data, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the host's kubeconfig: %w", err)
	}
	client, err := c.identity.ClientCert(adminUser, []string{adminGroup}, adminLifetime, now, rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the host's kubeconfig: %w", err)
	}
	data, err = kubeconfig.Build(kubeconfig.Params{
		Name: o.ContextName(), Server: server, TLSServerName: guestapi.FixedServerName,
		CA: c.identity.ServerCA(), ClientCert: client.Cert, ClientKey: client.Key,
	})
	if err != nil {
		return nil, fmt.Errorf("make the host's kubeconfig: %w", err)
	}
	return data, replaceFile(n.kubeconfig, data)
}

// current says whether a kubeconfig still serves.
func current(data []byte, c credentials, server string, now time.Time) bool {
	p, err := kubeconfig.Parse(data)
	if err != nil || p.Server != server || string(p.CA) != string(c.identity.ServerCA()) {
		return false
	}
	old, err := pki.NeedsRenewal(p.ClientCert, now)
	return err == nil && !old
}

func (s *starter) addContext(ctx context.Context) error {
	data, err := ensureKubeconfig(s.options, s.names, s.credentials, endpoint(s.record.Plan), time.Now())
	if err != nil || s.options.Contexts == nil {
		return err
	}
	result, err := s.options.Contexts.Merge(ctx, kubeconfig.Entry{
		Context: s.options.ContextName(), Owner: s.options.owner(), Kubeconfig: data, Use: s.options.UseContext,
	})
	if err == nil && result.Changed() {
		s.report.say(StepContext, fmt.Sprintf("added context %q to the kubeconfig", s.options.ContextName()))
	}
	return err
}
