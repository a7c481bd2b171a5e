package catalog

import (
	"fmt"
	"strings"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

// Profiles returns every profile, the strongest isolation first: the order in
// which "auto" tries them.
func Profiles() []profile.Profile {
	return []profile.Profile{userns.New()}
}

// Find returns the profile of a name. "auto" is not one: it is a choice among
// them.
func Find(name v1alpha1.RuntimeProfile) (profile.Profile, error) {
	var known []string
	for _, p := range Profiles() {
		if p.Knowledge().Name == name {
			return p, nil
		}
		known = append(known, fmt.Sprintf("%q", p.Knowledge().Name))
	}
	return nil, fmt.Errorf("no runtime profile %q: use one of %s", name, strings.Join(known, ", "))
}
