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
- {version: v1.36.3, image: example.com/node:1.36.3, distros: [k8s, k3s], distroVersions: {k3s: v1.36.3+k3s1}}
- {version: v1.36.10, image: example.com/node:1.36.10, distros: [k8s]}
- {version: v1.35.1, image: example.com/node:1.35.1, distros: [k8s]}
`

func TestLookup(t *testing.T) {
	c, err := Parse([]byte(example))
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct{ asked, want string }{
		"Default":    {"", "v1.36.3"},
		"Exact":      {"v1.35.1", "v1.35.1"},
		"WithoutV":   {"1.36.3", "v1.36.3"},
		"Newest":     {"1.36", "v1.36.10"},
		"NotPrefix":  {"1.3", ""},
		"Missing":    {"v1.36.4", ""},
		"Own":        {"v1.36.3+k3s1", "v1.36.3"},
		"OtherOwn":   {"v1.36.3+k3s2", ""},
		"NotCarried": {"v1.36.10+k3s1", ""},
		"Nonsense":   {"latest", ""},
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
		"NotListed": {"default: v1.1.1\nentries: [{version: v1.1.1, image: a, distros: [k8s], distroVersions: {k3s: v1.1.1+k3s1}}]", "not in distros"},
		"OtherOwn":  {"default: v1.1.1\nentries: [{version: v1.1.1, image: a, distros: [k3s], distroVersions: {k3s: v1.1.2+k3s1}}]", "v1.1.1+k3s1"},
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

func TestOffers(t *testing.T) {
	both := []v1alpha1.Distro{v1alpha1.DistroK8s, v1alpha1.DistroK3s}
	e := Entry{Version: "v1.36.3", Distros: both, DistroVersions: map[v1alpha1.Distro]string{v1alpha1.DistroK3s: "v1.36.3+k3s1"}}
	for asked, want := range map[string][]v1alpha1.Distro{
		"": both, "v1.36.3": both, "1.36": both, "v1.36.3+k3s1": both[1:], "1.36.3+k3s1": both[1:], "v1.36.4": nil,
	} {
		if diff := cmp.Diff(want, e.Offers(asked)); diff != "" {
			t.Errorf("Offers(%q): -want +got:\n%s", asked, diff)
		}
	}
	if k8s, k3s := e.VersionOf(both[0]), e.VersionOf(both[1]); k8s != "v1.36.3" || k3s != "v1.36.3+k3s1" {
		t.Errorf("versions %q and %q", k8s, k3s)
	}
}

func TestSatisfies(t *testing.T) {
	for asked, want := range map[string]bool{"": true, "1.36": true, "v1.36.3": true, "1.36.4": false, "1.3": false} {
		if got := Satisfies(asked, "v1.36.3"); got != want {
			t.Errorf("Satisfies(%q) = %v, want %v", asked, got, want)
		}
	}
}
