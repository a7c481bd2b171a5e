package catalogue

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

const example = `
default: v1.36.3
entries:
- {version: v1.36.3, image: example.com/node:1.36.3, distros: [k8s, k3s]}
- {version: v1.36.10, image: example.com/node:1.36.10, distros: [k8s]}
- {version: v1.35.1, image: example.com/node:1.35.1, distros: [k8s]}
`

func TestLookup(t *testing.T) {
	c, err := Parse([]byte(example))
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct{ asked, want string }{
		"Default":   {"", "v1.36.3"},
		"Exact":     {"v1.35.1", "v1.35.1"},
		"WithoutV":  {"1.36.3", "v1.36.3"},
		"Newest":    {"1.36", "v1.36.10"},
		"NotPrefix": {"1.3", ""},
		"Missing":   {"v1.36.4", ""},
		"Nonsense":  {"latest", ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, ok := c.Lookup(tc.asked)
			if got.Version != tc.want || ok != (tc.want != "") {
				t.Errorf("Lookup(%q) = %+v, %v, want %q", tc.asked, got, ok, tc.want)
			}
		})
	}
	if diff := cmp.Diff([]string{"v1.35.1", "v1.36.3", "v1.36.10"}, c.Versions()); diff != "" {
		t.Errorf("Versions(): -want +got:\n%s", diff)
	}
	if e, _ := c.Lookup("v1.36.3"); !e.Carries(v1alpha1.DistroK3s) {
		t.Error("the image does not carry k3s")
	}
}

func TestParse(t *testing.T) {
	cases := map[string]struct{ in, want string }{
		"NotYAML":   {"{", "catalogue"},
		"Unknown":   {"default: a\nimages: []", "images"},
		"NoDefault": {"default: v1.1.1\nentries: []", `default "v1.1.1"`},
		"NoImage":   {"default: v1.1.1\nentries: [{version: v1.1.1, distros: [k8s]}]", "image is missing"},
		"NoDistros": {"default: v1.1.1\nentries: [{version: v1.1.1, image: a}]", "distros is empty"},
		"Version":   {"default: one\nentries: [{version: one, image: a, distros: [k8s]}]", "v1.36.3"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse([]byte(tc.in)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Parse() = %v, want an error that says %q", err, tc.want)
			}
		})
	}
}

func TestSatisfies(t *testing.T) {
	for asked, want := range map[string]bool{"": true, "1.36": true, "v1.36.3": true, "1.36.4": false, "1.3": false} {
		if got := Satisfies(asked, "v1.36.3"); got != want {
			t.Errorf("Satisfies(%q) = %v, want %v", asked, got, want)
		}
	}
}
