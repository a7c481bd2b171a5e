package acceptance

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/verbs"
)

// root is the folder of the README.
const root = "../../../.."

var (
	// Commands stand at a prompt, or between backquotes.
	prompted = regexp.MustCompile(`(?m)^[$#] ((?:bin/|kubectl )?vclusterctl\b.*)$`)
	quoted   = regexp.MustCompile("`(vclusterctl(?: [^`]*)?)`")
	links    = regexp.MustCompile(`\]\(([^)#]+)`)
)

func readme(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestReadmeCommands: the program takes every command that the README shows.
func TestReadmeCommands(t *testing.T) {
	text := strings.ReplaceAll(readme(t), "\\\n", " ")
	commands := append(prompted.FindAllStringSubmatch(text, -1), quoted.FindAllStringSubmatch(text, -1)...)
	if len(commands) < 15 {
		t.Fatalf("want the commands of the README, found %d", len(commands))
	}
	for _, found := range commands {
		line, _, _ := strings.Cut(found[1], " #")
		words := strings.Fields(strings.TrimPrefix(line, "kubectl "))
		if err := takes(words[1:]); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// takes says what the program has against a call.
func takes(words []string) error {
	streams := cli.Streams{}
	streams.In, streams.Out, streams.ErrOut = &bytes.Buffer{}, io.Discard, io.Discard
	cmd, flags, err := verbs.NewRoot(cli.NewFactory("vclusterctl", streams)).Find(words)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(flags); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// TestReadmeLinks: what the README links to is there, and it links to every page.
func TestReadmeLinks(t *testing.T) {
	linked := map[string]bool{}
	for _, link := range links.FindAllStringSubmatch(readme(t), -1) {
		linked[filepath.Clean(link[1])] = true
		if _, err := os.Stat(filepath.Join(root, link[1])); err != nil {
			t.Errorf("the README links to %s: %v", link[1], err)
		}
	}
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, page := range pages {
		name, err := filepath.Rel(root, page)
		if err != nil {
			t.Fatal(err)
		}
		if !linked[name] && !linked[name+"/README.md"] && name != "docs/images" {
			t.Errorf("nobody finds %s: the README does not link to it", name)
		}
	}
}
