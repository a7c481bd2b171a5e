//go:build linux

package bare

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const kubelet = `[Unit]
After=vcluster-prepare.service containerd.service
ConditionPathExists=/run/args/kubelet

[Service]
Type=notify
EnvironmentFile=/run/args/kubelet
ExecStartPre=-/bin/prepare it
ExecStart=/bin/kubelet $ARGS --name=${NAME}
ExecStartPost=/bin/after
RestartSec=1
`

func TestParseUnit(t *testing.T) {
	has := func(path string) bool { return path == "/run/args/kubelet" }
	got, wanted, err := parseUnit("kubelet.service", kubelet, has)
	if err != nil || !wanted {
		t.Fatalf("parseUnit(): wanted %v, %v", wanted, err)
	}
	want := unit{
		name: "kubelet.service", kind: kindNotify, restart: time.Second,
		after:       []string{"vcluster-prepare.service", "containerd.service"},
		environment: []string{"/run/args/kubelet"},
		before:      []command{{words: []string{"/bin/prepare", "it"}, ignored: true}},
		main:        command{words: []string{"/bin/kubelet", "$ARGS", "--name=${NAME}"}},
		post:        []command{{words: []string{"/bin/after"}}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(unit{}, command{})); diff != "" {
		t.Errorf("parseUnit(): -want, +got:\n%s", diff)
	}
}

func TestParseUnitCondition(t *testing.T) {
	tests := map[string]struct {
		reason, condition string
		want              bool
	}{
		"There":    {reason: "The file is there.", condition: "/there", want: true},
		"Missing":  {reason: "A unit of another distro.", condition: "/missing"},
		"NotThere": {reason: "The opposite of There.", condition: "!/there"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, got, err := parseUnit("x.service", "[Unit]\nConditionPathExists="+tc.condition+"\n", func(path string) bool { return path == "/there" })
			if err != nil || got != tc.want {
				t.Errorf("%s\nparseUnit(): %v, %v", tc.reason, got, err)
			}
		})
	}
}

// TestLoadUnits: of what is enabled, that is started which somebody wrote for this
// image, and which nothing keeps from running.
func TestLoadUnits(t *testing.T) {
	const runs = "[Service]\nExecStart=/bin/it\n"
	cases := map[string]struct {
		reason string
		unit   string // its content, and none for one that is only enabled
		want   bool
	}{
		"Wanted":  {reason: "An ordinary one.", unit: runs, want: true},
		"Skipped": {reason: "The caller has its own for it.", unit: runs},
		"Debians": {reason: "It is not ours: nothing in etc says what it runs."},
		"Another": {reason: "Its condition does not hold.", unit: "[Unit]\nConditionPathExists=/missing\n" + runs},
		"Masked":  {reason: "A link to /dev/null has no content, and nothing to execute.", unit: os.DevNull},
	}
	root := t.TempDir()
	etc := filepath.Join(root, "etc/systemd/system")
	wants := filepath.Join(etc, "multi-user.target.wants")
	if err := os.MkdirAll(wants, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, tc := range cases {
		name += ".service"
		if err := os.Symlink("/lib/systemd/system/"+name, filepath.Join(wants, name)); err != nil {
			t.Fatal(err)
		}
		if err := writeUnit(filepath.Join(etc, name), tc.unit); err != nil {
			t.Fatal(err)
		}
	}
	got, err := loadUnits(root, []string{"Skipped.service"})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range cases {
		starts := slices.ContainsFunc(got, func(u unit) bool { return u.name == name+".service" })
		if starts != tc.want {
			t.Errorf("%s: %s It is started: %t", name, tc.reason, starts)
		}
	}
}

// writeUnit makes a unit's file, or the link that masks it.
func writeUnit(path, content string) error {
	switch content {
	case "":
		return nil
	case os.DevNull:
		return os.Symlink(os.DevNull, path)
	}
	return os.WriteFile(path, []byte(content), 0o600)
}

func TestExpand(t *testing.T) {
	env := map[string]string{"ARGS": "--a=1 --b=2", "NAME": "server-0"}
	got := expand([]string{"/bin/kubelet", "$ARGS", "--name=${NAME}", "$NOTHING"}, env)
	if diff := cmp.Diff([]string{"/bin/kubelet", "--a=1", "--b=2", "--name=server-0"}, got); diff != "" {
		t.Errorf("expand(): -want, +got:\n%s", diff)
	}
}

func TestReadEnvironment(t *testing.T) {
	write := func(content string) string {
		path := filepath.Join(t.TempDir(), "env")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	got, err := readEnvironment([]string{write("# why\nARGS=--a=1 --b=2\n"), write("NAME=x\n"), "-/does/not/exist"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"ARGS": "--a=1 --b=2", "NAME": "x"}, got); diff != "" {
		t.Errorf("readEnvironment(): -want, +got:\n%s", diff)
	}
	if _, err := readEnvironment([]string{write(`ARGS="a b"`)}); err == nil || !strings.Contains(err.Error(), "quotes") {
		t.Errorf("what would be read wrongly must be refused, got %v", err)
	}
	if _, err := readEnvironment([]string{"/does/not/exist"}); err == nil {
		t.Error("a file that must be there is missing, and nobody says so")
	}
}
