package ociwrapper

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWithoutLimits(t *testing.T) {
	tests := map[string]struct {
		reason, in, want string
	}{
		"Limits": {
			reason: "Limits go, device rules and unknown fields stay.",
			in:     `{"ociVersion":"1.2","future":1,"linux":{"cgroupsPath":"a:b:c","resources":{"cpu":{"shares":2},"memory":{"limit":1},"devices":[{"allow":false}]}}}`,
			want:   `{"ociVersion":"1.2","future":1,"linux":{"cgroupsPath":"a:b:c","resources":{"devices":[{"allow":false}]}}}`,
		},
		"NoResources": {
			reason: "A bundle without limits gets an empty section, which runc accepts.",
			in:     `{"linux":{"cgroupsPath":"x"}}`,
			want:   `{"linux":{"cgroupsPath":"x","resources":{}}}`,
		},
		"NoLinux": {
			reason: "A bundle for something else is left alone.",
			in:     `{"vm":{}}`,
			want:   `{"vm":{}}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := withoutLimits([]byte(tc.in))
			if err != nil {
				t.Fatalf("%s\nwithoutLimits(): %v", tc.reason, err)
			}
			var a, b any
			if err := json.Unmarshal(got, &a); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(tc.want), &b); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(b, a); diff != "" {
				t.Errorf("%s\nwithoutLimits(): -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestWithoutLimitsRefusesGarbage(t *testing.T) {
	for _, in := range []string{"", "[]", `{"linux":[]}`, `{"linux":{"resources":1}}`} {
		if _, err := withoutLimits([]byte(in)); err == nil {
			t.Errorf("withoutLimits(%q): want an error", in)
		}
	}
}

func TestBundleOf(t *testing.T) {
	tests := map[string]struct {
		reason string
		args   []string
		want   string
		found  bool
	}{
		"Create":   {reason: "As containerd's shim calls.", args: []string{"--root", "/r", "create", "--bundle", "/b", "id"}, want: "/b", found: true},
		"Equals":   {reason: "The other way to write a flag.", args: []string{"run", "--bundle=/b", "id"}, want: "/b", found: true},
		"Here":     {reason: "runc's default is the current folder.", args: []string{"create", "id"}, want: ".", found: true},
		"Start":    {reason: "Nothing to change for an existing container.", args: []string{"start", "id"}},
		"Features": {reason: "containerd asks for the runtime's features.", args: []string{"features"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, found := bundleOf(tc.args)
			if got != tc.want || found != tc.found {
				t.Errorf("%s\nbundleOf(%v): want %q %t, got %q %t", tc.reason, tc.args, tc.want, tc.found, got, found)
			}
		})
	}
}
