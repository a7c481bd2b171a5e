// Command profile prints the seccomp profile that containerd gives by default,
// on the architecture it was built for, to a container with the capabilities
// named as arguments.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func main() {
	spec := &specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{Bounding: os.Args[1:]}}}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(DefaultProfile(spec)); err != nil {
		fmt.Fprintln(os.Stderr, "print seccomp profile:", err)
		os.Exit(1)
	}
}
