package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	type want struct {
		cache, k3s string
		targets    []string
	}
	all := []string{targetNode, targetController, targetTestbin}
	cases := map[string]struct {
		reason string
		args   []string
		env    map[string]string
		want   want
	}{
		"Home":    {"the cache is below the home directory", nil, map[string]string{"HOME": "/h"}, want{"/h/.cache/vclusterctl", "", all}},
		"XDG":     {"or where XDG says", nil, map[string]string{"HOME": "/h", "XDG_CACHE_HOME": "/c"}, want{"/c/vclusterctl", "", all}},
		"K3s":     {"k3s comes from the environment", nil, map[string]string{"HOME": "/h", "K3S_BINARY": "/k3s"}, want{"/h/.cache/vclusterctl", "/k3s", all}},
		"Targets": {"arguments choose", []string{"-cache", "/x", "node"}, nil, want{"/x", "", []string{"node"}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			opts, targets, err := parse(tc.args, func(name string) string { return tc.env[name] })
			if err != nil {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			got := want{opts.cache, opts.k3s, targets}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
