package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnableUnits(t *testing.T) {
	type want struct {
		links map[string]string
		err   bool
	}
	cases := map[string]struct {
		reason string
		args   []string
		want   want
	}{
		"Plain": {
			"a unit is wanted by multi-user.target",
			[]string{"a.service"},
			want{links: map[string]string{"etc/systemd/system/multi-user.target.wants/a.service": "/etc/systemd/system/a.service"}},
		},
		"Instance": {
			"an instance links to its template",
			[]string{"b@x.service"},
			want{links: map[string]string{"etc/systemd/system/multi-user.target.wants/b@x.service": "/etc/systemd/system/b@.service"}},
		},
		"Missing": {"a unit that is not there is a mistake", []string{"c.service"}, want{err: true}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := treeOf("etc/systemd/system/a.service", "etc/systemd/system/b@.service")
			err := enableUnits(got, tc.args)
			if (err != nil) != tc.want.err {
				t.Fatalf("%s: got error %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want.links, linksOf(got)); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestMaskUnits(t *testing.T) {
	got := treeOf("etc/systemd/system/a.service")
	maskUnits(got, []string{"a.service", "b.timer"})
	want := map[string]string{"etc/systemd/system/a.service": "/dev/null", "etc/systemd/system/b.timer": "/dev/null"}
	if diff := cmp.Diff(want, linksOf(got)); diff != "" {
		t.Errorf("maskUnits(...): -want, +got:\n%s", diff)
	}
}

// linksOf maps the symbolic links of a tree to their targets.
func linksOf(t *tree) map[string]string {
	var links map[string]string
	for name, n := range t.nodes {
		if n.header.Linkname != "" {
			if links == nil {
				links = map[string]string{}
			}
			links[name] = n.header.Linkname
		}
	}
	return links
}
