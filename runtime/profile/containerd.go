package profile

import (
	"fmt"
	"path"
	"strings"
)

// criPlugin says where the runtimes of containerd's CRI are configured, per
// version of its configuration file format.
var criPlugin = map[int]string{
	2: `plugins."io.containerd.grpc.v1.cri"`,
	3: `plugins."io.containerd.cri.v1.runtime"`,
	4: `plugins."io.containerd.cri.v1.runtime"`,
}

// Setting is a line of a TOML table.
type Setting struct {
	Key string
	// Value is a string or a bool.
	Value any
	// Comment stands above it.
	Comment string
}

// ContainerdHandler is one handler in containerd's configuration.
type ContainerdHandler struct {
	Name string
	// CRI are settings of the CRI plugin itself, which hold for all pods of the
	// node.
	CRI []Setting
	// Settings are those of the handler, Options those of its runtime.
	Settings, Options []Setting
}

// DropIn is a file for a folder that containerd's configuration imports, in one
// of its formats. It adds the handler and touches no other: a table that the
// main file has already must not be defined again.
func (h ContainerdHandler) DropIn(format int) ([]byte, error) {
	plugin, ok := criPlugin[format]
	if !ok {
		return nil, fmt.Errorf("containerd has no configuration file version %d that we know: give 2, 3 or 4, the number after \"version =\" in its config.toml", format)
	}
	table := plugin + ".containerd.runtimes." + h.Name
	var b strings.Builder
	fmt.Fprintf(&b, "version = %d\n", format)
	for _, t := range []struct {
		name     string
		settings []Setting
	}{{plugin, h.CRI}, {table, h.Settings}, {table + ".options", h.Options}} {
		if len(t.settings) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n[%s]\n", t.name)
		for _, s := range t.settings {
			s.write(&b)
		}
	}
	return []byte(b.String()), nil
}

func (s Setting) write(b *strings.Builder) {
	if s.Comment != "" {
		fmt.Fprintf(b, "  # %s\n", s.Comment)
	}
	if text, ok := s.Value.(string); ok {
		fmt.Fprintf(b, "  %s = %q\n", s.Key, text)
		return
	}
	fmt.Fprintf(b, "  %s = %v\n", s.Key, s.Value)
}

// CheckBinary refuses what a TOML string or a shim would not take.
func CheckBinary(name string) error {
	if name == "" {
		return nil
	}
	if !path.IsAbs(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("the OCI runtime %q must be an absolute path of plain ASCII", name)
	}
	return nil
}
