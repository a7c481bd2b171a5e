//go:build linux

package host

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/kubeconfig"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

func testNames(t *testing.T) (Options, names) {
	t.Helper()
	o, err := Options{StateRoot: t.TempDir(), RunRoot: t.TempDir()}.complete()
	if err != nil {
		t.Fatal(err)
	}
	return o, namesOf(o)
}

func TestOptions(t *testing.T) {
	cases := map[string]struct {
		reason  string
		options Options
		err     string
	}{
		"Zero":     {reason: "Everything has a default."},
		"Longest":  {reason: "The link's name still fits.", options: Options{Name: "abcdefghijk"}},
		"TooLong":  {reason: "A longer name makes no link.", options: Options{Name: "abcdefghijkl"}, err: "at most 11"},
		"Path":     {reason: "A name is not a path.", options: Options{Name: "../x"}, err: "host name"},
		"Relative": {reason: "Mounts need absolute paths.", options: Options{StateRoot: "state"}, err: "absolute"},
		"Timeout":  {reason: "A negative time-out is a mistake.", options: Options{Timeout: -1}, err: "positive"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o, err := tc.options.complete()
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("\n%s\ncomplete(): want an error with %q, got %v", tc.reason, tc.err, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if link := namesOf(o).network.Link; len(link) > 15 {
				t.Errorf("link name %q is longer than the kernel takes", link)
			}
		})
	}
}

func TestContextNameIsTheContract(t *testing.T) {
	if got := (Options{}).ContextName(); got != kubeconfig.HostContext {
		t.Errorf("ContextName(): got %q, want %q", got, kubeconfig.HostContext)
	}
}

func TestCredentialsAreMadeOnce(t *testing.T) {
	_, n := testNames(t)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	first, err := ensureCredentials(n, now)
	if err != nil {
		t.Fatal(err)
	}
	second, err := ensureCredentials(n, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if first.identity.Fingerprint() != second.identity.Fingerprint() {
		t.Error("a second call made another identity")
	}
	if diff := cmp.Diff(first.join, second.join); diff != "" {
		t.Errorf("a second call made other join credentials: %s", diff)
	}
	info, err := os.Stat(filepath.Join(n.identity, guestapi.IdentityCAKey))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the CA key has mode %v", info.Mode())
	}
}

func TestCredentialsLost(t *testing.T) {
	_, n := testNames(t)
	if err := writeTree(n.data, map[string][]byte{"etcd/member": nil}); err != nil {
		t.Fatal(err)
	}
	_, err := ensureCredentials(n, time.Now())
	if err == nil || !strings.Contains(err.Error(), "--purge") {
		t.Errorf("data without an identity must not get a new one: got %v", err)
	}
}

func TestCredentialsDamaged(t *testing.T) {
	_, n := testNames(t)
	if _, err := ensureCredentials(n, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(n.identity, guestapi.IdentityCAKey), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ensureCredentials(n, time.Now()); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged identity must be refused: got %v", err)
	}
}

func TestKubeconfigIsKept(t *testing.T) {
	o, n := testNames(t)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c, err := ensureCredentials(n, now)
	if err != nil {
		t.Fatal(err)
	}
	get := func(server string, at time.Time) string {
		data, err := ensureKubeconfig(o, n, c, server, at)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	first := get("https://10.213.0.2:6443", now)
	if get("https://10.213.0.2:6443", now.Add(24*time.Hour)) != first {
		t.Error("a kubeconfig that serves was made anew: a second Up would change the user's file")
	}
	if get("https://10.216.0.2:6443", now) == first {
		t.Error("a kubeconfig for another address was kept")
	}
	if old := get("https://10.216.0.2:6443", now); get("https://10.216.0.2:6443", now.Add(adminLifetime)) == old {
		t.Error("an expired kubeconfig was kept")
	}
}

func TestCheckSettings(t *testing.T) {
	kept := settings{Plan: testPlan()}
	cases := map[string]struct {
		reason  string
		options Options
		used    []netip.Prefix
		err     string
	}{
		"Same":     {reason: "Asking for what is there is fine.", options: Options{PodCIDR: kept.Plan.PodCIDR}},
		"Other":    {reason: "A host keeps its ranges for life.", options: Options{PodCIDR: netip.MustParsePrefix("10.1.0.0/16")}, err: "cannot change to 10.1.0.0/16"},
		"Conflict": {reason: "A route that came later is named.", used: []netip.Prefix{netip.MustParsePrefix("10.214.3.0/24")}, err: "overlaps 10.214.3.0/24"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := checkSettings(tc.options, kept, tc.used)
			if (tc.err == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), tc.err)) {
				t.Errorf("\n%s\ncheckSettings(...): got %v, want an error with %q", tc.reason, err, tc.err)
			}
		})
	}
}

func TestPlansOfOthers(t *testing.T) {
	o, n := testNames(t)
	if err := writeJSON(n.settings, settings{Plan: testPlan()}); err != nil {
		t.Fatal(err)
	}
	got, err := plansOfOthers(o)
	if err != nil || len(got) != 3 {
		t.Errorf("plansOfOthers(...): got %v, %v; want three ranges", got, err)
	}
}

func TestLock(t *testing.T) {
	_, n := testNames(t)
	unlock, err := lock(t.Context(), n.lock, nil)
	if err != nil {
		t.Fatal(err)
	}
	timed, cancel := context.WithTimeout(t.Context(), 2*lockStep)
	defer cancel()
	if _, err := lock(timed, n.lock, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second command got the lock, or failed otherwise: %v", err)
	}
	unlock()
	if _, err := os.Stat(n.lock); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock's file is left behind: %v", err)
	}
	again, err := lock(t.Context(), n.lock, nil)
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestBootView(t *testing.T) {
	at := func(name string, second int) guestapi.Milestone {
		return guestapi.Milestone{Name: name, Time: time.Unix(int64(second), 0)}
	}
	var said []string
	v := bootView{report: func(p Progress) { said = append(said, p.Step) }}
	reports := []guestapi.Report{
		{Timeline: []guestapi.Milestone{at(guestapi.MilestoneInit, 1)}},
		{Timeline: []guestapi.Milestone{at(guestapi.MilestoneInit, 1), at(guestapi.MilestoneAPI, 4)}},
		{Timeline: []guestapi.Milestone{at(guestapi.MilestoneInit, 1), at(guestapi.MilestoneAPI, 4)}, Schedulable: true},
	}
	for i, r := range reports {
		if done := v.see(r); done != (i == 2) {
			t.Errorf("report %d: see(...) says done=%t", i, done)
		}
	}
	if diff := cmp.Diff([]string{"Init", "API"}, said); diff != "" {
		t.Errorf("each milestone is shown once: -want, +got:\n%s", diff)
	}
}
