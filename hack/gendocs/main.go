package main

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

//go:embed pages/*.md
var pages embed.FS

// facts are what the pages may use.
type facts struct {
	Handler      string
	Requirements []profile.Requirement
	Config       profile.HostConfig
	Label        string
}

func main() {
	if err := run("docs"); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	known, err := gather()
	if err != nil {
		return err
	}
	templates, err := template.New("").Funcs(template.FuncMap{"kind": ofKind, "text": func(b []byte) string { return string(b) }}).ParseFS(pages, "pages/*.md")
	if err != nil {
		return err
	}
	for _, page := range templates.Templates() {
		if page.Name() == "" {
			continue
		}
		var out bytes.Buffer
		if err := page.Execute(&out, known); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, page.Name()), out.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func gather() (facts, error) {
	p := userns.New()
	config, err := p.HostConfig(profile.HostOptions{ContainerdConfig: 3, SystemdCgroup: true, Arch: "amd64"})
	if err != nil {
		return facts{}, err
	}
	labels := make([]string, 0, len(config.NodeLabels))
	for key, value := range config.NodeLabels {
		labels = append(labels, key+"="+value)
	}
	return facts{
		Handler:      userns.Handler,
		Requirements: p.Knowledge().Requirements,
		Config:       config,
		Label:        strings.Join(labels, ","),
	}, nil
}

// ofKind selects the requirements of a kind that any pod gets, or does not.
func ofKind(all []profile.Requirement, kind string, byDefault bool) []profile.Requirement {
	var chosen []profile.Requirement
	for _, r := range all {
		if string(r.Kind) == kind && r.InDefault == byDefault {
			chosen = append(chosen, r)
		}
	}
	return chosen
}
