package verbs

import (
	"context"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/controller/virtualcluster"
)

// TestPolicyArrives: what install is told is what the controller that it starts
// understands.
func TestPolicyArrives(t *testing.T) {
	want := virtualcluster.Policy{
		AllowedImages:         []string{"example.com/nodes/*", "example.com/a,b:1"},
		AllowConfig:           true,
		AllowedRuntimeClasses: []string{"kata-*", "sysbox-runc"},
		AllowNetwork:          []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("192.0.2.1/32")},
		AllowSystemPriority:   true,
	}
	said := policyArgs(want)
	var installed, controls virtualcluster.Policy
	f := testFactory(t)
	verb := NewCmdInstall(f, func(_ context.Context, o *InstallOptions) error { installed = o.Policy; return nil })
	if code, stderr := call(t, f, verb, said...); code != cli.ExitDone {
		t.Fatalf("install %q: %s", said, stderr)
	}
	verb = NewCmdController(f, func(_ context.Context, o *ControllerOptions) error { controls = o.Controller.Policy; return nil })
	if code, stderr := call(t, f, verb, policyArgs(installed)...); code != cli.ExitDone {
		t.Fatalf("controller %q: %s", said, stderr)
	}
	if diff := cmp.Diff(want, controls, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("policy: -want, +got:\n%s", diff)
	}
}

func TestBadRangeToAllow(t *testing.T) {
	for _, said := range []string{"", "10.0.0.1", "10.0.0.1/8", "fd00::/8", "x"} {
		f := testFactory(t)
		verb := NewCmdInstall(f, func(context.Context, *InstallOptions) error { return nil })
		if code, _ := call(t, f, verb, "--allow-network="+said); code != cli.ExitUsage {
			t.Errorf("--allow-network=%s: exit code %d", said, code)
		}
	}
}
