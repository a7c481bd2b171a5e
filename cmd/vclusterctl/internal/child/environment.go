package child

import (
	"slices"
	"strings"
)

// AttachedEnv names, in a shell of "attach", the cluster it is attached to, as
// NAMESPACE/NAME. Prompts may show it.
const AttachedEnv = "VCLUSTERCTL_ATTACHED"

// Environ is an environment with some variables set to something else. Each is
// in it once.
func Environ(environ []string, set ...string) []string {
	changed := slices.DeleteFunc(slices.Clone(environ), func(have string) bool {
		name, _, _ := strings.Cut(have, "=")
		return slices.ContainsFunc(set, func(s string) bool { return strings.HasPrefix(s, name+"=") })
	})
	return append(changed, set...)
}
