package crd

import (
	"strings"
	"testing"

	"github.com/vclusterctl/vclusterctl/test/envtest"
)

type createCase struct {
	reason string
	name   string // of the cluster, "dev" if empty
	spec   string
	want   []string
}

func runCreate(t *testing.T, cases map[string]createCase) {
	t.Helper()
	c := envtest.Client(t)
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.name == "" {
				tc.name = "dev"
			}
			err := c.Create(t.Context(), object(t, tc.name, "default", tc.spec), strictDryRun...)
			checkRefusal(t, tc.reason, err, tc.want)
		})
	}
}

func TestName(t *testing.T) {
	long := strings.Repeat("a", 45)
	runCreate(t, map[string]createCase{
		"Nothing":       {reason: "Everything may be left open.", name: "dev"},
		"Longest":       {reason: "45 + len(-server) is 52.", name: long},
		"TooLong":       {reason: "One more no longer fits.", name: long + "a", want: []string{"metadata.name must have at most 45 characters", "shorter"}},
		"Dots":          {reason: "A subdomain is no label.", name: "a.b", want: []string{"metadata.name must be a DNS label"}},
		"LeadingDigit":  {reason: "RFC 1035 starts with a letter: Services do.", name: "1a", want: []string{"metadata.name must be a DNS label"}},
		"WithPool":      {reason: "40 + 1 + 11 is 52.", name: long[:40], spec: `pools: [{name: abcdefghijk}]`},
		"PoolTooLong":   {reason: "40 + 1 + 12 is 53.", name: long[:40], spec: `pools: [{name: abcdefghijkl}]`, want: []string{"at most 52 characters together", "shorten the pool's name"}},
		"SomePoolFits":  {reason: "Every pool must fit.", name: long[:40], spec: `pools: [{name: ok}, {name: abcdefghijkl}]`, want: []string{"at most 52 characters together"}},
		"ShortWithPool": {reason: "A pool's name alone is bounded as well.", name: "a", spec: `pools: [{name: ` + strings.Repeat("p", 51) + `}]`, want: []string{"spec.pools[0].name", "50"}},
	})
}

func TestDistroVersionImage(t *testing.T) {
	runCreate(t, map[string]createCase{
		"K8s":             {reason: "Upstream Kubernetes.", spec: `distro: k8s`},
		"K3s":             {reason: "Served by node images that carry it.", spec: `distro: k3s`},
		"UnknownDistro":   {reason: "No other distro exists.", spec: `distro: k0s`, want: []string{"spec.distro", `"k0s"`, `"k3s"`, `"k8s"`}},
		"EmptyDistro":     {reason: "Left open is left out, not empty.", spec: `distro: ""`, want: []string{"spec.distro"}},
		"Version":         {reason: "With a v.", spec: `version: v1.36.3`},
		"VersionNoV":      {reason: "Without a v.", spec: `version: 1.36.3`},
		"VersionK3s":      {reason: "As K3s calls it.", spec: `version: v1.36.3+k3s1`},
		"VersionOther":    {reason: "No other distro has versions of its own.", spec: `version: v1.36.3+rke2r1`, want: []string{"spec.version"}},
		"VersionMinor":    {reason: "A minor version is a channel, which does not exist yet.", spec: `version: "1.36"`, want: []string{"spec.version", "full version of Kubernetes such as v1.36.3"}},
		"VersionWord":     {reason: "Nor does latest.", spec: `version: latest`, want: []string{"spec.version", "leave spec.version out"}},
		"VersionPrefix":   {reason: "The whole string must match.", spec: `version: v1.36.3-rc.1`, want: []string{"spec.version"}},
		"Image":           {reason: "With a port, a tag and a digest.", spec: `image: localhost:5000/a/node:v1.36.3@sha256:0000000000000000000000000000000000000000000000000000000000000000`},
		"ImageSpace":      {reason: "No image reference has spaces.", spec: `image: "a b"`, want: []string{"spec.image", "image reference"}},
		"ImageLong":       {reason: "Bounded.", spec: `image: ` + strings.Repeat("a", 513), want: []string{"spec.image", "512"}},
		"PullSecrets":     {reason: "By name.", spec: `imagePullSecrets: [{name: a}, {name: b}]`},
		"PullSecretTwice": {reason: "Names are unique.", spec: `imagePullSecrets: [{name: a}, {name: a}]`, want: []string{"spec.imagePullSecrets[1]", "Duplicate value"}},
		"Runtime":         {reason: "By profile.", spec: `runtime: {profile: userns}`},
		"RuntimeAuto":     {reason: "By the best.", spec: `runtime: {profile: auto}`},
		"RuntimeSysbox":   {reason: "By another profile: whether a node has it is for the controller to say.", spec: `runtime: {profile: sysbox}`},
		"UnknownRuntime":  {reason: "Only profiles that there are.", spec: `runtime: {profile: firecracker}`, want: []string{"spec.runtime.profile", `"firecracker"`, `"auto"`, `"userns"`, `"sysbox"`, `"kata"`, `"gvisor"`}},
	})
}

// TestReserved shows that the reserved shape is not served: a field that does
// nothing must not be accepted in silence.
func TestReserved(t *testing.T) {
	cases := map[string]createCase{}
	for field, spec := range map[string]string{
		"registries.configs":    `registries: {configs: {}}`,
		"addons":                `addons: []`,
		"trust":                 `trust: {caSecretRef: {name: a}}`,
		"lifecycle.idleSeconds": `lifecycle: {idleSeconds: 60}`,
		"restoreFrom":           `restoreFrom: a`,
		"classRef":              `classRef: {name: a}`,
		"runtime.handler":       `runtime: {handler: a}`,
		"expose.host":           `expose: {host: a.example}`,
		"expose.className":      `expose: {className: a}`,
		"servers.podTemplate":   `servers: {podTemplate: {}}`,
		"pools[0].taints[0].xx": `pools: [{name: a, taints: [{key: a, effect: NoSchedule, xx: a}]}]`,
	} {
		cases[field] = createCase{reason: "Strict validation names the unknown field.", spec: spec, want: []string{`unknown field "spec.` + field + `"`}}
	}
	runCreate(t, cases)
}
