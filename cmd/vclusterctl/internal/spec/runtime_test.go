package spec

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestRuntimes(t *testing.T) {
	cases := map[string]struct {
		reason string
		file   string
		flags  Flags
		want   string // the spec in YAML
		err    string
	}{
		"All":        {reason: "Without a name it is everybody's.", flags: Flags{Runtimes: []string{"kata"}}, want: `{runtime: {profile: kata}}`},
		"Servers":    {reason: "By the name that servers have.", flags: Flags{Runtimes: []string{"server=userns"}}, want: `{servers: {runtime: {profile: userns}}}`},
		"Alias":      {reason: "Or the one that is easily said.", flags: Flags{Runtimes: []string{"servers=userns"}}, want: `{servers: {runtime: {profile: userns}}}`},
		"AliasTaken": {reason: "Unless a pool has it.", flags: Flags{Pools: []string{"servers=1"}, Runtimes: []string{"servers=userns"}}, want: `{pools: [{name: servers, replicas: 1, runtime: {profile: userns}}]}`},
		"Each": {
			reason: "One for each.", flags: Flags{Pools: []string{"work=2"}, Runtimes: []string{"auto", "servers=gvisor", "work=userns"}},
			want: `{runtime: {profile: auto}, servers: {runtime: {profile: gvisor}}, pools: [{name: work, replicas: 2, runtime: {profile: userns}}]}`,
		},
		"Class":     {reason: "With a RuntimeClass of the site's.", flags: Flags{Runtimes: []string{"servers=kata:kata-clh"}}, want: `{servers: {runtime: {profile: kata, className: kata-clh}}}`},
		"Replaced":  {reason: "A class goes with its profile, and away with it.", file: `{runtime: {profile: kata, className: big}}`, flags: Flags{Runtimes: []string{"userns"}}, want: `{runtime: {profile: userns}}`},
		"FromFile":  {reason: "A pool may be in the file.", file: `{pools: [{name: work}]}`, flags: Flags{Runtimes: []string{"work=sysbox"}}, want: `{pools: [{name: work, runtime: {profile: sysbox}}]}`},
		"NoPool":    {reason: "A typo makes no pool.", flags: Flags{Runtimes: []string{"nobody=userns"}}, err: `there is no pool "nobody": add it with --pool nobody=N, or say server`},
		"Unknown":   {reason: "Those that exist.", flags: Flags{Runtimes: []string{"servers=docker"}}, err: `--runtime "servers=docker": want one of [auto userns`},
		"Nothing":   {reason: "No profile.", flags: Flags{Runtimes: []string{"servers="}}, err: "want PROFILE"},
		"NoGroup":   {reason: "No group.", flags: Flags{Runtimes: []string{"=userns"}}, err: "want PROFILE"},
		"ClassAuto": {reason: "The profile is what its pods look like.", flags: Flags{Runtimes: []string{"auto:x"}}, err: "name it instead of auto"},
		"ClassNone": {reason: "A colon and nothing.", flags: Flags{Runtimes: []string{"kata:"}}, err: "want the name of a RuntimeClass"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := vc(t, tc.file)
			err := tc.flags.Apply(got)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("%s got %v, want %q", tc.reason, err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(asJSON(t, vc(t, tc.want)), asJSON(t, got)); diff != "" {
				t.Errorf("%s -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// asJSON does without the types of numbers.
func asJSON(t *testing.T, u *unstructured.Unstructured) string {
	t.Helper()
	data, err := json.Marshal(u.Object["spec"])
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func vc(t *testing.T, spec string) *unstructured.Unstructured {
	t.Helper()
	if spec == "" {
		return New()
	}
	u, err := Read(strings.NewReader("apiVersion: vclusterctl.dev/v1alpha1\nkind: VirtualCluster\nspec: " + spec))
	if err != nil {
		t.Fatal(err)
	}
	return u
}
