package catalog

import (
	"strings"
	"testing"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
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
