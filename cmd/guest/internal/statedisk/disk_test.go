package statedisk

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// tools makes sure that there are the programs that the node image has.
func tools(t *testing.T, names ...string) {
	t.Helper()
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("this machine has no %s", name)
		}
	}
}

// aDisk is a file in place of a device, which the tools take as well.
func aDisk(t *testing.T) Disk {
	t.Helper()
	tools(t, "blkid", "mkfs.ext4", "e2fsck")
	file := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, 64<<20); err != nil {
		t.Fatal(err)
	}
	return New(file, t.TempDir())
}

// TestPrepareOnce: what is stored survives the next boot.
func TestPrepareOnce(t *testing.T) {
	d := aDisk(t)
	if err := d.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := uuid(t, d)
	if err := d.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := uuid(t, d); first == "" || again != first {
		t.Errorf("the file system is another one after the second boot: %q, then %q", first, again)
	}
}

func uuid(t *testing.T, d Disk) string {
	t.Helper()
	out, err := d.Run(t.Context(), "blkid", "--probe", "--match-tag=UUID", "--output=value", d.Device)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(out)
}

// TestPrepareLeavesOthers: nobody's data is made room for ours.
func TestPrepareLeavesOthers(t *testing.T) {
	d := aDisk(t)
	tools(t, "mkswap")
	if out, err := d.Run(t.Context(), "mkswap", d.Device); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	before, err := os.ReadFile(d.Device)
	if err != nil {
		t.Fatal(err)
	}
	err = d.Prepare(t.Context())
	if err == nil || !strings.Contains(err.Error(), "holds swap") || !strings.Contains(err.Error(), "give the cluster an empty volume") {
		t.Errorf("a device with something else on it: %v", err)
	}
	if after, err := os.ReadFile(d.Device); err != nil || string(after) != string(before) {
		t.Errorf("the device was written to: %v", err)
	}
}

// TestPrepareDoubt: what nobody could look at is not taken for empty.
func TestPrepareDoubt(t *testing.T) {
	cases := map[string]struct {
		reason string
		fails  string // the program that fails
		line   string // and how
		want   string
	}{
		"Ambivalent": {reason: "blkid found two things at once.", fails: "blkid", line: "exit 8", want: "look what is on the state volume"},
		"NoProgram":  {reason: "It is not there.", fails: "blkid", line: "", want: "look what is on the state volume"},
		"Damaged":    {reason: "Only a person can mend it.", fails: "e2fsck", line: "exit 4", want: "is damaged"},
		"Mended":     {reason: "What mends itself is no trouble.", fails: "e2fsck", line: "exit 1"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			made := false
			d := Disk{Device: "disk", Run: func(ctx context.Context, name string, _ ...string) (string, error) {
				made = made || strings.HasPrefix(name, "mkfs")
				switch {
				case name == tc.fails && tc.line == "":
					return "", exec.ErrNotFound
				case name == tc.fails:
					return run(ctx, "sh", "-c", tc.line)
				default:
					return fileSystem + "\n", nil
				}
			}}
			err := d.Prepare(t.Context())
			if (err != nil) != (tc.want != "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s got %v, want %q", tc.reason, err, tc.want)
			}
			if made {
				t.Errorf("%s a file system was made", tc.reason)
			}
		})
	}
}

// TestMountNoDevice: a folder is no block device, whoever put it there.
func TestMountNoDevice(t *testing.T) {
	if err := New(t.TempDir(), t.TempDir()).Mount(t.Context()); err == nil || !strings.Contains(err.Error(), "volumeMode Block") {
		t.Errorf("a folder: %v", err)
	}
	if err := New(filepath.Join(t.TempDir(), "none"), t.TempDir()).Mount(t.Context()); err == nil || !strings.Contains(err.Error(), "volume device") {
		t.Errorf("nothing: %v", err)
	}
}

// TestMount does it with a device, twice, where this machine lets us make one.
func TestMount(t *testing.T) {
	d := aDisk(t)
	tools(t, "losetup")
	out, err := exec.CommandContext(t.Context(), "losetup", "--find", "--show", d.Device).CombinedOutput()
	if err != nil {
		t.Skipf("no loop device can be made here: %s", strings.TrimSpace(string(out)))
	}
	d.Device = strings.TrimSpace(string(out))
	t.Cleanup(func() {
		_ = unix.Unmount(d.Dir, 0)
		if out, err := exec.Command("losetup", "--detach", d.Device).CombinedOutput(); err != nil {
			t.Errorf("detach %s: %s", d.Device, out)
		}
	})
	d.Dir = filepath.Join(d.Dir, "state")
	for range 2 {
		if err := d.Mount(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(d.Dir, "kept"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := unix.Unmount(d.Dir, 0); err != nil {
		t.Fatalf("it was mounted more than once: %v", err)
	}
	if _, err := os.Stat(filepath.Join(d.Dir, "kept")); err == nil {
		t.Fatal("the file is in the folder, not on the device")
	}
	if err := d.Mount(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(d.Dir, "kept")); err != nil {
		t.Errorf("what was stored is gone: %v", err)
	}
}
