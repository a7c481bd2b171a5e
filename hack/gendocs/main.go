package main

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"path/filepath"
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
	Profiles     []known
}

func main() {
	if err := run("docs"); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	all, err := gather()
	if err != nil {
		return err
	}
	templates, err := template.New("").Funcs(functions).ParseFS(pages, "pages/*.md")
	if err != nil {
		return err
	}
	for _, page := range templates.Templates() {
		if page.Name() == "" {
			continue
		}
		var out bytes.Buffer
		if err := page.Execute(&out, all); err != nil {
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
	config, err := p.HostConfig(aHost)
	if err != nil {
		return facts{}, err
	}
	profiles, err := gatherProfiles()
	if err != nil {
		return facts{}, err
	}
	return facts{
		Handler:      userns.Handler,
		Requirements: p.Knowledge().Requirements,
		Config:       config,
		Label:        labelsOf(config),
		Profiles:     profiles,
	}, nil
}

var functions = template.FuncMap{
	"kind":     ofKind,
	"text":     func(b []byte) string { return string(b) },
	"added":    added,
	"auto":     auto,
	"distros":  distros,
	"sentence": sentence,
	"link":     link,
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
