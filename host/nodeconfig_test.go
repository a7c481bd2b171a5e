package host

import (
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vclusterctl/vclusterctl/host/internal/network"
	"github.com/vclusterctl/vclusterctl/test/golden"
)

func testPlan() network.Plan {
	return network.Plan{
		Subnet:      netip.MustParsePrefix("10.213.0.0/30"),
		PodCIDR:     netip.MustParsePrefix("10.214.0.0/16"),
		ServiceCIDR: netip.MustParsePrefix("10.215.0.0/16"),
	}
}

func testInput() nodeInput {
	return nodeInput{
		plan:     testPlan(),
		boot:     "BOOT",
		identity: map[string][]byte{"ca.crt": []byte("CA\n"), "ca.key": []byte("CA KEY\n")},
		join:     map[string][]byte{"token": []byte("TOKEN")},
	}
}

func TestNodeFiles(t *testing.T) {
	plain := testInput()
	full := testInput()
	full.dropIns = map[string][]byte{"userns.toml": []byte("version = 3\n")}
	full.runtime = Runtime{
		Seccomp:    map[string][]byte{"vclusterctl/abc.json": []byte("{}\n")},
		Manifests:  map[string][]byte{"runtimeclass.yaml": []byte("kind: RuntimeClass\n")},
		NodeLabels: map[string]string{"seccomp.vclusterctl.dev/abc": "present"},
	}
	cases := map[string]struct {
		reason string
		in     nodeInput
	}{
		"Plain":   {reason: "Without a runtime the node is a plain one.", in: plain},
		"Runtime": {reason: "What a runtime profile wants is handed in with the rest.", in: full},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			files, err := nodeFiles(tc.in)
			if err != nil {
				t.Fatal(err)
			}
			golden.Check(t, filepath.Join("testdata", "node-"+name+".txt"), tc.reason, []byte(dump(files)))
		})
	}
}

func TestNodeFilesRefusesEscape(t *testing.T) {
	in := testInput()
	in.dropIns = map[string][]byte{"../../../x.toml": nil}
	if _, err := nodeFiles(in); err == nil || !strings.Contains(err.Error(), "leads out") {
		t.Errorf("nodeFiles(...) with a name that leads out of the directory: got %v", err)
	}
}

func TestConfigHash(t *testing.T) {
	hash := func(change func(*nodeInput)) string {
		in := testInput()
		change(&in)
		files, err := nodeFiles(in)
		if err != nil {
			t.Fatal(err)
		}
		return configHash(files)
	}
	same := hash(func(*nodeInput) {})
	cases := map[string]struct {
		reason string
		change func(*nodeInput)
		equal  bool
	}{
		"Boot":     {reason: "Every boot has another identity, which is no change.", change: func(in *nodeInput) { in.boot = "OTHER" }, equal: true},
		"Plan":     {reason: "Other addresses are another host.", change: func(in *nodeInput) { in.plan.PodCIDR = netip.MustParsePrefix("10.1.0.0/16") }},
		"Label":    {reason: "What the node announces counts.", change: func(in *nodeInput) { in.runtime.NodeLabels = map[string]string{"a": "b"} }},
		"DropIn":   {reason: "What containerd is told counts.", change: func(in *nodeInput) { in.dropIns = map[string][]byte{"a.toml": nil} }},
		"Identity": {reason: "Another identity is another host.", change: func(in *nodeInput) { in.identity["ca.crt"] = []byte("X") }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := hash(tc.change); (got == same) != tc.equal {
				t.Errorf("\n%s\nconfigHash(...): got %s, unchanged %s", tc.reason, got, same)
			}
		})
	}
}

// dump writes files one after the other, in a fixed order.
func dump(files map[string][]byte) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&b, "--- %s\n%s\n", name, files[name])
	}
	return b.String()
}
