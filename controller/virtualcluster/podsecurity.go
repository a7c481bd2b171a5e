package virtualcluster

import (
	"fmt"
	"strings"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// fitting names the runtimes whose pods a namespace lets in, from the words with
// which it refused others, as one more thing that can be done; empty if there are
// none.
func (s *Scope) fitting(words string) string {
	enforced := profile.EnforcedIn(words)
	if enforced == "" {
		return ""
	}
	var names []string
	for _, p := range s.profiles {
		if k := p.Knowledge(); k.PodSecurity.Admits(enforced) {
			names = append(names, fmt.Sprintf("%q", k.Name))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return ", or runtime " + strings.Join(names, " or ") + ", whose pods it lets in"
}
