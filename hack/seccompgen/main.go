// Command seccompgen writes down what containerd's default seccomp profile is
// for a container with the capabilities of a node pod, once per architecture.
//
// It is a module of its own so that containerd stays out of the product's
// dependencies. containerd's profile is code that depends on the architecture
// it is compiled for. To get the profile of an architecture that this machine
// cannot execute, the architecture is replaced in a copy of that one source
// file, which the build takes in place of the call to it.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	// source is the file of containerd that holds its profile, below the folder
	// of its module.
	source = "contrib/seccomp/seccomp_default.go"
	// stub is the file of the profile command that calls it.
	stub = "profile/containerd.go"
)

var architectures = []string{"amd64", "arm64"}

func main() {
	capabilities := flag.String("capabilities", "", "JSON `file` with the list of capabilities, without CAP_")
	out := flag.String("out", "", "`folder` to write default-ARCH.json to")
	flag.Parse()
	if err := run(*capabilities, *out); err != nil {
		fmt.Fprintln(os.Stderr, "seccompgen:", err)
		os.Exit(1)
	}
}

func run(capabilities, out string) error {
	if capabilities == "" || out == "" {
		return errors.New("-capabilities and -out are required")
	}
	names, err := readCapabilities(capabilities)
	if err != nil {
		return err
	}
	for _, arch := range architectures {
		data, err := profileFor(arch, names)
		if err != nil {
			return fmt.Errorf("profile for %s: %w", arch, err)
		}
		if err := os.WriteFile(filepath.Join(out, "default-"+arch+".json"), data, 0o644); err != nil {
			return fmt.Errorf("profile for %s: %w", arch, err)
		}
	}
	return nil
}

// readCapabilities returns the capabilities as the kernel names them.
func readCapabilities(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read capabilities: %w", err)
	}
	var names []string
	if err := json.Unmarshal(data, &names); err != nil {
		return nil, fmt.Errorf("read capabilities from %q: %w", path, err)
	}
	for i, name := range names {
		names[i] = "CAP_" + name
	}
	return names, nil
}

// profileFor runs the profile command as if it were built for arch.
func profileFor(arch string, capabilities []string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "seccompgen-")
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	overlay, err := writeOverlay(dir, arch)
	if err != nil {
		return nil, err
	}
	return output(append([]string{"go", "run", "-overlay", overlay, "./profile"}, capabilities...)...)
}

// writeOverlay writes containerd's file for another architecture, and the file
// that tells the build to use it in place of stub.
func writeOverlay(dir, arch string) (string, error) {
	module, err := output("go", "list", "-m", "-f", "{{.Dir}}", "github.com/containerd/containerd/v2")
	if err != nil {
		return "", err
	}
	code, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(module)), source))
	if err != nil {
		return "", fmt.Errorf("read containerd's profile: %w", err)
	}
	replaced := filepath.Join(dir, "containerd.go")
	if err := os.WriteFile(replaced, forArch(code, arch), 0o600); err != nil {
		return "", fmt.Errorf("write containerd's profile: %w", err)
	}
	replace, err := filepath.Abs(stub)
	if err != nil {
		return "", fmt.Errorf("find the profile command: %w", err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {replace: replaced}})
	if err != nil {
		return "", fmt.Errorf("encode overlay: %w", err)
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, overlay, 0o600); err != nil {
		return "", fmt.Errorf("write overlay: %w", err)
	}
	return path, nil
}

// forArch makes every question for the architecture answer arch, and the file
// one of the profile command.
func forArch(code []byte, arch string) []byte {
	code = bytes.ReplaceAll(code, []byte("runtime.GOARCH"), fmt.Appendf(nil, "%q", arch))
	code = bytes.Replace(code, []byte("\t\"runtime\"\n"), nil, 1)
	return bytes.Replace(code, []byte("\npackage seccomp\n"), []byte("\npackage main\n"), 1)
}

func output(command ...string) ([]byte, error) {
	cmd := exec.Command(command[0], command[1:]...) //nolint:gosec // our own arguments
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(command, " "), err)
	}
	return out, nil
}
