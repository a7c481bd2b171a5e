package virtualcluster

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

func TestAllowsImage(t *testing.T) {
	cases := map[string]struct {
		patterns []string
		image    string
		want     bool
	}{
		"NothingAllowed": {nil, "example.com/a:1", false},
		"Exact":          {[]string{"example.com/a:1"}, "example.com/a:1", true},
		"ExactOnly":      {[]string{"example.com/a:1"}, "example.com/a:12", false},
		"Below":          {[]string{"example.com/nodes/*"}, "example.com/nodes/x/y:1", true},
		"NotBeside":      {[]string{"example.com/nodes/*"}, "example.com/nodes-evil:1", false},
		"Tags":           {[]string{"example.com/node:*"}, "example.com/node:v1", true},
		"Middle":         {[]string{"example.com/*/node:v1"}, "example.com/team/node:v1", true},
		"MiddleOneLevel": {[]string{"example.com/*/node:v1"}, "example.com/a/b/node:v1", false},
		"Everything":     {[]string{"*"}, "example.com/a:1", true},
		"BrokenPattern":  {[]string{"["}, "[", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := (Policy{AllowedImages: tc.patterns}).allowsImage(tc.image); got != tc.want {
				t.Errorf("allowsImage(%q) with %q = %v, want %v", tc.image, tc.patterns, got, tc.want)
			}
		})
	}
}

func TestAllowsNetwork(t *testing.T) {
	cases := map[string]struct {
		reason  string
		allowed []string
		cidr    string
		want    bool
	}{
		"NothingAllowed": {"By default nothing is opened.", nil, "10.0.0.8/32", false},
		"Same":           {"A range is inside itself.", []string{"10.0.0.0/8"}, "10.0.0.0/8", true},
		"Inside":         {"One address of it.", []string{"192.0.2.0/24", "10.0.0.0/8"}, "10.1.2.3/32", true},
		"Wider":          {"What begins inside but goes beyond is not inside.", []string{"10.0.0.0/16"}, "10.0.0.0/8", false},
		"Beside":         {"Another range.", []string{"10.0.0.0/16"}, "10.1.0.0/16", false},
		"Everywhere":     {"The administrator may open all.", []string{"0.0.0.0/0"}, "0.0.0.0/0", true},
		"NoRange":        {"What cannot be read is not allowed.", []string{"0.0.0.0/0"}, "x", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var p Policy
			for _, allowed := range tc.allowed {
				p.AllowNetwork = append(p.AllowNetwork, netip.MustParsePrefix(allowed))
			}
			if got := p.allowsNetwork(tc.cidr); got != tc.want {
				t.Errorf("%s\nallowsNetwork(%q) with %q = %v, want %v", tc.reason, tc.cidr, tc.allowed, got, tc.want)
			}
		})
	}
}

// TestCheckConfig: the CRD refuses the same, but not in objects older than its
// rules.
func TestCheckConfig(t *testing.T) {
	cases := map[string]struct {
		reason string
		distro v1alpha1.Distro
		key    string
		want   string
	}{
		"Flag":     {"a flag of a component fits both distros", "", "kubelet.max-pods", ""},
		"K3s":      {"K3s has keys of its own", v1alpha1.DistroK3s, "service-node-port-range", ""},
		"K3sOnly":  {"another distro would ignore them", v1alpha1.DistroK8s, "service-node-port-range", "only K3s knows"},
		"K3sOpen":  {"and one that is chosen later might", "", "service-node-port-range", "spec.distro k3s"},
		"Reserved": {"the product sets it", v1alpha1.DistroK3s, "agent-token", `"agent-token"`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := &Scope{vc: &v1alpha1.VirtualCluster{}, policy: Policy{AllowConfig: true}}
			s.vc.Spec.Distro, s.vc.Spec.Config = tc.distro, map[string]string{tc.key: "x"}
			got := checkConfig(s)
			if (got == nil) != (tc.want == "") {
				t.Fatalf("%s: got %v", tc.reason, got)
			}
			if got != nil && (got.reason != v1alpha1.ReasonReservedConfig || !strings.Contains(got.message, tc.want)) {
				t.Errorf("%s: got %v", tc.reason, got)
			}
		})
	}
}
