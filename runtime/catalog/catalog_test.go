package catalog

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/profile/profiletest"
)

func TestFind(t *testing.T) {
	for _, p := range Profiles() {
		name := p.Knowledge().Name
		found, err := Find(name)
		if err != nil || found.Knowledge().Name != name {
			t.Errorf("profile %q: %v", name, err)
		}
	}
	for _, name := range []v1alpha1.RuntimeProfile{"", "nope", v1alpha1.RuntimeAuto} {
		_, err := Find(name)
		if err == nil || !strings.Contains(err.Error(), `"userns"`) {
			t.Errorf("profile %q: error %v does not say what there is", name, err)
		}
	}
}

// Two profiles must not fight over one RuntimeClass, handler or name.
func TestProfilesAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Profiles() {
		k := p.Knowledge()
		for _, key := range []string{"name " + string(k.Name), "class " + k.ClassName, "handler " + k.Handler} {
			if seen[key] {
				t.Errorf("%s is used twice", key)
			}
			seen[key] = true
		}
	}
}

// The API offers every profile there is, and auto.
func TestAPIKnowsAll(t *testing.T) {
	offered := map[v1alpha1.RuntimeProfile]bool{v1alpha1.RuntimeAuto: true}
	for _, p := range Profiles() {
		offered[p.Knowledge().Name] = true
	}
	for _, name := range v1alpha1.RuntimeProfiles() {
		if !offered[name] {
			t.Errorf("the API offers %q, which is no profile", name)
		}
		delete(offered, name)
	}
	for name := range offered {
		t.Errorf("the API does not offer %q", name)
	}
}

// The chart's RuntimeClasses are those of the profiles.
func TestChart(t *testing.T) {
	for _, p := range Profiles() {
		name := string(p.Knowledge().Name)
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile("../../charts/vclusterctl/templates/runtimeclass-" + name + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			lines := slices.DeleteFunc(strings.Split(string(data), "\n"), func(line string) bool {
				return strings.Contains(line, "{{") || strings.TrimSpace(line) == "labels:"
			})
			var got map[string]any
			if err := yaml.Unmarshal([]byte(strings.Join(lines, "\n")), &got); err != nil {
				t.Fatal(err)
			}
			var want map[string]any
			if err := yaml.Unmarshal(profiletest.YAML(t, p.RuntimeClass(profile.ClassOptions{})), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-profile, +chart:\n%s", diff)
			}
		})
	}
}
