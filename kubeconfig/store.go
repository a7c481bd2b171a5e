package kubeconfig

import (
	"context"
	"errors"
	"slices"
	"time"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Paths says which kubeconfig files the user has, and which of them takes what
// is new. clientcmd.PathOptions is one.
type Paths interface {
	GetLoadingPrecedence() []string
	GetDefaultFilename() string
}

// Store is the user's kubeconfig: one file, or the list in KUBECONFIG.
type Store struct {
	paths Paths
	wait  func(ctx context.Context, d time.Duration) error
}

// NewStore returns the kubeconfig that paths lead to, usually
// clientcmd.NewDefaultPathOptions().
func NewStore(paths Paths) *Store {
	return &Store{paths: paths, wait: sleep}
}

// Result says what a change did.
type Result struct {
	// Files that were written.
	Files []string
	// CurrentContext after the change; empty if there is none.
	CurrentContext string
}

// Changed says whether anything was written at all.
func (r Result) Changed() bool { return len(r.Files) > 0 }

// Owned is a context of ours in the user's kubeconfig.
type Owned struct {
	Context string
	Owner   string
	Current bool
	// Previous is the context that was current before, and will be again.
	Previous string
}

// Owned lists the contexts of ours, sorted by name.
func (s *Store) Owned() ([]Owned, error) {
	set, err := s.load()
	if err != nil {
		return nil, err
	}
	var owned []Owned
	for _, name := range set.contextNames() {
		m, ok := readMarker(set.context(name).Extensions)
		if ok {
			owned = append(owned, Owned{Context: name, Owner: m.Owner, Current: set.current() == name, Previous: m.PreviousContext})
		}
	}
	return owned, nil
}

// change runs one change of the user's files under their locks.
func (s *Store) change(ctx context.Context, do func(*fileSet) error) (result Result, err error) {
	paths := s.pathList()
	if len(paths) == 0 {
		return Result{}, errors.New("no kubeconfig file: KUBECONFIG names none and there is no home directory")
	}
	unlock, err := locker{wait: s.wait}.lock(ctx, paths)
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, unlock()) }()

	set, err := s.load()
	if err != nil {
		return Result{}, err
	}
	if err := do(set); err != nil {
		return Result{}, err
	}
	written, err := set.save()
	return Result{Files: written, CurrentContext: set.current()}, err
}

// pathList is the list of files, without the empty and the repeated.
func (s *Store) pathList() []string {
	var paths []string
	for _, path := range append(s.paths.GetLoadingPrecedence(), s.paths.GetDefaultFilename()) {
		if path != "" && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}

func (s *Store) load() (*fileSet, error) {
	set := &fileSet{}
	for _, path := range s.pathList() {
		f, err := loadFile(path)
		if err != nil {
			return nil, err
		}
		set.files = append(set.files, f)
		if set.target == nil || path == s.paths.GetDefaultFilename() {
			set.target = f
		}
	}
	return set, nil
}

// fileSet is all of the user's files. Where two define the same name the first
// one counts.
type fileSet struct {
	files  []*file
	target *file // takes what is new
}

// find returns the first file for which has is true.
func (s *fileSet) find(has func(*clientcmdapi.Config) bool) *file {
	for _, f := range s.files {
		if has(f.config) {
			return f
		}
	}
	return nil
}

// current is the effective current context.
func (s *fileSet) current() string {
	f := s.find(func(c *clientcmdapi.Config) bool { return c.CurrentContext != "" })
	if f == nil {
		return ""
	}
	return f.config.CurrentContext
}

func (s *fileSet) contextFile(name string) *file {
	return s.find(func(c *clientcmdapi.Config) bool { return c.Contexts[name] != nil })
}

func (s *fileSet) clusterFile(name string) *file {
	return s.find(func(c *clientcmdapi.Config) bool { return c.Clusters[name] != nil })
}

func (s *fileSet) userFile(name string) *file {
	return s.find(func(c *clientcmdapi.Config) bool { return c.AuthInfos[name] != nil })
}

func (s *fileSet) context(name string) *clientcmdapi.Context {
	if f := s.contextFile(name); f != nil {
		return f.config.Contexts[name]
	}
	return nil
}

func (s *fileSet) contextNames() []string {
	var names []string
	for _, f := range s.files {
		for name := range f.config.Contexts {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// relink is relink for every file.
func (s *fileSet) relink(from, to string) error {
	for _, f := range s.files {
		if err := relink(f.config, from, to); err != nil {
			return err
		}
	}
	return nil
}

func (s *fileSet) save() ([]string, error) {
	var written []string
	for _, f := range s.files {
		changed, err := f.save()
		if err != nil {
			return written, err
		}
		if changed {
			written = append(written, f.path)
		}
	}
	return written, nil
}
