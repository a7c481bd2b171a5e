package nodesetup

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// document is a file of containerd's configuration.
type document struct {
	path   string
	values map[string]any
}

// parse reads a file as containerd does.
func parse(t Text) (document, error) {
	d := document{path: t.Path}
	if err := toml.Unmarshal(t.Data, &d.values); err != nil {
		if at, ok := errors.AsType[*toml.DecodeError](err); ok {
			row, _ := at.Position()
			return d, fmt.Errorf("%s, line %d: %w", t.Path, row, err)
		}
		return d, fmt.Errorf("%s: %w", t.Path, err)
	}
	return d, nil
}

// version of the file format, 0 if the file says none.
func (d document) version() int {
	v, _ := d.values["version"].(int64)
	return int(v)
}

// imports are the patterns of the files that are read, too.
func (d document) imports() []string {
	list, _ := d.values["imports"].([]any)
	var patterns []string
	for _, entry := range list {
		if pattern, ok := entry.(string); ok {
			patterns = append(patterns, pattern)
		}
	}
	return patterns
}

// Imports are the patterns of the files that a configuration imports, as
// absolute paths.
func Imports(t Text) ([]string, error) {
	d, err := parse(t)
	if err != nil {
		return nil, err
	}
	patterns := d.imports()
	for i, p := range patterns {
		if !path.IsAbs(p) {
			patterns[i] = path.Join(path.Dir(t.Path), p)
		}
	}
	return patterns, nil
}

// dropIns is a folder in which a file of that name would be imported, empty if
// there is none.
func (d document) dropIns(name string) string {
	for _, pattern := range d.imports() {
		if !path.IsAbs(pattern) {
			pattern = path.Join(path.Dir(d.path), pattern)
		}
		dir, base := path.Split(pattern)
		if ok, err := path.Match(base, name); ok && err == nil && base != name && !strings.Contains(dir, "*") {
			return path.Clean(dir)
		}
	}
	return ""
}

// table walks down, nil where there is nothing.
func (d document) table(names ...string) map[string]any {
	at := d.values
	for _, name := range names {
		at, _ = at[name].(map[string]any)
	}
	return at
}

// The names that containerd's CRI plugin has had.
const (
	pluginV2 = "io.containerd.grpc.v1.cri"
	pluginV3 = "io.containerd.cri.v1.runtime"
)

// cri is the table of the CRI plugin that counts in this format.
func (d document) cri(below ...string) map[string]any {
	plugin := pluginV3
	if d.version() <= 2 {
		plugin = pluginV2
	}
	return d.table(append([]string{"plugins", plugin, "containerd"}, below...)...)
}

// handler is a handler's table, nil if the file has none.
func (d document) handler(name string) map[string]any { return d.cri("runtimes", name) }

// documents are all files that make up a configuration, the later of which win.
type documents []document

// own are the options of what runs the node's own pods.
func (all documents) own() map[string]any {
	name := "runc"
	for _, d := range all {
		if said, ok := d.cri()["default_runtime_name"].(string); ok && said != "" {
			name = said
		}
	}
	options := map[string]any{}
	for _, d := range all {
		maps.Copy(options, d.cri("runtimes", name, "options"))
	}
	return options
}

// differences names the settings that one table has and another has not, or has
// otherwise. What the other has beyond them does not count.
func differences(want, have map[string]any, prefix string) []string {
	var names []string
	for key, value := range want {
		name := prefix + key
		if below, ok := value.(map[string]any); ok {
			theirs, _ := have[key].(map[string]any)
			names = append(names, differences(below, theirs, name+".")...)
			continue
		}
		if !reflect.DeepEqual(value, have[key]) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// empty says whether a file has no setting at all.
func empty(data []byte) bool {
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}
