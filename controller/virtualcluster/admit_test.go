package virtualcluster

import (
	"net/netip"
	"testing"
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
