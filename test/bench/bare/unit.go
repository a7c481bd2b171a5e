//go:build linux

package bare

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	sdunit "github.com/coreos/go-systemd/v22/unit"
)

// Kinds of units, by when the next one may start.
const (
	kindExec    = "exec"    // at once
	kindNotify  = "notify"  // when it says that it is ready
	kindOneshot = "oneshot" // when it has ended
)

// command is one line to execute. A failure that is ignored stops nothing.
type command struct {
	words   []string
	ignored bool
}

// unit is what of a unit file matters to start it.
type unit struct {
	name         string
	kind         string
	after        []string
	environment  []string // files
	before, post []command
	main         command
	restart      time.Duration
}

// loadUnits reads the enabled services of a root file system that their
// conditions let run, but for those to skip.
func loadUnits(root string, skip []string) ([]unit, error) {
	files, err := filepath.Glob(filepath.Join(root, "etc/systemd/system/multi-user.target.wants/*.service"))
	if err != nil {
		return nil, err
	}
	var units []unit
	for _, file := range files {
		name := filepath.Base(file)
		if slices.Contains(skip, name) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, "etc/systemd/system", name))
		if errors.Is(err, os.ErrNotExist) {
			continue // one of Debian's own
		}
		if err != nil {
			return nil, err
		}
		if len(content) == 0 {
			continue // masked: a link to /dev/null
		}
		u, wanted, err := parseUnit(name, string(content), exists(root))
		if err != nil {
			return nil, fmt.Errorf("unit %q: %w", name, err)
		}
		if wanted {
			units = append(units, u)
		}
	}
	return units, nil
}

func exists(root string) func(string) bool {
	return func(path string) bool {
		_, err := os.Stat(filepath.Join(root, path))
		return err == nil
	}
}

// parseUnit reads a unit file and says whether its conditions hold.
func parseUnit(name, content string, exists func(string) bool) (unit, bool, error) {
	options, err := sdunit.DeserializeOptions(strings.NewReader(content))
	if err != nil {
		return unit{}, false, err
	}
	u, wanted := unit{name: name, kind: kindExec, restart: 100 * time.Millisecond}, true
	for _, o := range options {
		switch o.Name {
		case "ConditionPathExists":
			wanted = wanted && holds(o.Value, exists)
		case "After":
			u.after = append(u.after, strings.Fields(o.Value)...)
		case "EnvironmentFile":
			u.environment = append(u.environment, o.Value)
		case "Type":
			u.kind = o.Value
		case "RestartSec":
			if u.restart, err = time.ParseDuration(strings.TrimSuffix(o.Value, "s") + "s"); err != nil {
				return unit{}, false, err
			}
		case "ExecStartPre":
			u.before = append(u.before, parseCommand(o.Value))
		case "ExecStart":
			u.main = parseCommand(o.Value)
		case "ExecStartPost":
			u.post = append(u.post, parseCommand(o.Value))
		}
	}
	return u, wanted, nil
}

func holds(condition string, exists func(string) bool) bool {
	if path, ok := strings.CutPrefix(condition, "!"); ok {
		return !exists(path)
	}
	return exists(condition)
}

func parseCommand(line string) command {
	rest, ignored := strings.CutPrefix(line, "-")
	return command{words: strings.Fields(rest), ignored: ignored}
}

// expand replaces words that are a variable by the words of its value, as
// systemd does.
func expand(words []string, env map[string]string) []string {
	var out []string
	for _, word := range words {
		if name, ok := strings.CutPrefix(word, "$"); ok && !strings.HasPrefix(name, "{") {
			out = append(out, strings.Fields(env[name])...)
			continue
		}
		out = append(out, os.Expand(word, func(name string) string { return env[name] }))
	}
	return out
}

// readEnvironment reads environment files. Quotes, which the configuration of a
// benchmark does not need, are refused: they would be read wrongly. A leading
// dash means that the file may be missing.
func readEnvironment(files []string) (map[string]string, error) {
	env := map[string]string{}
	for _, file := range files {
		path, optional := strings.CutPrefix(file, "-")
		content, err := os.ReadFile(path)
		if optional && errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(content)) {
			name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
			if !ok || strings.HasPrefix(name, "#") {
				continue
			}
			if strings.ContainsAny(value, `"'\`) {
				return nil, fmt.Errorf("%s: quotes are not understood: %s", path, line)
			}
			env[name] = value
		}
	}
	return env, nil
}
