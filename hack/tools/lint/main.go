// Command lint is golangci-lint with kube-api-linter compiled in as a module
// plugin: the supported way, "golangci-lint custom", wants to clone a
// repository, and this needs the module proxy only.
package main

import (
	"fmt"
	"os"

	"github.com/golangci/golangci-lint/v2/pkg/commands"
	"github.com/golangci/golangci-lint/v2/pkg/exitcodes"

	_ "sigs.k8s.io/kube-api-linter" // registers the kubeapilinter module plugin
)

// version is that of golangci-lint in go.mod; the configuration's schema
// depends on it.
const version = "2.15.0"

func main() {
	if err := commands.Execute(commands.BuildInfo{Version: version, GoVersion: "unknown", Commit: "module"}); err != nil {
		fmt.Fprintln(os.Stderr, "lint:", err)
		os.Exit(exitcodes.Failure)
	}
}
