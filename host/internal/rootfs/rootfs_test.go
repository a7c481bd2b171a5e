//go:build linux

package rootfs

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// capNetBindService is security.capability with cap_net_bind_service=ep.
const capNetBindService = "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

var longAgo = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: it makes device nodes and gives files away")
	}
}

func archive(t *testing.T, headers ...tar.Header) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		content := []byte(nil)
		if h.Typeflag == tar.TypeReg {
			content = []byte("content of " + h.Name)
		}
		h.Size, h.ModTime, h.Format = int64(len(content)), longAgo, tar.FormatPAX
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestExtract(t *testing.T) {
	needsRoot(t)
	dir := t.TempDir()
	stream := archive(t,
		tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755},
		tar.Header{Name: "usr/", Typeflag: tar.TypeDir, Mode: 0o750, Uid: 3, Gid: 4},
		tar.Header{Name: "usr/su", Typeflag: tar.TypeReg, Mode: 0o4755, Uid: 1, Gid: 2},
		tar.Header{Name: "usr/ping", Typeflag: tar.TypeReg, Mode: 0o755, PAXRecords: map[string]string{xattrPrefix + "security.capability": capNetBindService}},
		tar.Header{Name: "usr/link", Typeflag: tar.TypeLink, Linkname: "usr/su"},
		tar.Header{Name: "lib", Typeflag: tar.TypeSymlink, Linkname: "usr/lib"},
		tar.Header{Name: "dev/null", Typeflag: tar.TypeChar, Mode: 0o666, Devmajor: 1, Devminor: 3},
		tar.Header{Name: "run/fifo", Typeflag: tar.TypeFifo, Mode: 0o600},
	)
	if err := extract(t.Context(), dir, stream); err != nil {
		t.Fatal(err)
	}
	stat := func(name string) unix.Stat_t {
		var st unix.Stat_t
		if err := unix.Lstat(filepath.Join(dir, name), &st); err != nil {
			t.Fatal(err)
		}
		return st
	}
	su, usr, null := stat("usr/su"), stat("usr"), stat("dev/null")
	if su.Mode != unix.S_IFREG|0o4755 || su.Uid != 1 || su.Gid != 2 {
		t.Errorf("set-user-ID and owner are lost: mode %o, owner %d:%d", su.Mode, su.Uid, su.Gid)
	}
	if usr.Mode != unix.S_IFDIR|0o750 || usr.Mtim.Sec != longAgo.Unix() {
		t.Errorf("mode or time of a directory is lost: mode %o, time %d", usr.Mode, usr.Mtim.Sec)
	}
	if link := stat("usr/link"); link.Ino != su.Ino {
		t.Error("a hard link became another file")
	}
	if null.Mode != unix.S_IFCHR|0o666 || null.Rdev != unix.Mkdev(1, 3) {
		t.Errorf("a device is not what it was: mode %o, device %x", null.Mode, null.Rdev)
	}
	if stat("run/fifo").Mode != unix.S_IFIFO|0o600 {
		t.Error("a fifo is not what it was")
	}
	if target, err := os.Readlink(filepath.Join(dir, "lib")); err != nil || target != "usr/lib" {
		t.Errorf("a symbolic link is not what it was: %q, %v", target, err)
	}
	buf := make([]byte, 64)
	n, err := unix.Lgetxattr(filepath.Join(dir, "usr/ping"), "security.capability", buf)
	if err != nil || string(buf[:n]) != capNetBindService {
		t.Errorf("file capabilities are lost: %x, %v", buf[:max(n, 0)], err)
	}
}

func TestExtractStaysInside(t *testing.T) {
	needsRoot(t)
	cases := map[string]struct {
		reason  string
		headers []tar.Header
		fails   bool
	}{
		"DotDot": {
			reason:  "A name cannot climb out: it is taken relative to the root.",
			headers: []tar.Header{{Name: "../../outside", Typeflag: tar.TypeReg, Mode: 0o644}},
		},
		"ThroughSymlink": {
			reason: "A link that leads out is not followed.",
			headers: []tar.Header{
				{Name: "out", Typeflag: tar.TypeSymlink, Linkname: "../"},
				{Name: "out/outside", Typeflag: tar.TypeReg, Mode: 0o644},
			},
			fails: true,
		},
		"HardLinkOut": {
			reason:  "A hard link to a file outside finds none.",
			headers: []tar.Header{{Name: "passwd", Typeflag: tar.TypeLink, Linkname: "../../../etc/passwd"}},
			fails:   true,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "a")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := extract(t.Context(), dir, archive(t, tc.headers...)); (err != nil) != tc.fails {
				t.Errorf("\n%s\nextract(...): got error %v", tc.reason, err)
			}
			entries, err := os.ReadDir(parent)
			if err != nil || len(entries) != 1 {
				t.Errorf("\n%s\nextract(...) wrote outside: %v, %v", tc.reason, entries, err)
			}
		})
	}
}

func TestExtractIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := extract(ctx, t.TempDir(), archive(t, tar.Header{Name: "a", Typeflag: tar.TypeReg, Mode: 0o644}))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("extract(...) with a cancelled context: got %v", err)
	}
}

func TestWriteFiles(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(outside, []byte("machine's"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "etc/resolv.conf")); err != nil {
		t.Fatal(err)
	}
	if err := WriteFiles(dir, map[string]string{"etc/resolv.conf": "node's"}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{outside: "machine's", filepath.Join(dir, "etc/resolv.conf"): "node's"} {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v; want %q", path, got, err, want)
		}
	}
}

func TestPrune(t *testing.T) {
	base := t.TempDir()
	for _, dir := range []string{"sha256-old", "sha256-new", ".unpacking-1"} {
		if err := os.Mkdir(filepath.Join(base, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := Prune(base, "sha256:new"); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(base)
	if err != nil || len(entries) != 1 || entries[0].Name() != "sha256-new" {
		t.Errorf("Prune(...) left %v, %v", entries, err)
	}
	if err := Prune(filepath.Join(base, "missing"), "x"); err != nil {
		t.Errorf("Prune(...) of nothing: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.tar")
	if err := os.WriteFile(path, []byte("no archive"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, path + ".missing"} {
		if _, err := Open(p); err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("Open(%q): want an error that names the file, got %v", p, err)
		}
	}
}
