//go:build linux

package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/host/internal/network"
)

// rootOptions are those of a host of the tests' own, which gets in nobody's way
// and is gone when the test is.
func rootOptions(t *testing.T) Options {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: it makes namespaces, links and mounts")
	}
	o := Options{Name: "gotest", StateRoot: t.TempDir(), RunRoot: t.TempDir(), Timeout: time.Minute}
	t.Cleanup(func() {
		if err := Down(context.Background(), o, nil); err != nil {
			t.Errorf("clean up: %v", err)
		}
	})
	return o
}

func expectNothingLeft(t *testing.T, o Options) {
	t.Helper()
	left, err := Leftovers(o)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	entries, err := os.ReadDir(o.RunRoot)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if len(entries) > 0 {
		t.Errorf("left below the run root: %v", entries)
	}
}

func TestDownOnNothing(t *testing.T) {
	o := rootOptions(t)
	if err := Down(t.Context(), o, nil); err != nil {
		t.Errorf("Down(...) on nothing: %v", err)
	}
	expectNothingLeft(t, o)
	status, err := GetStatus(t.Context(), o)
	if err != nil || status.Running || len(status.Problems) > 0 {
		t.Errorf("GetStatus(...) of nothing: got %+v, %v", status, err)
	}
	if _, err := Kubeconfig(t.Context(), o); !errors.Is(err, ErrNotRunning) {
		t.Errorf("Kubeconfig(...) of nothing: want ErrNotRunning, got %v", err)
	}
	if err := LoadImage(t.Context(), o, "x.tar", nil); !errors.Is(err, ErrNotRunning) {
		t.Errorf("LoadImage(...) into nothing: want ErrNotRunning, got %v", err)
	}
}

func TestUpRefusesImage(t *testing.T) {
	o := rootOptions(t)
	if _, err := Up(t.Context(), o, nil); !errors.Is(err, ErrNoImage) {
		t.Errorf("Up(...) without an image: want ErrNoImage, got %v", err)
	}
	o.Image = filepath.Join(t.TempDir(), "missing.tar")
	if _, err := Up(t.Context(), o, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Up(...) with an image that is not there: got %v", err)
	}
	expectNothingLeft(t, o)
}

// TestDownAfterHalfAnUp takes away what an Up made that was killed before it
// could write down much.
func TestDownAfterHalfAnUp(t *testing.T) {
	o := rootOptions(t)
	o, err := o.complete()
	if err != nil {
		t.Fatal(err)
	}
	n := namesOf(o)
	used, err := network.Used(n.network.Link)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := network.Choose(network.Plan{}, used)
	if err != nil {
		t.Fatal(err)
	}
	if err := network.Up(n.network, plan, true); err != nil {
		t.Fatal(err)
	}
	want := []string{"network namespace " + n.network.NamespacePath(), "link " + n.network.Link, "nftables table ip " + n.network.Table}
	found, err := network.Leftovers(n.network)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("Leftovers(...) before Down: -want, +got:\n%s", diff)
	}
	status, err := GetStatus(t.Context(), o)
	if err != nil || len(status.Problems) != 1 || status.Problems[0].Reason != "Leftovers" {
		t.Errorf("GetStatus(...) must say what is left: got %+v, %v", status.Problems, err)
	}
	if err := Down(t.Context(), o, nil); err != nil {
		t.Fatal(err)
	}
	expectNothingLeft(t, o)
}

// TestUpAndDown boots the real node image, when told where it is.
func TestUpAndDown(t *testing.T) {
	o := rootOptions(t)
	image := os.Getenv(ImageEnv)
	if image == "" {
		t.Skipf("boots a whole node, for a minute: set %s to the path of a node image to have it", ImageEnv)
	}
	o.Image, o.Timeout = image, 3*time.Minute
	report := func(p Progress) { t.Logf("%s: %s", p.Step, p.Message) }
	first, err := Up(t.Context(), o, report)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Up(t.Context(), o, report)
	if err != nil {
		t.Fatal(err)
	}
	if !first.Ready || again.PID != first.PID {
		t.Errorf("a second Up must change nothing: PID %d, then %d; ready %t", first.PID, again.PID, first.Ready)
	}
	if len(again.FailedUnits) > 0 || len(again.Problems) > 0 {
		t.Errorf("the host has problems: %v %v", again.FailedUnits, again.Problems)
	}
	o.Purge = true
	if err := Down(t.Context(), o, report); err != nil {
		t.Fatal(err)
	}
	expectNothingLeft(t, o)
}
