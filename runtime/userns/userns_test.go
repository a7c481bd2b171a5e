package userns

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/profile/profiletest"
)

func TestRuntimeClass(t *testing.T) { profiletest.Classes(t, New()) }

func TestPodShape(t *testing.T) {
	for name, o := range map[string]profile.PodOptions{"unconfined": {}, "seccomp": {Seccomp: true}} {
		t.Run(name, func(t *testing.T) {
			profiletest.Golden(t, "pod-"+name+".yaml", profiletest.YAML(t, New().PodShape(o)))
		})
	}
}

// What the issue of being unprivileged comes down to.
func TestPodShapeIsUnprivileged(t *testing.T) {
	shape := New().PodShape(profile.PodOptions{Seccomp: true})
	c := shape.SecurityContext
	if shape.HostUsers || c.Privileged != nil || c.RunAsUser != nil {
		t.Errorf("the pod is privileged: %+v", shape)
	}
	if diff := cmp.Diff([]string{"ALL"}, toStrings(c.Capabilities)); diff != "" {
		t.Errorf("dropped capabilities: -want, +got:\n%s", diff)
	}
}

func toStrings(c *corev1ac.CapabilitiesApplyConfiguration) []string {
	var names []string
	for _, name := range c.Drop {
		names = append(names, string(name))
	}
	return names
}

func TestRequirementsExplainThemselves(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range New().Knowledge().Requirements {
		key := string(r.Kind) + "/" + r.Name
		if seen[key] {
			t.Errorf("%s is listed twice", key)
		}
		seen[key] = true
		if !strings.HasSuffix(r.Reason, ".") || !strings.HasSuffix(r.Without, ".") {
			t.Errorf("%s: reason %q and what happens without %q must be sentences", key, r.Reason, r.Without)
		}
		if strings.HasPrefix(r.Name, "CAP_") {
			t.Errorf("%s: a pod names capabilities without CAP_", key)
		}
	}
}

// hack/seccompgen reads the list from here.
func TestCapabilityList(t *testing.T) {
	names, err := json.MarshalIndent(profile.Names(requirements(), profile.KindCapability), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	profiletest.Golden(t, "capabilities.json", append(names, '\n'))
}

// Every requirement can be taken away by itself, and then it is gone.
func TestWithout(t *testing.T) {
	full := New()
	options := profile.PodOptions{Seccomp: true}
	before := profiletest.YAML(t, full.PodShape(options))
	for _, r := range full.Knowledge().Requirements {
		t.Run(string(r.Kind)+"/"+r.Name, func(t *testing.T) {
			less, err := full.Without(r.Kind, r.Name)
			if err != nil {
				t.Fatal(err)
			}
			if profile.Has(less.Knowledge().Requirements, r.Kind, r.Name) {
				t.Error("it is still required")
			}
			if bytes.Equal(before, profiletest.YAML(t, less.PodShape(options))) {
				t.Error("the pod has not changed")
			}
			if len(less.Knowledge().Requirements) != len(full.Knowledge().Requirements)-1 {
				t.Error("something else is gone too")
			}
		})
	}
	if diff := cmp.Diff(before, profiletest.YAML(t, full.PodShape(options))); diff != "" {
		t.Errorf("taking away changed the original:\n%s", diff)
	}
	_, err := full.Without(profile.KindCapability, "SYS_BOOT")
	if err == nil || !strings.Contains(err.Error(), `no Capability "SYS_BOOT"`) {
		t.Errorf("taking away what is not there: %v", err)
	}
}
