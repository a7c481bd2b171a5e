package row

import "testing"

func TestCompareVersions(t *testing.T) {
	sorted := []string{"", "v1.9.10", "v1.36.3", "v1.36.3+k3s1", "v1.36.3+k3s2", "v1.36.10", "v2"}
	for i := range sorted {
		for j := range sorted {
			got := compareVersions(sorted[i], sorted[j])
			if want := i - j; got*want < 0 || (got == 0) != (want == 0) {
				t.Errorf("compareVersions(%q, %q): got %d, want the sign of %d", sorted[i], sorted[j], got, want)
			}
		}
	}
}
