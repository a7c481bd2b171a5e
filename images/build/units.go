package main

import (
	"fmt"
	"path"
	"strings"
)

// unitDir is where a machine's administrator puts units.
const unitDir = "etc/systemd/system"

// maskUnits makes units impossible to start, wherever they come from.
func maskUnits(t *tree, units []string) {
	for _, unit := range units {
		t.link(path.Join(unitDir, unit), "/dev/null")
	}
}

// setDefaultTarget chooses what a boot leads to.
func setDefaultTarget(t *tree, target string) {
	t.link(path.Join(unitDir, "default.target"), "/usr/lib/systemd/system/"+target)
}

// enableUnits has units of this tree started with multi-user.target.
func enableUnits(t *tree, units []string) error {
	for _, unit := range units {
		at := path.Join(unitDir, unit)
		if template, _, instance := strings.Cut(unit, "@"); instance {
			at = path.Join(unitDir, template+"@"+path.Ext(unit))
		}
		if !t.has(at) {
			return fmt.Errorf("cannot enable unit %q: there is no /%s", unit, at)
		}
		t.link(path.Join(unitDir, "multi-user.target.wants", unit), "/"+at)
	}
	return nil
}
