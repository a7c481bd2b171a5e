package host

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"time"

	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// The defaults of Options.
const (
	DefaultName      = "host"
	DefaultStateRoot = "/var/lib/vclusterctl"
	DefaultRunRoot   = "/run/vclusterctl"
	DefaultTimeout   = 3 * time.Minute
)

// Options say which embedded host is meant and what it should be like. The zero
// value is the machine's one host with everything chosen for it.
type Options struct {
	// Name tells several hosts on one machine apart. The default is "host".
	Name string
	// Image is the path of the node image archive. Up needs it; FindImage
	// finds the usual one.
	Image string
	// LoadImages are image archives to load into the host beside its own.
	LoadImages []string
	// Subnet, PodCIDR and ServiceCIDR to use; what is left open is chosen free
	// once and kept with the state.
	Subnet, PodCIDR, ServiceCIDR netip.Prefix
	// Runtime is what the node is given for the pods of virtual clusters.
	Runtime Runtime
	// Restart allows Up to stop a running host whose image or configuration
	// differs. Without it that is ErrRestartNeeded.
	Restart bool
	// Contexts is where Up adds the host's context and Down removes it. With
	// nil the user's kubeconfig is left alone.
	Contexts Contexts
	// UseContext makes the host's context the current one.
	UseContext bool
	// Purge has Down remove the state, too: a later Up begins from nothing.
	Purge bool
	// Timeout bounds the wait for the host to be ready, and the one for it to
	// stop. The default is DefaultTimeout.
	Timeout time.Duration
	// StateRoot and RunRoot are the directories that everything is below. The
	// defaults are DefaultStateRoot and DefaultRunRoot.
	StateRoot, RunRoot string
}

// Contexts is the user's kubeconfig; kubeconfig.Store is one.
type Contexts interface {
	Merge(ctx context.Context, e kubeconfig.Entry) (kubeconfig.Result, error)
	Remove(ctx context.Context, name, owner string) (kubeconfig.Result, error)
}

// Runtime is what a runtime profile wants on the nodes it uses. Keys are file
// names.
type Runtime struct {
	// Containerd returns the configuration drop-ins (*.toml) for a node that
	// got the given cgroup controllers.
	Containerd func(controllers []string) (map[string][]byte, error)
	// Seccomp profiles (*.json), relative to the kubelet's seccomp root.
	Seccomp map[string][]byte
	// Manifests (*.yaml) to apply once the host's API serves.
	Manifests map[string][]byte
	// NodeLabels announce to the scheduler what the node has.
	NodeLabels map[string]string
}

// The link to the machine is called "vcl<name>0", and 15 characters is all that
// a link's name may have.
var nameForm = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,9}[a-z0-9])?$`)

// complete fills in the defaults and refuses what cannot work.
func (o Options) complete() (Options, error) {
	if o.Name == "" {
		o.Name = DefaultName
	}
	if o.StateRoot == "" {
		o.StateRoot = DefaultStateRoot
	}
	if o.RunRoot == "" {
		o.RunRoot = DefaultRunRoot
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	switch {
	case !nameForm.MatchString(o.Name):
		return o, fmt.Errorf("host name %q: use at most 11 lower-case letters, digits and dashes, beginning with a letter", o.Name)
	case o.Timeout < 0:
		return o, fmt.Errorf("timeout %s: it must be positive", o.Timeout)
	case !filepath.IsAbs(o.StateRoot) || !filepath.IsAbs(o.RunRoot):
		return o, errors.New("the directories of the host must be absolute paths")
	}
	return o, nil
}

// ContextName is the context of the host in the user's kubeconfig.
func (o Options) ContextName() string {
	if o.Name == "" {
		o.Name = DefaultName
	}
	return "vclusterctl-" + o.Name
}

// owner is what the host's context stands for.
func (o Options) owner() string { return "embedded host " + o.Name }
