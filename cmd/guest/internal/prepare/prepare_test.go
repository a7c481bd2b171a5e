package prepare

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

func write1(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestGuardState(t *testing.T) {
	identity, state := t.TempDir(), t.TempDir()
	write1(t, identity, guestapi.IdentityCACert, "first CA")
	if err := guardState(identity, guestapi.IdentityCACert, state); err != nil {
		t.Fatalf("a new volume must take its first identity: %v", err)
	}
	if err := guardState(identity, guestapi.IdentityCACert, state); err != nil {
		t.Fatalf("the same identity must be let in again: %v", err)
	}
	write1(t, identity, guestapi.IdentityCACert, "second CA")
	var stop *Stop
	if err := guardState(identity, guestapi.IdentityCACert, state); !errors.As(err, &stop) || stop.Reason != "IdentityMismatch" {
		t.Fatalf("another identity must be kept away from the volume: %v", err)
	}
}

// TestGuardStateAfterPowerLoss: an empty mark says nothing, and must not lock
// the cluster out of its own volume.
func TestGuardStateAfterPowerLoss(t *testing.T) {
	identity, state := t.TempDir(), t.TempDir()
	write1(t, identity, guestapi.IdentityCACert, "first CA")
	mark := write1(t, state, "identity.sha256", "")
	if err := guardState(identity, guestapi.IdentityCACert, state); err != nil {
		t.Fatal(err)
	}
	if have, err := readTrimmed(mark); err != nil || len(have) != 64 {
		t.Errorf("the volume is not marked again: %q, %v", have, err)
	}
}

// TestWriteFileLeavesWhatIsRight: a full volume refuses every write.
func TestWriteFileLeavesWhatIsRight(t *testing.T) {
	path := write1(t, t.TempDir(), "a", "right")
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	old := before.ModTime().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"right", "other"} {
		if err := writeFile(node.File{Path: path, Mode: 0o600, Content: content}); err != nil {
			t.Fatal(err)
		}
		after, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if written := !after.ModTime().Equal(old); written != (content == "other") {
			t.Errorf("content %q: written: %v", content, written)
		}
	}
}

func TestGuardStateWithoutIdentity(t *testing.T) {
	var stop *Stop
	if err := guardState(t.TempDir(), guestapi.IdentityCACert, t.TempDir()); !errors.As(err, &stop) || stop.Reason != "IdentityIncomplete" {
		t.Fatalf("a missing CA must be named: %v", err)
	}
}

func TestReadConfigIsStrict(t *testing.T) {
	path := write1(t, t.TempDir(), "node.yaml", "apiVersion: guest.vclusterctl.dev/v1\nrole: server\nnewRestriction: true\n")
	if _, err := ReadConfig(path); err == nil {
		t.Error("a field this guest does not know must be refused: it could be a restriction")
	}
}

func TestNameservers(t *testing.T) {
	tests := map[string]struct {
		reason, content string
		want            []string
	}{
		"Pod":      {reason: "Search domains of the host mean nothing inside.", content: "search a.b c\nnameserver 10.215.0.10\noptions ndots:5\n", want: []string{"10.215.0.10"}},
		"Loopback": {reason: "A resolver on the machine's loopback is out of reach.", content: "nameserver 127.0.0.53\nnameserver 192.0.2.1\n", want: []string{"192.0.2.1"}},
		"Empty":    {reason: "No resolver is fine: names of the cluster still work.", content: ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := nameservers(write1(t, t.TempDir(), "resolv.conf", tc.content))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\nnameservers(): -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestNameserversWithoutFile(t *testing.T) {
	got, err := nameservers(filepath.Join(t.TempDir(), "absent"))
	if err != nil || got != nil {
		t.Errorf("nameservers(): %v, %v", got, err)
	}
}

func TestDegraded(t *testing.T) {
	got := degraded(guestapi.Facts{CgroupControllers: []string{"hugetlb"}, Snapshotter: "native"})
	if len(got) != 2 || got[0].Reason != "NoResourceLimits" || got[1].Reason != "NoOverlayfs" {
		t.Errorf("what a node does without must be said: %+v", got)
	}
	if got := degraded(guestapi.Facts{CgroupControllers: []string{"cpu", "memory", "pids"}, Snapshotter: "overlayfs"}); got != nil {
		t.Errorf("a complete node has nothing to say: %+v", got)
	}
}

func TestOutcomeRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "prepared.json")
	saved := Outcome{Node: "server-0", Problems: []guestapi.Problem{problemOf(&Stop{Reason: "X", Err: errors.New("why")})}}
	if err := saved.save(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadOutcome(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(saved.Problems, loaded.Problems); diff != "" {
		t.Errorf("LoadOutcome(): -want +got:\n%s", diff)
	}
}

func TestCopyTreeKeepsFolders(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "seccomp")
	if err := os.Mkdir(filepath.Join(from, "vclusterctl"), 0o755); err != nil {
		t.Fatal(err)
	}
	write1(t, filepath.Join(from, "vclusterctl"), "a.json", "{}")
	if err := copyTree(from, to); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(to, "vclusterctl", "a.json")); err != nil || string(got) != "{}" {
		t.Errorf("copyTree(): %q, %v", got, err)
	}
}

// TestBridgeFilter: what flannel would give up on without a word is said in time.
func TestBridgeFilter(t *testing.T) {
	proof := write1(t, t.TempDir(), "bridge-nf-call-iptables", "1")
	if err := bridgeFilter(proof); err != nil {
		t.Errorf("a kernel that has it: %v", err)
	}
	var stop *Stop
	if err := bridgeFilter(proof + "-absent"); !errors.As(err, &stop) || stop.Reason != "NoBridgeFilter" {
		t.Errorf("a kernel that does not have it: got %v, want a Stop for NoBridgeFilter", err)
	}
}
