package ociwrapper

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAdapt(t *testing.T) {
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
			in:     `{"linux":{"cgroupsPath":"a.slice:b:c"}}`,
			want:   `{"linux":{"cgroupsPath":"a.slice:b:c","resources":{}}}`,
		},
		"PlainCgroup": {
			reason: "runc's systemd driver takes no plain path.",
			in:     `{"linux":{"cgroupsPath":"/k8s.io/0123"}}`,
			want:   `{"linux":{"cgroupsPath":"system.slice:cri-containerd:0123","resources":{}}}`,
		},
		"NoCgroup": {
			reason: "runc chooses by itself.",
			in:     `{"linux":{"resources":null}}`,
			want:   `{"linux":{"cgroupsPath":"","resources":{}}}`,
		},
		"NoLinux": {
			reason: "A bundle for something else is left alone.",
			in:     `{"vm":{}}`,
			want:   `{"vm":{}}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := adapt([]byte(tc.in))
			if err != nil {
				t.Fatalf("%s\nadapt(): %v", tc.reason, err)
			}
			var a, b any
			if err := json.Unmarshal(got, &a); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(tc.want), &b); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(b, a); diff != "" {
				t.Errorf("%s\nadapt(): -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestAdaptRefusesGarbage(t *testing.T) {
	for _, in := range []string{"", "[]", `{"linux":[]}`, `{"linux":{"resources":1}}`, `{"linux":{"cgroupsPath":1}}`} {
		if _, err := adapt([]byte(in)); err == nil {
			t.Errorf("adapt(%q): want an error", in)
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

func TestReal(t *testing.T) {
	cases := map[string]struct {
		reason  string
		runtime string
		is      bool
	}{
		"vcluster-oci":             {reason: "The node's own.", runtime: "/usr/local/bin/runc", is: true},
		"vcluster-oci-sysbox-runc": {reason: "One that was put on the node.", runtime: "sysbox-runc", is: true},
		"vcluster-oci-":            {reason: "None is named."},
		"vcluster-ocicrypt":        {reason: "Another program."},
		"guest":                    {reason: "The guest itself."},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			runtime, is := Real(name)
			if is != tc.is || is && runtime != tc.runtime {
				t.Errorf("%s: got %q %t, want %q %t", tc.reason, runtime, is, tc.runtime, tc.is)
			}
		})
	}
}
