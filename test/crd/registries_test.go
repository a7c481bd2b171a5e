package crd

import (
	"fmt"
	"strings"
	"testing"
)

// mirror is a spec with one mirror of a registry.
func mirror(host, endpoint string) string {
	return fmt.Sprintf(`registries: {mirrors: [{host: %q, endpoints: [%q]}]}`, host, endpoint)
}

func TestMirrorHosts(t *testing.T) {
	const endpoint = "https://mirror.example.com"
	at := "spec.registries.mirrors[0].host"
	runCreate(t, map[string]createCase{
		"Empty":     {reason: "No mirrors at all.", spec: `registries: {}`},
		"Name":      {reason: "As images have it.", spec: mirror("docker.io", endpoint)},
		"Port":      {reason: "With a port.", spec: mirror("registry.example.com:5000", endpoint)},
		"Address":   {reason: "By address.", spec: mirror("10.0.0.8:5000", endpoint)},
		"Localhost": {reason: "The one name without a dot or a port.", spec: mirror("localhost", endpoint)},
		"PortOnly":  {reason: "A port makes a registry of any name.", spec: mirror("registry:5000", endpoint)},
		"Any":       {reason: "All that have none of their own.", spec: mirror("*", endpoint)},
		"Folder":    {reason: "docker.io/registry is an image of docker.io.", spec: mirror("registry", endpoint), want: []string{at, "must have a '.' or a port", "docker.io"}},
		"URL":       {reason: "Names of images have no scheme.", spec: mirror("https://docker.io", endpoint), want: []string{at, "without a scheme", "docker.io"}},
		"Path":      {reason: "Nor is a part of a registry mirrored.", spec: mirror("docker.io/library", endpoint), want: []string{at, "without a path"}},
		"Up":        {reason: "It becomes the name of a folder.", spec: mirror("..", endpoint), want: []string{at}},
		"Upper":     {reason: "Hosts are in lower case.", spec: mirror("Docker.io", endpoint), want: []string{at}},
		"Wildcard":  {reason: "Only all or one.", spec: mirror("*.example.com", endpoint), want: []string{at, "must be the host of a registry"}},
		"BadPort":   {reason: "Ports are numbers.", spec: mirror("docker.io:http", endpoint), want: []string{at}},
		"Nothing":   {reason: "Of which registry?", spec: `registries: {mirrors: [{endpoints: ["https://a.example"]}]}`, want: []string{at, "Required value"}},
		"Long":      {reason: "Bounded.", spec: mirror(strings.Repeat("a", 260), endpoint), want: []string{at, "259"}},
		"Twice":     {reason: "A registry has one list.", spec: `registries: {mirrors: [{host: docker.io, endpoints: ["https://a.example"]}, {host: docker.io, endpoints: ["https://b.example"]}]}`, want: []string{"spec.registries.mirrors[1]", "Duplicate value"}},
		"Many":      {reason: "Bounded.", spec: `registries: {mirrors: [` + many(33, `{host: "r%d.example", endpoints: ["https://a.example"]}`) + `]}`, want: []string{"spec.registries.mirrors", "32"}},
		"Rewrite":   {reason: "Only one of the distros could.", spec: `registries: {mirrors: [{host: docker.io, endpoints: ["https://a.example"], rewrite: {a: b}}]}`, want: []string{`unknown field "spec.registries.mirrors[0].rewrite"`}},
		"Secret":    {reason: "Who makes clusters must not read Secrets through a node.", spec: `registries: {mirrors: [{host: docker.io, endpoints: ["https://a.example"], secretRef: {name: a}}]}`, want: []string{`unknown field "spec.registries.mirrors[0].secretRef"`}},
	})
}

func TestMirrorEndpoints(t *testing.T) {
	at := "spec.registries.mirrors[0].endpoints[0]"
	runCreate(t, map[string]createCase{
		"HTTPS":    {reason: "The usual form.", spec: mirror("docker.io", "https://mirror.example.com")},
		"HTTP":     {reason: "Within a site.", spec: mirror("docker.io", "http://10.0.0.8:5000")},
		"Slash":    {reason: "No path either.", spec: mirror("docker.io", "https://mirror.example.com/")},
		"Path":     {reason: "As registries that mirror several have it.", spec: mirror("docker.io", "https://mirror.example.com:8443/v2/hub_proxy/docker.io/")},
		"Several":  {reason: "Asked in order.", spec: `registries: {mirrors: [{host: docker.io, endpoints: ["https://a.example", "http://a.example"]}]}`},
		"User":     {reason: "The spec is no place for secrets.", spec: mirror("docker.io", "https://user:secret@mirror.example.com"), want: []string{at, "must not hold credentials", "imagePullSecrets"}},
		"Name":     {reason: "Nor for half of them.", spec: mirror("docker.io", "https://user@mirror.example.com"), want: []string{at, "must not hold credentials"}},
		"Query":    {reason: "The path of an image comes after it.", spec: mirror("docker.io", "https://mirror.example.com/?a=b"), want: []string{at, "without a query"}},
		"Fragment": {reason: "It would never be sent.", spec: mirror("docker.io", "https://mirror.example.com/#a"), want: []string{at, "must be a URL"}},
		"Bare":     {reason: "Of which scheme?", spec: mirror("docker.io", "mirror.example.com"), want: []string{at, "must be a URL of http or https"}},
		"Scheme":   {reason: "Registries speak HTTP.", spec: mirror("docker.io", "ftp://mirror.example.com"), want: []string{at, "must be a URL of http or https"}},
		"Quote":    {reason: "It becomes a line of a file.", spec: `registries: {mirrors: [{host: docker.io, endpoints: ['https://a.example/"']}]}`, want: []string{at, "must be a URL"}},
		"Newline":  {reason: "One line.", spec: mirror("docker.io", "https://a.example\nb"), want: []string{at, "must be a URL"}},
		"Dots":     {reason: "Not a name.", spec: mirror("docker.io", "https://a..example"), want: []string{at, "must be a URL"}},
		"Empty":    {reason: "Nothing to ask.", spec: mirror("docker.io", ""), want: []string{at}},
		"Long":     {reason: "Bounded.", spec: mirror("docker.io", "https://a.example/"+strings.Repeat("a", 512)), want: []string{at, "512"}},
		"None":     {reason: "A registry without mirrors needs no entry.", spec: `registries: {mirrors: [{host: docker.io, endpoints: []}]}`, want: []string{"spec.registries.mirrors[0].endpoints", "at least 1"}},
		"Missing":  {reason: "A registry without mirrors needs no entry.", spec: `registries: {mirrors: [{host: docker.io}]}`, want: []string{"spec.registries.mirrors[0].endpoints", "Required value"}},
		"Twice":    {reason: "It would be asked twice.", spec: `registries: {mirrors: [{host: docker.io, endpoints: ["https://a.example", "https://a.example"]}]}`, want: []string{"spec.registries.mirrors[0].endpoints", "same URL twice"}},
		"Many":     {reason: "Bounded.", spec: `registries: {mirrors: [{host: docker.io, endpoints: [` + many(9, `"https://m%d.example"`) + `]}]}`, want: []string{"spec.registries.mirrors[0].endpoints", "8"}},
	})
}

// many lists n items of a form that takes a number.
func many(n int, form string) string {
	items := make([]string, 0, n)
	for i := range n {
		items = append(items, fmt.Sprintf(form, i))
	}
	return strings.Join(items, ", ")
}
