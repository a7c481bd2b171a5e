package report

import (
	"slices"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// weaker combines the facts held of a boot with those of a later report: where
// the later one is worse it wins, where it is better it is not believed.
func weaker(held, later guestapi.Facts) guestapi.Facts {
	out := held
	if MapsToRoot(later.UIDMap) && !MapsToRoot(held.UIDMap) {
		out.UIDMap = later.UIDMap
	}
	if MapsToRoot(later.GIDMap) && !MapsToRoot(held.GIDMap) {
		out.GIDMap = later.GIDMap
	}
	if later.SeccompMode != SeccompFilter {
		out.SeccompMode = later.SeccompMode
	}
	out.NoNewPrivs = held.NoNewPrivs && later.NoNewPrivs
	out.Capabilities = union(held.Capabilities, later.Capabilities)
	return out
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
