package ociwrapper

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Name is the argv[0] under which the guest binary acts as the OCI runtime. With
// a dash and the name of a program after it the program in the PATH is the real
// runtime, for whoever has put it on the node and linked the guest to that name.
const Name = "vcluster-oci"

// runc is the real runtime unless another is named.
const runc = "/usr/local/bin/runc"

// Real says which runtime is behind a name of the guest binary, if any is.
func Real(name string) (runtime string, is bool) {
	if name == Name {
		return runc, true
	}
	runtime, is = strings.CutPrefix(name, Name+"-")
	return runtime, is && runtime != ""
}

// Exec changes the bundle where there is one and becomes the real runtime. It
// returns only on failure.
func Exec(runtime string, args []string) error {
	if slices.Contains(args, "update") {
		return succeed() // new limits for an existing container: nothing could hold them
	}
	if bundle, ok := bundleOf(args); ok {
		if err := adaptBundle(filepath.Join(bundle, "config.json")); err != nil {
			return err
		}
	}
	path, err := exec.LookPath(runtime)
	if err != nil {
		return fmt.Errorf("find the OCI runtime: %w", err)
	}
	if err := syscall.Exec(path, append([]string{path}, args...), os.Environ()); err != nil {
		return fmt.Errorf("run %s: %w", path, err)
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

// adaptBundle changes the OCI configuration in file and keeps everything that
// it need not change, including what this program does not know.
func adaptBundle(file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the bundle: %w", err)
	}
	out, err := adapt(raw)
	if err != nil {
		return fmt.Errorf("bundle %s: %w", file, err)
	}
	return os.WriteFile(file, out, 0o600)
}

// section is a part of an OCI configuration with its values left unread.
type section = map[string]json.RawMessage

// adapt takes the limits out of an OCI configuration and gives its cgroup a
// name that runc's systemd driver takes.
func adapt(raw []byte) ([]byte, error) {
	var spec section
	if err := json.Unmarshal(raw, &spec); err != nil {
		return nil, err
	}
	if spec["linux"] == nil {
		return raw, nil
	}
	var linux section
	if err := json.Unmarshal(spec["linux"], &linux); err != nil {
		return nil, fmt.Errorf("linux: %w", err)
	}
	for key, change := range map[string]func(json.RawMessage) (any, error){
		"resources":   devicesOnly,
		"cgroupsPath": systemdPath,
	} {
		changed, err := change(linux[key])
		if err != nil {
			return nil, fmt.Errorf("linux.%s: %w", key, err)
		}
		if linux[key], err = json.Marshal(changed); err != nil {
			return nil, err
		}
	}
	var err error
	if spec["linux"], err = json.Marshal(linux); err != nil {
		return nil, err
	}
	return json.Marshal(spec)
}

// devicesOnly keeps nothing but the device rules of linux.resources.
func devicesOnly(raw json.RawMessage) (any, error) {
	var resources struct {
		Devices json.RawMessage `json:"devices,omitempty"`
	}
	if raw == nil {
		return resources, nil
	}
	err := json.Unmarshal(raw, &resources)
	return resources, err
}

// systemdPath turns a cgroup's path into "slice:prefix:name". A kubelet that
// does not keep cgroups per quality of service names none, and containerd then
// makes up a plain path.
func systemdPath(raw json.RawMessage) (any, error) {
	var cgroup string
	if raw != nil {
		if err := json.Unmarshal(raw, &cgroup); err != nil {
			return nil, err
		}
	}
	if cgroup == "" || strings.Count(cgroup, ":") == 2 {
		return cgroup, nil
	}
	return "system.slice:cri-containerd:" + path.Base(cgroup), nil
}
