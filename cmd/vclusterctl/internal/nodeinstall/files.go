package nodeinstall

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/vclusterctl/vclusterctl/runtime/nodesetup"
)

// Files is the file system of a node, below a folder.
type Files struct{ Root string }

func (f Files) path(p string) string { return filepath.Join("/", f.Root, p) }

// read reads a file; the second value is false if there is none.
func (f Files) read(p string) ([]byte, bool, error) {
	data, err := os.ReadFile(f.path(p))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read %s: %w", p, err)
	}
	return data, true, nil
}

func (f Files) exists(p string) bool {
	_, err := os.Lstat(f.path(p))
	return err == nil
}

// executable says whether there is a program.
func (f Files) executable(p string) bool {
	info, err := os.Stat(f.path(p))
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// write replaces a file so that it is the old one or the new one at any moment,
// also after the power went. What a link leads to is replaced, and not the link.
func (f Files) write(p string, mode fs.FileMode, data []byte) error {
	target := f.path(p)
	if end, err := filepath.EvalSymlinks(target); err == nil {
		target = end
	}
	if err := replace(target, mode, data); err != nil {
		return fmt.Errorf("write %s: %w", p, err)
	}
	return nil
}

func replace(target string, mode fs.FileMode, data []byte) error {
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(dir, ".vclusterctl-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // where it was not renamed
	_, err = temporary.Write(data)
	if err = errors.Join(err, temporary.Chmod(mode), temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary.Name(), target); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (f Files) remove(p string) error {
	if err := os.Remove(f.path(p)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", p, err)
	}
	return nil
}

// was is a file before it is changed.
type was struct {
	Path   string      `json:"path"`
	Exists bool        `json:"exists"`
	Mode   fs.FileMode `json:"mode,omitempty"`
	Data   []byte      `json:"data,omitempty"`
}

func (f Files) now(p string) (was, error) {
	data, exists, err := f.read(p)
	w := was{Path: p, Exists: exists, Data: data}
	if err != nil || !exists {
		return w, err
	}
	info, err := os.Stat(f.path(p))
	if err != nil {
		return w, fmt.Errorf("look at %s: %w", p, err)
	}
	w.Mode = info.Mode().Perm()
	return w, nil
}

// restore puts a file back.
func (f Files) restore(w was) error {
	if !w.Exists {
		return f.remove(w.Path)
	}
	return f.write(w.Path, w.Mode, w.Data)
}

// change is a file that is to be changed, and what it is now.
type change struct {
	to     nodesetup.File
	before was
}

// changes are the files of a plan that are not yet as they should be.
func (f Files) changes(plan nodesetup.Plan) ([]change, error) {
	var found []change
	for _, file := range plan.Files {
		before, err := f.now(file.Path)
		if err != nil {
			return nil, err
		}
		if file.Remove != before.Exists && (file.Remove || bytes.Equal(before.Data, file.Data)) {
			continue
		}
		found = append(found, change{to: file, before: before})
	}
	return found, nil
}

// do makes a change. A file that is there keeps its mode.
func (f Files) do(c change) error {
	if c.to.Remove {
		return f.remove(c.to.Path)
	}
	mode := c.to.Mode
	if c.before.Exists {
		mode = c.before.Mode
	}
	return f.write(c.to.Path, mode, c.to.Data)
}
