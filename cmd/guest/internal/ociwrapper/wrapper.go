package ociwrapper

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Name is the argv[0] under which the guest binary acts as the OCI runtime.
const Name = "vcluster-oci"

// runc is the real runtime.
const runc = "/usr/local/bin/runc"

// Exec changes the bundle where there is one and becomes runc. It returns only
// on failure.
func Exec(args []string) error {
	if slices.Contains(args, "update") {
		return succeed() // new limits for an existing container: nothing could hold them
	}
	if bundle, ok := bundleOf(args); ok {
		if err := stripLimits(filepath.Join(bundle, "config.json")); err != nil {
			return err
		}
	}
	if err := syscall.Exec(runc, append([]string{runc}, args...), os.Environ()); err != nil {
		return fmt.Errorf("run %s: %w", runc, err)
	}
	return nil
}

func succeed() error {
	os.Exit(0)
	return nil
}

// bundleOf finds the bundle of a "create" or "run" in runc's arguments.
func bundleOf(args []string) (string, bool) {
	if !slices.Contains(args, "create") && !slices.Contains(args, "run") {
		return "", false
	}
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--bundle="); ok {
			return value, true
		}
		if (arg == "--bundle" || arg == "-b") && i+1 < len(args) {
			return args[i+1], true
		}
	}
	return ".", true
}

// stripLimits removes every limit from the OCI configuration at path and keeps
// everything else as it is, including what this program does not know.
func stripLimits(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the bundle: %w", err)
	}
	out, err := withoutLimits(raw)
	if err != nil {
		return fmt.Errorf("bundle %s: %w", path, err)
	}
	return os.WriteFile(path, out, 0o600)
}

// withoutLimits keeps only the device rules of linux.resources.
func withoutLimits(raw []byte) ([]byte, error) {
	var spec map[string]json.RawMessage
	if err := json.Unmarshal(raw, &spec); err != nil {
		return nil, err
	}
	var linux map[string]json.RawMessage
	if spec["linux"] == nil {
		return raw, nil
	}
	if err := json.Unmarshal(spec["linux"], &linux); err != nil {
		return nil, fmt.Errorf("linux: %w", err)
	}
	resources := struct {
		Devices json.RawMessage `json:"devices,omitempty"`
	}{}
	if linux["resources"] != nil {
		if err := json.Unmarshal(linux["resources"], &resources); err != nil {
			return nil, fmt.Errorf("linux.resources: %w", err)
		}
	}
	var err error
	if linux["resources"], err = json.Marshal(resources); err != nil {
		return nil, err
	}
	if spec["linux"], err = json.Marshal(linux); err != nil {
		return nil, err
	}
	return json.Marshal(spec)
}
