package kubeconfig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// foreign is a kubeconfig with things in it that we have no idea of.
const foreignConfig = `apiVersion: v1
kind: Config
preferences: {}
current-context: work
clusters:
- name: work
  cluster:
    server: https://work.example:6443
    certificate-authority: ./relative/ca.crt
    proxy-url: socks5://localhost:1080
contexts:
- name: work
  context:
    cluster: work
    user: me
    namespace: team
    extensions:
    - name: other.example
      extension: {kept: true}
users:
- name: me
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: login
      interactiveMode: Never
`

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// paths is a fixed list; the first file that exists, or the last, is the
// default, as with KUBECONFIG.
type paths []string

func (p paths) GetLoadingPrecedence() []string { return p }

func (p paths) GetDefaultFilename() string {
	for _, path := range p {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return p[len(p)-1]
}

// newFiles writes files into a new folder and returns their paths. An empty
// content means that the file does not exist.
func newFiles(t *testing.T, contents ...string) paths {
	t.Helper()
	dir := t.TempDir()
	var list paths
	for i, content := range contents {
		path := filepath.Join(dir, fmt.Sprintf("config%d", i))
		if content != "" {
			writeFile(t, path, content)
		}
		list = append(list, path)
	}
	return list
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// see reads the files as kubectl would.
func see(t *testing.T, list paths) *clientcmdapi.Config {
	t.Helper()
	rules := &clientcmd.ClientConfigLoadingRules{Precedence: list, DoNotResolvePaths: true}
	config, err := rules.Load()
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func entry(t *testing.T, name string) Entry {
	t.Helper()
	return Entry{Context: name, Owner: "team/" + name, Kubeconfig: build(t, newParams(t)), Use: true}
}

func mustMerge(t *testing.T, s *Store, e Entry) Result {
	t.Helper()
	result, err := s.Merge(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func mustRemove(t *testing.T, s *Store, name string) Result {
	t.Helper()
	result, err := s.Remove(t.Context(), name, "team/"+name)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestFileList(t *testing.T) {
	second := strings.ReplaceAll(foreignConfig, "work", "second")
	cases := map[string]struct {
		reason  string
		files   []string
		written int // index of the file that takes the entry
		want    string
	}{
		"FirstMissing": {reason: "The first file that exists takes it.", files: []string{"", foreignConfig}, written: 1, want: "work"},
		"NoneExists":   {reason: "The last takes it where there is none.", files: []string{"", ""}, written: 1, want: ""},
		"Two":          {reason: "The first of two takes it.", files: []string{foreignConfig, second}, written: 0, want: "work"},
		"SecondCounts": {
			reason: "The current context may come from a later file; that one is not touched.",
			files:  []string{"apiVersion: v1\nkind: Config\n", second}, written: 0, want: "second",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			list := newFiles(t, tc.files...)
			s := NewStore(list)
			result := mustMerge(t, s, entry(t, "a"))
			if diff := cmp.Diff([]string{list[tc.written]}, result.Files); diff != "" {
				t.Errorf("%s written: -want, +got:\n%s", tc.reason, diff)
			}
			if got := see(t, list).CurrentContext; got != "a" {
				t.Errorf("current context %q", got)
			}
			if got := mustRemove(t, s, "a").CurrentContext; got != tc.want {
				t.Errorf("%s current context after removal %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

// An entry is updated in the file that has it, not copied into another.
func TestFileListUpdatesInPlace(t *testing.T) {
	list := newFiles(t, "", foreignConfig)
	s, e := NewStore(list), entry(t, "a")
	mustMerge(t, s, e)
	writeFile(t, list[0], strings.ReplaceAll(foreignConfig, "work", "later"))
	e.Use = false
	e.Kubeconfig = build(t, newParams(t))
	result := mustMerge(t, s, e)
	if diff := cmp.Diff([]string{list[1]}, result.Files); diff != "" {
		t.Errorf("written: -want, +got:\n%s", diff)
	}
}

func TestClientGoPathOptions(t *testing.T) {
	list := newFiles(t, foreignConfig, foreignConfig)
	t.Setenv("KUBECONFIG", strings.Join(append(list, "", list[0]), string(os.PathListSeparator)))
	result := mustMerge(t, NewStore(clientcmd.NewDefaultPathOptions()), entry(t, "a"))
	if diff := cmp.Diff([]string{list[0]}, result.Files); diff != "" {
		t.Errorf("written: -want, +got:\n%s", diff)
	}
}

func TestOwned(t *testing.T) {
	list := newFiles(t, foreignConfig)
	s := NewStore(list)
	mustMerge(t, s, entry(t, "b"))
	mustMerge(t, s, entry(t, "a"))
	got, err := s.Owned()
	if err != nil {
		t.Fatal(err)
	}
	want := []Owned{{Context: "a", Owner: "team/a", Current: true, Previous: "b"}, {Context: "b", Owner: "team/b", Previous: "work"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestSymlinkStays(t *testing.T) {
	list := newFiles(t, foreignConfig)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(list[0], link); err != nil {
		t.Fatal(err)
	}
	mustMerge(t, NewStore(paths{link}), entry(t, "a"))
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the symbolic link was replaced: %v, %v", info, err)
	}
	if see(t, list).CurrentContext != "a" {
		t.Error("the file behind the link was not written")
	}
}

func TestBadFiles(t *testing.T) {
	broken := newFiles(t, "clusters: {")
	_, err := NewStore(broken).Merge(t.Context(), entry(t, "a"))
	wantError(t, "A file that cannot be read is named, not overwritten.", err, broken[0])
	_, err = NewStore(broken).Remove(t.Context(), "a", "team/a")
	wantError(t, "Nor by a removal.", err, broken[0])
	if data, err := os.ReadFile(broken[0]); err != nil || string(data) != "clusters: {" {
		t.Errorf("the broken file was changed: %q, %v", data, err)
	}
	_, err = NewStore(paths{""}).Merge(t.Context(), entry(t, "a"))
	wantError(t, "No file at all is an error.", err, "no kubeconfig file")
}

func TestBadEntries(t *testing.T) {
	s := NewStore(newFiles(t, foreignConfig))
	_, err := s.Merge(t.Context(), Entry{Context: "a", Kubeconfig: build(t, newParams(t))})
	wantError(t, "Nobody could remove it.", err, "need a name")
	_, err = s.Merge(t.Context(), Entry{Context: "a", Owner: "x", Kubeconfig: []byte("{}")})
	wantError(t, "There must be something to merge.", err, "no current-context")
}

func TestLock(t *testing.T) {
	list := newFiles(t, foreignConfig)
	lock := list[0] + ".lock"
	writeFile(t, lock, "")

	t.Run("Released", func(t *testing.T) {
		s := NewStore(list)
		waits := 0
		s.wait = func(context.Context, time.Duration) error {
			waits++
			if waits == 3 {
				return os.Remove(lock)
			}
			return nil
		}
		mustMerge(t, s, entry(t, "a"))
		if waits != 3 {
			t.Errorf("waited %d times, want 3", waits)
		}
	})
	writeFile(t, lock, "")
	t.Run("Stale", func(t *testing.T) {
		s := NewStore(list)
		var waited time.Duration
		s.wait = func(_ context.Context, d time.Duration) error { waited += d; return nil }
		_, err := s.Merge(t.Context(), entry(t, "a"))
		wantError(t, "A lock nobody holds must be named.", err, fmt.Sprintf("delete %q", lock))
		if waited < lockPatience || waited > lockPatience+time.Second {
			t.Errorf("waited %s", waited)
		}
	})
	t.Run("Cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := NewStore(list).Merge(ctx, entry(t, "a"))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	if _, err := os.Stat(lock); err != nil {
		t.Errorf("somebody else's lock was removed: %v", err)
	}
}

// Many changes at once lose nothing: neither each other's, nor kubectl's.
func TestConcurrentChanges(t *testing.T) {
	list := newFiles(t, foreignConfig)
	var group sync.WaitGroup
	names := []string{"a", "b", "c", "d", "e", "f"}
	for _, name := range names {
		e := entry(t, name)
		group.Go(func() {
			if _, err := NewStore(list).Merge(context.Background(), e); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := len(see(t, list).Contexts); got != len(names)+1 {
		t.Errorf("%d contexts, want %d", got, len(names)+1)
	}
	for _, name := range names {
		group.Go(func() {
			if _, err := NewStore(list).Remove(context.Background(), name, "team/"+name); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	got := see(t, list)
	if len(got.Contexts) != 1 || got.CurrentContext != "work" {
		t.Errorf("left: %d contexts, current %q", len(got.Contexts), got.CurrentContext)
	}
}
