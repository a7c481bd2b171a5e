package main

import (
	"slices"
	"strings"

	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// aHost is what the configuration in the pages is for.
var aHost = profile.HostOptions{ContainerdConfig: 3, SystemdCgroup: true, Arch: "amd64"}

// known is what a page may say of a runtime.
type known struct {
	profile.Knowledge

	Config profile.HostConfig
	Labels string
}

func gatherProfiles() ([]known, error) {
	var all []known
	for _, p := range catalog.Profiles() {
		config, err := p.HostConfig(aHost)
		if err != nil {
			return nil, err
		}
		all = append(all, known{Knowledge: p.Knowledge(), Config: config, Labels: labelsOf(config)})
	}
	return all, nil
}

func labelsOf(config profile.HostConfig) string {
	labels := make([]string, 0, len(config.NodeLabels))
	for key, value := range config.NodeLabels {
		labels = append(labels, key+"="+value)
	}
	slices.Sort(labels)
	return strings.Join(labels, ",")
}

// added names the capabilities that a pod would not get without asking.
func added(k known) string {
	var names []string
	for _, r := range ofKind(k.Requirements, string(profile.KindCapability), false) {
		names = append(names, "`"+r.Name+"`")
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// auto names the profiles that "auto" tries, in its order.
func auto(all []known) string {
	var names []string
	for _, k := range all {
		if k.OnlyByName == "" {
			names = append(names, "`"+string(k.Name)+"`")
		}
	}
	return strings.Join(names, ", then ")
}

func distros(k known) string {
	var names []string
	for _, d := range k.Summary.Distros {
		names = append(names, string(d))
	}
	return strings.Join(names, ", ")
}

// sentence begins a text with a capital letter.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// link is the address of an issue.
func link(issue string) string {
	return "https://github.com/" + strings.Replace(issue, "#", "/issues/", 1)
}
