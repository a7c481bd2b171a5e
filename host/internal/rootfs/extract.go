//go:build linux

package rootfs

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// xattrPrefix marks the extended attributes among a tar header's records.
const xattrPrefix = "SCHILY.xattr."

// extractor writes a tar stream into a directory, as root and exactly: owners,
// modes, times, devices, hard links and extended attributes.
//
// Every access goes through an os.Root, so that no name and no link in the
// stream leads out of the directory.
type extractor struct {
	root *os.Root
	dir  string
	// dirs are the directories written, whose times are set last: what is put
	// into a directory changes them.
	dirs []*tar.Header
}

func extract(ctx context.Context, dir string, stream io.Reader) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	x := extractor{root: root, dir: dir}
	reader := tar.NewReader(stream)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return x.finish()
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if err := x.entry(header, reader); err != nil {
			return fmt.Errorf("entry %q: %w", header.Name, err)
		}
	}
}

func (x *extractor) entry(h *tar.Header, content io.Reader) error {
	h.Name = clean(h.Name)
	if err := x.root.MkdirAll(path.Dir(h.Name), 0o755); err != nil {
		return err
	}
	if err := x.create(h, content); err != nil {
		return err
	}
	if h.Typeflag == tar.TypeLink {
		return nil
	}
	if h.Typeflag == tar.TypeDir {
		x.dirs = append(x.dirs, h)
	}
	return x.attributes(h)
}

// clean makes a name relative to the root of the archive.
func clean(name string) string {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	if name == "" {
		return "."
	}
	return name
}

func (x *extractor) create(h *tar.Header, content io.Reader) error {
	switch h.Typeflag {
	case tar.TypeDir:
		return x.mkdir(h.Name)
	case tar.TypeReg:
		return x.file(h.Name, content)
	case tar.TypeSymlink:
		return x.root.Symlink(h.Linkname, h.Name)
	case tar.TypeLink:
		return x.root.Link(clean(h.Linkname), h.Name)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		return x.node(h)
	default:
		return fmt.Errorf("unknown type %q of entry", h.Typeflag)
	}
}

func (x *extractor) mkdir(name string) error {
	if err := x.root.Mkdir(name, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

func (x *extractor) file(name string, content io.Reader) error {
	f, err := x.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}

func (x *extractor) node(h *tar.Header) error {
	kind := map[byte]uint32{tar.TypeChar: unix.S_IFCHR, tar.TypeBlock: unix.S_IFBLK, tar.TypeFifo: unix.S_IFIFO}
	return x.inParent(h.Name, func(dirfd int, base string) error {
		dev := unix.Mkdev(uint32(h.Devmajor), uint32(h.Devminor))
		return unix.Mknodat(dirfd, base, kind[h.Typeflag]|0o600, int(dev))
	})
}

// attributes sets owner, extended attributes, mode and times, in this order: a
// change of owner clears capabilities and the set-user-ID bit.
func (x *extractor) attributes(h *tar.Header) error {
	return x.inParent(h.Name, func(dirfd int, base string) error {
		if err := unix.Fchownat(dirfd, base, h.Uid, h.Gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return fmt.Errorf("set owner: %w", err)
		}
		if err := setXattrs(dirfd, base, h.PAXRecords); err != nil {
			return err
		}
		if h.Typeflag != tar.TypeSymlink {
			if err := unix.Fchmodat(dirfd, base, uint32(h.Mode)&0o7777, 0); err != nil {
				return fmt.Errorf("set mode: %w", err)
			}
		}
		return setTime(dirfd, base, h.ModTime)
	})
}

// setXattrs goes through /proc/self/fd, for there is no call that takes a
// directory and a name.
func setXattrs(dirfd int, base string, records map[string]string) error {
	for key, value := range records {
		name, ok := strings.CutPrefix(key, xattrPrefix)
		if !ok {
			continue
		}
		target := fmt.Sprintf("/proc/self/fd/%d/%s", dirfd, base)
		if err := unix.Lsetxattr(target, name, []byte(value), 0); err != nil {
			return fmt.Errorf("set extended attribute %q: %w", name, err)
		}
	}
	return nil
}

func setTime(dirfd int, base string, t time.Time) error {
	stamp, err := unix.TimeToTimespec(t)
	if err != nil {
		return fmt.Errorf("set time: %w", err)
	}
	times := []unix.Timespec{stamp, stamp}
	if err := unix.UtimesNanoAt(dirfd, base, times, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("set time: %w", err)
	}
	return nil
}

// inParent calls do with the opened directory that holds name.
func (x *extractor) inParent(name string, do func(dirfd int, base string) error) error {
	dir, err := x.root.Open(path.Dir(name))
	if err != nil {
		return err
	}
	defer dir.Close()
	return do(int(dir.Fd()), filepath.Base(name))
}

// finish sets the directories' times, now that nothing changes them any more.
func (x *extractor) finish() error {
	for _, h := range x.dirs {
		err := x.inParent(h.Name, func(dirfd int, base string) error { return setTime(dirfd, base, h.ModTime) })
		if err != nil {
			return fmt.Errorf("entry %q: %w", h.Name, err)
		}
	}
	return nil
}
