package virtualcluster

import "testing"

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
