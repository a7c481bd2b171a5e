package main

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/images"
)

// fakeK3s runs like k3s: it tells its version, and unpacks programs.
type fakeK3s struct {
	says   string
	unpack bool
}

var errFake = errors.New("fake")

func (f fakeK3s) run(_ context.Context, c command) (string, error) {
	if c.args[1] == "--version" {
		return f.says, nil
	}
	if !f.unpack {
		return "", errFake
	}
	data := filepath.Join(strings.TrimPrefix(c.env[0], "K3S_DATA_DIR="), "data")
	bin := filepath.Join(data, "abc", "bin")
	return "", errors.Join(
		os.MkdirAll(bin, 0o755),
		os.WriteFile(filepath.Join(bin, "k3s"), []byte("inner"), 0o755),
		os.WriteFile(filepath.Join(data, ".lock"), nil, 0o600),
		os.Symlink("k3s", filepath.Join(bin, "kubectl")),
		os.Symlink(filepath.Join(data, "abc"), filepath.Join(data, "current")),
	)
}

func k3sOptions(t *testing.T) options {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "given")
	if err := os.WriteFile(binary, []byte("outer"), 0o644); err != nil {
		t.Fatal(err)
	}
	return options{cache: t.TempDir(), k3s: binary, progress: io.Discard}
}

const goodVersion = "k3s version " + images.KubernetesVersion + "+k3s1 (abcdef12)\ngo version go1.26.0"

func TestMakeK3s(t *testing.T) {
	cases := map[string]struct {
		reason string
		unpack bool
		want   []string
	}{
		"Unpacked": {reason: "Nodes share the programs, and links fit them.", unpack: true, want: []string{
			"usr/local/bin/k3s",
			"usr/share/vcluster/k3s/data/abc/bin/k3s",
			"usr/share/vcluster/k3s/data/abc/bin/kubectl -> k3s",
			"usr/share/vcluster/k3s/data/current -> /var/lib/rancher/k3s/data/abc",
			"usr/share/vcluster/k3s/version",
		}},
		"Packed": {reason: "Where they can't be unpacked here, each node does it.", want: []string{
			"usr/local/bin/k3s", "usr/share/vcluster/k3s/version",
		}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			dir, err := makeK3s(t.Context(), fakeK3s{says: goodVersion, unpack: tc.unpack}, k3sOptions(t))
			if err != nil {
				t.Fatal(err)
			}
			made, err := k3sTree(dir)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, name := range slices.Sorted(maps.Keys(made.nodes)) {
				if link := made.nodes[name].header.Linkname; link != "" {
					name += " -> " + link
				}
				got = append(got, name)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s -want, +got:\n%s", tc.reason, diff)
			}
			version, err := carriedK3s(parts{k3s: dir})
			if err != nil || version != images.KubernetesVersion+"+k3s1" {
				t.Errorf("version %q, %v", version, err)
			}
			config := nodeConfig(version)
			if config.Labels[images.DistrosLabel] != "k8s,k3s" || config.Labels[images.K3sVersionLabel] != version {
				t.Errorf("labels %v", config.Labels)
			}
		})
	}
}

func TestMakeK3sRefuses(t *testing.T) {
	cases := map[string]struct {
		reason string
		says   string
		want   string
	}{
		"Other":   {"another program was given", "v1.2.3", "this is no k3s"},
		"Version": {"a cluster gets the Kubernetes that it asks for", "k3s version v1.30.1+k3s1 (x)", "does not fit"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := makeK3s(t.Context(), fakeK3s{says: tc.says}, k3sOptions(t))
			if !strings.Contains(errorText(err), tc.want) || err == nil {
				t.Errorf("%s: got error %v", tc.reason, err)
			}
		})
	}
}

func TestMakeK3sLeftOut(t *testing.T) {
	opts := k3sOptions(t)
	opts.k3s = withoutK3s
	dir, err := makeK3s(t.Context(), fakeK3s{}, opts)
	if dir != "" || err != nil {
		t.Errorf("got %q, %v", dir, err)
	}
	if got := nodeConfig("").Labels; got[images.DistrosLabel] != "k8s" || got[images.K3sVersionLabel] != "" {
		t.Errorf("labels %v", got)
	}
}

func TestMakeK3sNotThere(t *testing.T) {
	opts := k3sOptions(t)
	opts.k3s += "-not"
	if _, err := makeK3s(t.Context(), fakeK3s{}, opts); err == nil || !strings.Contains(err.Error(), "K3S_BINARY") {
		t.Errorf("got error %v, want one that says which setting is wrong", err)
	}
}
