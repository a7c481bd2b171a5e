package userns

import (
	"strings"
	"testing"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/profile/profiletest"
)

func TestContainerdDropIn(t *testing.T) {
	cases := map[string]struct {
		reason  string
		options profile.HostOptions
	}{
		"v2": {reason: "The format of containerd 1.", options: profile.HostOptions{ContainerdConfig: 2, SystemdCgroup: true}},
		"v3": {reason: "The format of containerd 2.", options: profile.HostOptions{ContainerdConfig: 3, SystemdCgroup: true}},
		"v4": {reason: "The format of containerd 2.3.", options: profile.HostOptions{ContainerdConfig: 4, SystemdCgroup: true}},
		"wrapper": {
			reason:  "A host without delegated controllers needs a wrapper, and has no systemd cgroups.",
			options: profile.HostOptions{ContainerdConfig: 3, BinaryName: "/usr/local/bin/vcluster-oci"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.options.Arch = "amd64"
			config, err := New().HostConfig(tc.options)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(config.Containerd.Name, ".toml") {
				t.Errorf("containerd does not import %q", config.Containerd.Name)
			}
			profiletest.Golden(t, "containerd-"+name+".toml", config.Containerd.Data)
			profiletest.Golden(t, "crio-"+name+".conf", config.CRIO.Data)
		})
	}
}

func TestHostConfigBadInput(t *testing.T) {
	good := profile.HostOptions{ContainerdConfig: 3, Arch: "amd64"}
	cases := map[string]struct {
		reason string
		change func(*profile.HostOptions)
		want   string
	}{
		"NoVersion":  {reason: "The version cannot be guessed.", change: func(o *profile.HostOptions) { o.ContainerdConfig = 0 }, want: "version 0 that we know: give 2, 3 or 4"},
		"NewVersion": {reason: "Nor can a later one.", change: func(o *profile.HostOptions) { o.ContainerdConfig = 5 }, want: "version 5 that we know"},
		"Arch":       {reason: "A seccomp profile is for one architecture.", change: func(o *profile.HostOptions) { o.Arch = "mips" }, want: `architecture "mips"`},
		"Relative":   {reason: "The shim would look somewhere else.", change: func(o *profile.HostOptions) { o.BinaryName = "crun" }, want: `"crun" must be an absolute path`},
		"Injection":  {reason: "Nothing but a path gets into the file.", change: func(o *profile.HostOptions) { o.BinaryName = "/bin/x\"\n[plugins]" }, want: "plain ASCII"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := good
			tc.change(&o)
			_, err := New().HostConfig(o)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s error %v does not say %q", tc.reason, err, tc.want)
			}
		})
	}
}
