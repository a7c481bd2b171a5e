package nodesetup

import (
	"errors"
	"fmt"
	"slices"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// ErrForeign is for a handler that somebody else has put on the node.
var ErrForeign = errors.New("it was not put there by \"vclusterctl runtime install\"")

// Undo plans how a node loses the handler of a profile again. Files in the plan
// need not be there.
func Undo(p profile.Profile, n Node) (Plan, error) {
	k := p.Knowledge()
	plan, err := undoPlan(p, k, n)
	if err != nil {
		return Plan{}, fmt.Errorf("take runtime %q off a node with %s: %w", k.Name, n.Kind, err)
	}
	return plan, nil
}

func undoPlan(p profile.Profile, k profile.Knowledge, n Node) (Plan, error) {
	s, err := readFor(p, k, n)
	if err != nil {
		return Plan{}, err
	}
	if theirs, ok := s.find(k.Handler); ok {
		return Plan{}, fmt.Errorf("%s has the handler %q, and %w: %s", theirs.path, k.Handler, ErrForeign, s.foreignRemedy())
	}
	config, err := s.hostConfig(p, k, formatV3)
	if err != nil {
		return Plan{}, err
	}
	plan := s.plan(k, config)
	// What is read comes first: a handler must not outlive what it needs.
	plan.Files = s.undoConfig()
	for _, f := range s.besides(config) {
		plan.Files = append(plan.Files, File{Path: f.Path, Role: f.Role, Remove: true})
	}
	return plan, nil
}

func (s setup) foreignRemedy() string {
	if s.node.Kind == Embedded {
		return "start the host without it, with \"vclusterctl host up --restart --no-runtime\""
	}
	return "take it out there, and restart the container runtime"
}

// undoConfig takes the handler out of wherever Make may have put it.
func (s setup) undoConfig() []File {
	var files []File
	shared := slices.Clone(s.node.Templates)
	if s.layout.DropIns != "" {
		files = append(files, File{Path: s.layout.DropIns + "/" + s.file, Role: RoleConfig, Remove: true})
	} else {
		for _, t := range s.node.Imported {
			if s.ours(t.Path) {
				files = append(files, File{Path: t.Path, Role: RoleConfig, Remove: true})
			}
		}
		if s.node.Config != nil && s.layout.Templates == "" {
			shared = append(shared, *s.node.Config)
		}
	}
	for _, t := range shared {
		if rest, found := withoutBlock(t.Data, s.runtime); found {
			files = append(files, File{
				Path: t.Path, Role: RoleConfig, Mode: fileMode, Data: rest, Shared: true, Remove: nothingElse(rest),
			})
		}
	}
	return files
}

// nothingElse says whether a file is what Make begins one with.
func nothingElse(data []byte) bool {
	return string(data) == made+baseTemplate || string(data) == fmt.Sprintf("%sversion = %d\n", made, formatV3)
}
