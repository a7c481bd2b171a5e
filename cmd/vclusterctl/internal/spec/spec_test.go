package spec

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
)

func TestFlagsApply(t *testing.T) {
	type args struct {
		flags Flags
		have  map[string]any
	}
	type want struct {
		spec any
		err  string
	}
	cases := map[string]struct {
		reason string
		args   args
		want   want
	}{
		"Nothing": {
			reason: "What the user did not say must not be in the object: it is the controller's to choose.",
			want:   want{spec: nil},
		},
		"EveryFlag": {
			reason: "Each flag has its place.",
			args: args{flags: Flags{
				Distro: "k8s", Version: "v1.36.3", Image: "example.com/node:1", Runtimes: []string{"userns"}, Servers: ptr.To[int32](1),
				Pools: []string{"w=2"}, Expose: "nodeport", PodCIDR: "10.1.0.0/16", ServiceCIDR: "10.2.0.0/16", TTL: 2 * time.Hour,
			}},
			want: want{spec: map[string]any{
				"distro": "k8s", "version": "v1.36.3", "image": "example.com/node:1",
				"runtime":   map[string]any{"profile": "userns"},
				"servers":   map[string]any{"replicas": int64(1)},
				"pools":     []any{map[string]any{"name": "w", "replicas": int64(2)}},
				"expose":    map[string]any{"type": "NodePort"},
				"network":   map[string]any{"podCIDR": "10.1.0.0/16", "serviceCIDR": "10.2.0.0/16"},
				"lifecycle": map[string]any{"ttlSeconds": int64(7200)},
			}},
		},
		"OverFile": {
			reason: "Flags win over the file and leave the rest of it alone.",
			args: args{
				flags: Flags{Version: "v1.36.3", Pools: []string{"w=5"}},
				have: map[string]any{
					"version": "v1.36.2", "distro": "k8s",
					"pools": []any{map[string]any{"name": "w", "replicas": int64(1), "labels": map[string]any{"a": "b"}}},
				},
			},
			want: want{spec: map[string]any{
				"version": "v1.36.3", "distro": "k8s",
				"pools": []any{map[string]any{"name": "w", "replicas": int64(5), "labels": map[string]any{"a": "b"}}},
			}},
		},
		"SetKeepsTheFieldsType": {
			reason: "A version is a text even where it looks like a number, a config value too.",
			args: args{flags: Flags{Set: []string{
				"version=1.36", `config.kube-apiserver\.v=2`, "servers.storage.size=10Gi", "servers.storage.ephemeral=true",
				"spec.expose.extraSANs=a.example.com,10.0.0.1", "servers.resources.limits.memory=2Gi",
			}}},
			want: want{spec: map[string]any{
				"version": "1.36",
				"config":  map[string]any{"kube-apiserver.v": "2"},
				"expose":  map[string]any{"extraSANs": []any{"a.example.com", "10.0.0.1"}},
				"servers": map[string]any{
					"storage":   map[string]any{"size": "10Gi", "ephemeral": true},
					"resources": map[string]any{"limits": map[string]any{"memory": "2Gi"}},
				},
			}},
		},
		"UnknownField": {
			reason: "A mistyped field is found here, with the ones there are.",
			args:   args{flags: Flags{Set: []string{"network.podCidr=10.0.0.0/8"}}},
			want:   want{err: `spec.network has no field "podCidr", want one of allow, clusterDomain, podCIDR, serviceCIDR`},
		},
		"NotAQuantity": {
			reason: "A quantity is checked here.",
			args:   args{flags: Flags{Set: []string{"servers.storage.size=much"}}},
			want:   want{err: `spec.servers.storage.size: "much"`},
		},
		"NotANumber":   {reason: "A number is checked here.", args: args{flags: Flags{Set: []string{"servers.replicas=x"}}}, want: want{err: `invalid syntax`}},
		"BelowAScalar": {reason: "A text has no fields.", args: args{flags: Flags{Set: []string{"version.major=1"}}}, want: want{err: `spec.version is a single value`}},
		"BelowAList":   {reason: "Lists are for files.", args: args{flags: Flags{Set: []string{"pools.name=x"}}}, want: want{err: `spec.pools is a list`}},
		"AStruct":      {reason: "A struct takes no value.", args: args{flags: Flags{Set: []string{"servers=1"}}}, want: want{err: `holds more than one value`}},
		"NoValue":      {reason: "An = is needed.", args: args{flags: Flags{Set: []string{"version"}}}, want: want{err: `want PATH=VALUE`}},
		"PoolNoNumber": {reason: "A pool needs a number.", args: args{flags: Flags{Pools: []string{"w"}}}, want: want{err: `want NAME=N`}},
		"PoolNegative": {reason: "It cannot be negative.", args: args{flags: Flags{Pools: []string{"w=-1"}}}, want: want{err: `want NAME=N`}},
		"Expose":       {reason: "Only types that there are.", args: args{flags: Flags{Expose: "Tunnel"}}, want: want{err: `--expose "Tunnel": want one of`}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			u := New()
			if tc.args.have != nil {
				u.Object["spec"] = tc.args.have
			}
			err := tc.args.flags.Apply(u)
			if tc.want.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want.err) {
					t.Fatalf("%s\nApply(): got error %v, want one with %q", tc.reason, err, tc.want.err)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s\nApply(): %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want.spec, u.Object["spec"]); diff != "" {
				t.Errorf("%s\nspec: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRead(t *testing.T) {
	const one = "apiVersion: vclusterctl.dev/v1alpha1\nkind: VirtualCluster\nmetadata: {name: dev}\n"
	cases := map[string]struct {
		reason string
		file   string
		want   string
		err    string
	}{
		"One":          {reason: "One object is read.", file: one, want: "dev"},
		"EmptyAround":  {reason: "Empty documents do not count.", file: "---\n" + one + "---\n", want: "dev"},
		"Two":          {reason: "create creates one.", file: one + "---\n" + one, err: "more than one object"},
		"None":         {reason: "A file without an object is a mistake.", file: "# nothing\n", err: "no object"},
		"OtherKind":    {reason: "Another kind is named.", file: "apiVersion: v1\nkind: Pod\n", err: `holds a Pod in apiVersion "v1", want a VirtualCluster`},
		"NotYAML":      {reason: "Syntax errors come through.", file: "a: [", err: "yaml"},
		"StatusIsCut":  {reason: "An object as read from a cluster can be applied.", file: one + "status: {endpoint: x}\n", want: "dev"},
		"JSONIsYAML":   {reason: "JSON is fine.", file: `{"apiVersion":"vclusterctl.dev/v1alpha1","kind":"VirtualCluster","metadata":{"name":"j"}}`, want: "j"},
		"OtherVersion": {reason: "A version of the future is refused.", file: "apiVersion: vclusterctl.dev/v9\nkind: VirtualCluster\n", err: `"vclusterctl.dev/v9"`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			u, err := Read(strings.NewReader(tc.file))
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("%s\nRead(): got error %v, want one with %q", tc.reason, err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s\nRead(): %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, u.GetName()); diff != "" {
				t.Errorf("%s\nname: -want, +got:\n%s", tc.reason, diff)
			}
			if _, found, _ := unstructured.NestedMap(u.Object, "status"); found {
				t.Errorf("%s\nthe status is still there", tc.reason)
			}
		})
	}
}
