package nodeinstall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vclusterctl/vclusterctl/runtime/nodesetup"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// Local is the machine that this program runs on.
type Local struct {
	// Settings are what is known of the node beforehand; without a kind it is
	// found out.
	Settings nodesetup.Node
	// Timeout is how long the container runtime may take to come back.
	Timeout time.Duration
	Say     func(format string, args ...any)

	// files and services are the machine's own where a test gives none.
	files    Files
	services Services
}

// Report says what was done, to whoever started this on a node.
type Report struct {
	Node    string         `json:"node,omitempty"`
	Kind    nodesetup.Kind `json:"kind,omitempty"`
	Handler string         `json:"handler,omitempty"`
	Outcome Outcome        `json:"outcome,omitempty"`
	// Labels belong on the node now, or do no longer.
	Labels map[string]string `json:"labels,omitempty"`
	// Error is why it failed, empty where it did not. Refused is true where that
	// was known before anything was changed.
	Error   string `json:"error,omitempty"`
	Refused bool   `json:"refused,omitempty"`
	// AsBefore is true where it failed and left the node as it was: nothing was
	// changed there, or everything was put back.
	AsBefore bool `json:"asBefore,omitempty"`
}

// Install sets the machine up for a runtime.
func (l Local) Install(ctx context.Context, p profile.Profile) (Report, error) {
	return l.carryOut(ctx, p, l.plan, (*Installer).Install)
}

// plan refuses a node without the runtime's program: its container runtime would
// take the handler, and only pods would fail.
func (l Local) plan(p profile.Profile, n nodesetup.Node) (nodesetup.Plan, error) {
	planned, err := nodesetup.Make(p, n)
	if err == nil && planned.Program != "" && !l.files.executable(planned.Program) {
		err = fmt.Errorf("runtime %q needs the program %s, which this node does not have: install it there first, or say with --binary where it is", planned.Runtime, planned.Program)
	}
	return planned, err
}

// Uninstall takes a runtime off the machine.
func (l Local) Uninstall(ctx context.Context, p profile.Profile) (Report, error) {
	return l.carryOut(ctx, p, nodesetup.Undo, (*Installer).Uninstall)
}

func (l Local) carryOut(
	ctx context.Context, p profile.Profile,
	plan func(profile.Profile, nodesetup.Node) (nodesetup.Plan, error),
	do func(*Installer, context.Context, nodesetup.Plan) (Outcome, error),
) (r Report, err error) {
	r = Report{Kind: l.Settings.Kind, Handler: p.Knowledge().Handler, Outcome: Unchanged, Refused: true}
	unlock, err := l.files.lock()
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := l.recover(ctx); err != nil {
		r.Refused = false
		return r, err
	}
	defer func() { r.AsBefore = leftAsBefore(r.Outcome, err) }()
	i, layout, err := l.installer(l.Settings.Kind)
	if err != nil {
		return r, err
	}
	r.Kind = i.Kind
	n, err := l.gather(ctx, i, layout)
	if err != nil {
		return r, err
	}
	planned, err := plan(p, n)
	if err != nil {
		return r, err
	}
	r.Labels, r.Refused = planned.Labels, false
	r.Outcome, err = do(i.Installer, ctx, planned)
	return r, err
}

// leftAsBefore says of a node that was nobody else's to change whether a failure
// has left it as it was.
func leftAsBefore(o Outcome, err error) bool {
	_, unsettled := errors.AsType[unsettledError](err)
	return err != nil && o == Unchanged && !unsettled
}

// recover puts back what a run that was cut off has left, before anything is asked
// of the container runtime, which may be down because of it: a node that lost its
// power has not even its socket.
func (l Local) recover(ctx context.Context) error {
	j, err := l.files.readJournal()
	if err != nil || j == nil {
		return err
	}
	i, layout, err := l.installer(cmp.Or(j.Kind, l.Settings.Kind))
	if err != nil {
		return fmt.Errorf("put back what a run that was cut off has left: %w", err)
	}
	_, err = i.Recover(ctx, layout.Units)
	return err
}

// localInstaller is an installer for the machine, of which the kind is known.
type localInstaller struct {
	*Installer

	cri *Client
}

// installer is for a kind of node; without one it is found out.
func (l Local) installer(kind nodesetup.Kind) (localInstaller, nodesetup.Layout, error) {
	if kind == "" {
		var err error
		if kind, err = l.files.Kind(); err != nil {
			return localInstaller{}, nodesetup.Layout{}, err
		}
	}
	layout, err := nodesetup.LayoutOf(kind)
	if err != nil {
		return localInstaller{}, layout, err
	}
	cri := NewClient(l.files.path(layout.Socket))
	i := &Installer{
		Kind: kind, Files: l.files, Services: l.services, CRI: cri,
		After: time.After, Timeout: l.Timeout, Say: l.Say,
	}
	if l.services == nil {
		i.Services = Systemd{Run: Programs}
	}
	if kind == nodesetup.Containerd || kind == nodesetup.Embedded {
		i.Check = ContainerdCheck(Programs, layout.Config)
	}
	return localInstaller{Installer: i, cri: cri}, layout, nil
}

// gather is what the machine has, with what its container runtime says of
// itself.
func (l Local) gather(ctx context.Context, i localInstaller, layout nodesetup.Layout) (nodesetup.Node, error) {
	n, err := i.Files.Gather(i.Kind)
	if err != nil {
		return n, err
	}
	version, err := i.cri.Version(ctx)
	if err != nil {
		return n, fmt.Errorf("the container runtime does not answer at %s, so nothing is changed: %w", layout.Socket, err)
	}
	n.Version = strings.TrimPrefix(version, "v")
	n.CgroupDriver, n.OCIRuntime = l.Settings.CgroupDriver, l.Settings.OCIRuntime
	n.NoUnprivilegedPorts = l.Settings.NoUnprivilegedPorts
	return n, nil
}
