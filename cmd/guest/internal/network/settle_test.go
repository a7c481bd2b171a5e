package network

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSettle(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"vcluster/10.244.1.2":         "old\r\neth0",
		"vcluster/10.244.2.2":         "new\r\neth0",
		"vcluster/lock":               "",
		"vcluster/last_reserved_ip.0": "10.244.1.2",
		"cbr0/10.244.1.3":             "k3s",
		"tenants/192.168.0.2":         "other\r\nnet1",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var stopped []string
	var fails error
	l := NewLeftovers(func(_ context.Context, sandbox string) error {
		stopped = append(stopped, sandbox)
		return fails
	}, slog.New(slog.DiscardHandler))
	l.reserved, l.links = dir, func(netip.Prefix) error { return errors.New("pods are looked after all the same") }
	for _, step := range []struct {
		reason, subnet string
		fails          error
		want           []string
	}{
		{"what fails is to be tried again", "10.244.2.0/24", errors.New("busy"), []string{"k3s", "old"}},
		{"pods of other subnets are stopped, those of a tenant's own network never", "10.244.2.0/24", nil, []string{"k3s", "old"}},
		{"one stop is enough", "10.244.2.0/24", nil, nil},
	} {
		stopped, fails = nil, step.fails
		l.Settle(t.Context(), netip.MustParsePrefix(step.subnet))
		slices.Sort(stopped)
		if diff := cmp.Diff(step.want, stopped); diff != "" {
			t.Errorf("%s\nstopped: -want, +got:\n%s", step.reason, diff)
		}
	}
}

func TestSettleNothing(t *testing.T) {
	l := NewLeftovers(func(context.Context, string) error { t.Error("nothing is there to be stopped"); return nil }, slog.New(slog.DiscardHandler))
	l.reserved, l.links = filepath.Join(t.TempDir(), "none"), func(netip.Prefix) error { return nil }
	l.Settle(t.Context(), netip.MustParsePrefix("10.244.2.0/24"))
	if got, err := l.outside(netip.MustParsePrefix("10.244.2.0/24")); err != nil || len(got) > 0 {
		t.Errorf("outside(): %v, %v", got, err)
	}
}
