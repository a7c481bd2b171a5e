package kubeconfig

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

func TestMergeIntoNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder", "config")
	s, e := NewStore(paths{path}), entry(t, "a")
	result := mustMerge(t, s, e)
	if diff := cmp.Diff(Result{Files: []string{path}, CurrentContext: "a"}, result); diff != "" {
		t.Errorf("result: -want, +got:\n%s", diff)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != fileMode {
		t.Errorf("mode %s, want %s", info.Mode().Perm(), fileMode)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("something besides the kubeconfig is left: %v, %v", entries, err)
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	if want, _ := Parse(e.Kubeconfig); cfg.Host != want.Server {
		t.Errorf("host %q, want %q", cfg.Host, want.Server)
	}
}

func TestMergeAndRemoveLeaveTheRestAlone(t *testing.T) {
	list := newFiles(t, foreignConfig)
	before := see(t, list)
	s := NewStore(list)
	mustMerge(t, s, entry(t, "a"))

	during := see(t, list)
	if during.CurrentContext != "a" || len(during.Contexts) != 2 {
		t.Errorf("the context was not added: %v", during.Contexts)
	}
	info, err := os.Stat(list[0])
	if err != nil || info.Mode().Perm() != fileMode {
		t.Errorf("a file with a key in it can be read by others: %v, %v", info.Mode(), err)
	}
	if result := mustRemove(t, s, "a"); result.CurrentContext != "work" {
		t.Errorf("current context %q, want the one from before", result.CurrentContext)
	}
	if diff := cmp.Diff(before, see(t, list)); diff != "" {
		t.Errorf("-before, +after:\n%s", diff)
	}
}

func TestMergeTwiceChangesNothing(t *testing.T) {
	list := newFiles(t, foreignConfig)
	s, e := NewStore(list), entry(t, "a")
	mustMerge(t, s, e)
	if result := mustMerge(t, s, e); result.Changed() {
		t.Errorf("wrote %v", result.Files)
	}
	if result := mustRemove(t, s, "a"); result.CurrentContext != "work" {
		t.Errorf("current context %q, want %q", result.CurrentContext, "work")
	}
}

func TestMergeUpdates(t *testing.T) {
	list := newFiles(t, foreignConfig)
	s, e := NewStore(list), entry(t, "a")
	mustMerge(t, s, e)
	edit(t, list[0], func(c *clientcmdapi.Config) { c.Contexts["a"].Namespace = "mine" })

	e.Kubeconfig = build(t, with(newParams(t), func(p *Params) { p.Server = "https://moved:6443" }))
	mustMerge(t, s, e)
	got := see(t, list)
	if server := got.Clusters["a"].Server; server != "https://moved:6443" {
		t.Errorf("server %q", server)
	}
	if got.Contexts["a"].Namespace != "mine" {
		t.Error("the user's namespace is lost")
	}
}

func edit(t *testing.T, path string, change func(*clientcmdapi.Config)) {
	t.Helper()
	config, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	change(config)
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
}

// Whatever the order in which contexts come and go, what is current in the end
// is the youngest that is left, or what was current before all of them.
func TestPreviousContext(t *testing.T) {
	cases := map[string]struct {
		reason string
		steps  string // +x merges and uses x, .x merges only, -x removes, !x is kubectl config use-context x
		want   string
	}{
		"One":          {reason: "What was current comes back.", steps: "+a -a", want: "work"},
		"Stack":        {reason: "Last in, first out.", steps: "+a +b -b", want: "a"},
		"Middle":       {reason: "A link that is gone is skipped.", steps: "+a +b -a -b", want: "work"},
		"Again":        {reason: "Connecting anew moves it to the top.", steps: "+a +b +a -a", want: "b"},
		"AgainAll":     {reason: "And loses nothing below.", steps: "+a +b +a -a -b", want: "work"},
		"Deep":         {reason: "A longer chain holds as well.", steps: "+a +b +c +a -c -a -b", want: "work"},
		"NotUsed":      {reason: "A context that was never current leaves the current one.", steps: ".a -a", want: "work"},
		"UsedLater":    {reason: "One that the user switched to goes back to what there was.", steps: ".a !a -a", want: "work"},
		"UpdatedBelow": {reason: "Bringing one up to date without using it does not reorder.", steps: "+a +b .a -b", want: "a"},
		"Switched":     {reason: "The user's own choice stays.", steps: "+a !work -a", want: "work"},
		"Gone":         {reason: "What has been deleted meanwhile cannot come back.", steps: "+a xwork -a", want: ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			list := newFiles(t, foreignConfig)
			s := NewStore(list)
			for step := range strings.FieldsSeq(tc.steps) {
				play(t, s, list, step)
			}
			if got := see(t, list).CurrentContext; got != tc.want {
				t.Errorf("%s current context %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

func play(t *testing.T, s *Store, list paths, step string) {
	t.Helper()
	name := step[1:]
	e := entry(t, name)
	switch step[0] {
	case '+':
		mustMerge(t, s, e)
	case '.':
		e.Use = false
		mustMerge(t, s, e)
	case '-':
		mustRemove(t, s, name)
	case '!':
		edit(t, list[0], func(c *clientcmdapi.Config) { c.CurrentContext = name })
	case 'x':
		edit(t, list[0], func(c *clientcmdapi.Config) { delete(c.Contexts, name) })
	}
}

func TestMergeRefusesForeign(t *testing.T) {
	e := entry(t, "work")
	ours, err := clientcmd.Load(e.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		reason string
		change func(*clientcmdapi.Config)
		want   []string // none: accepted
	}{
		"All":     {reason: "Context and cluster are somebody's.", want: []string{`context "work" in`, `cluster "work" in`, "rename or delete it"}},
		"Cluster": {reason: "A cluster without a context is still somebody's.", change: func(c *clientcmdapi.Config) { delete(c.Contexts, "work") }, want: []string{`cluster "work" in`}},
		"User": {reason: "So is a user.", change: func(c *clientcmdapi.Config) {
			clear(c.Contexts)
			clear(c.Clusters)
			c.AuthInfos["work"] = c.AuthInfos["me"]
		}, want: []string{`user "work" in`}},
		"Identical": {reason: "What would not change may be taken over.", change: func(c *clientcmdapi.Config) { identical(c, ours) }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			list := newFiles(t, foreignConfig)
			if tc.change != nil {
				edit(t, list[0], tc.change)
			}
			before := see(t, list)
			_, err := NewStore(list).Merge(t.Context(), e)
			if len(tc.want) == 0 {
				if err != nil {
					t.Errorf("%s got %v", tc.reason, err)
				}
				return
			}
			if !errors.Is(err, ErrForeign) {
				t.Errorf("%s got %v, want ErrForeign", tc.reason, err)
			}
			for _, want := range tc.want {
				wantError(t, tc.reason, err, want)
			}
			if diff := cmp.Diff(before, see(t, list)); diff != "" {
				t.Errorf("refused, and changed all the same:\n%s", diff)
			}
		})
	}
}

// identical writes the entry called "work" that a merge would write, unmarked.
func identical(c, ours *clientcmdapi.Config) {
	c.Contexts["work"] = &clientcmdapi.Context{Cluster: "work", AuthInfo: "work"}
	c.Clusters["work"] = ours.Clusters["dev"]
	c.AuthInfos["work"] = ours.AuthInfos["dev"]
}

func TestMergeReplacesAbandoned(t *testing.T) {
	list := newFiles(t, foreignConfig)
	s, e := NewStore(list), entry(t, "a")
	mustMerge(t, s, e)
	edit(t, list[0], func(c *clientcmdapi.Config) { delete(c.Contexts, "a") })
	e.Owner = "other/a"
	if _, err := s.Merge(t.Context(), e); err != nil {
		t.Errorf("What is ours and unused may go, but: %v", err)
	}
}

func TestOtherOwner(t *testing.T) {
	list := newFiles(t, foreignConfig)
	s, e := NewStore(list), entry(t, "a")
	mustMerge(t, s, e)
	e.Owner = "other/a"
	_, err := s.Merge(t.Context(), e)
	wantError(t, "Another cluster of the same context name does not overwrite.", err, "belongs to something else (team/a)")
	_, err = s.Remove(t.Context(), "a", "other/a")
	wantError(t, "Nor does it remove.", err, `it was not added for "other/a"`)
	_, err = s.Remove(t.Context(), "work", "team/work")
	wantError(t, "A context that is not ours is not removed.", err, `context "work"`)
}

func TestRemoveNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "config")
	result := mustRemove(t, NewStore(paths{path}), "a")
	if result.Changed() {
		t.Errorf("wrote %v", result.Files)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removing nothing made a folder: %v", err)
	}
}

func TestRemoveKeepsWhatOthersUse(t *testing.T) {
	list := newFiles(t, foreignConfig)
	s := NewStore(list)
	mustMerge(t, s, entry(t, "a"))
	edit(t, list[0], func(c *clientcmdapi.Config) {
		c.Contexts["mine"] = &clientcmdapi.Context{Cluster: "a", AuthInfo: "a", Namespace: "x"}
	})
	mustRemove(t, s, "a")
	got := see(t, list)
	if got.Contexts["a"] != nil || got.Clusters["a"] == nil || got.AuthInfos["a"] == nil {
		t.Error("a context of the user lost its cluster or user")
	}
}
