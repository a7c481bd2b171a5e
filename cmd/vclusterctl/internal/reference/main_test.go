package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found[e.Name()] = string(data)
	}
	return found
}

// written runs the command into a folder that has a page of a verb that is no
// more, and one of somebody else.
func written(t *testing.T, kind string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"vclusterctl_gone.md", "vclusterctl-gone.1", "README.md"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := run([]string{kind, dir}); err != nil {
		t.Fatal(err)
	}
	return files(t, dir)
}

var (
	fenced = regexp.MustCompile("(?s)```.*?```")
	link   = regexp.MustCompile(`\]\(([^)]+)\)`)
	tag    = regexp.MustCompile(`<[a-zA-Z]`)
)

func TestMarkdown(t *testing.T) {
	pages := written(t, "markdown")
	each(program(), func(cmd *cobra.Command) {
		if cmd.IsAvailableCommand() && pages[strings.ReplaceAll(cmd.CommandPath(), " ", "_")+".md"] == "" {
			t.Errorf("%q has no page", cmd.CommandPath())
		}
	})
	for name, page := range pages {
		for _, to := range link.FindAllStringSubmatch(page, -1) {
			if _, ok := pages[to[1]]; !ok {
				t.Errorf("%s links to %s, which is not there", name, to[1])
			}
		}
		if found := tag.FindString(fenced.ReplaceAllString(page, "")); found != "" {
			t.Errorf("%s has %q, which is taken for HTML and not shown", name, found)
		}
		if strings.Contains(page, "Auto generated") {
			t.Errorf("%s tells when it was made", name)
		}
	}
	if _, ok := pages["vclusterctl_gone.md"]; ok {
		t.Error("the page of a verb that is no more must go")
	}
	if _, ok := pages["README.md"]; !ok {
		t.Error("a page that somebody wrote must stay")
	}
}

func TestMan(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1795219200")
	pages := written(t, "man")
	if page := pages["vclusterctl-logs.1"]; !strings.Contains(page, `"Nov 2026"`) || !strings.Contains(page, `\fB--follow\fP`) {
		t.Errorf("the page of logs must have its flags and the date it was given:\n%s", page)
	}
	if _, ok := pages["vclusterctl-gone.1"]; ok {
		t.Error("the page of a verb that is no more must go")
	}
}

func TestCompletions(t *testing.T) {
	got := written(t, "completions")
	for name, has := range map[string]string{
		"vclusterctl.bash": "__start_vclusterctl", "_vclusterctl": "#compdef vclusterctl", "vclusterctl.fish": "complete -c vclusterctl",
		"vclusterctl.ps1": "Register-ArgumentCompleter", "kubectl_complete-vclusterctl": `exec kubectl-vclusterctl __complete "$@"`,
	} {
		if !strings.Contains(got[name], has) {
			t.Errorf("%s has no %q", name, has)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, args := range [][]string{nil, {"markdown"}, {"pdf", t.TempDir()}} {
		if err := run(args); err == nil || !strings.Contains(err.Error(), "want markdown, man or completions") {
			t.Errorf("run(%q): got %v", args, err)
		}
	}
}
