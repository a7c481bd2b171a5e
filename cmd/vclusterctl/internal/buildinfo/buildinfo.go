// Package buildinfo says which build this binary is.
package buildinfo

import (
	"runtime"
	"runtime/debug"
)

// Version is set by the linker; left alone, the version that the Go toolchain
// recorded is used.
var Version = ""

// Info is one build.
type Info struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Get describes the running binary.
func Get() Info {
	build, _ := debug.ReadBuildInfo()
	return from(Version, build)
}

func from(version string, build *debug.BuildInfo) Info {
	info := Info{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if build == nil {
		build = &debug.BuildInfo{}
	}
	for _, s := range build.Settings {
		if s.Key == "vcs.revision" {
			info.Commit = s.Value
		}
	}
	if info.Version == "" {
		info.Version = build.Main.Version
	}
	if info.Version == "" || info.Version == "(devel)" {
		info.Version = "dev"
	}
	return info
}
