package keys_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"charm.land/bubbles/v2/key"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/keys"
)

// TestGroups: every key that is declared is explained, once.
func TestGroups(t *testing.T) {
	m := keys.Default()
	explained := map[string]int{}
	for _, g := range m.Groups() {
		if g.Title == "" || g.Where == "" {
			t.Errorf("a group has no title, or does not say where its keys work: %+v", g)
		}
		for _, b := range g.Keys {
			explained[name(b)]++
		}
	}
	v := reflect.ValueOf(*m)
	for i := range v.NumField() {
		b := v.Field(i).Interface().(key.Binding)
		if !b.Enabled() || b.Help().Key == "" || b.Help().Desc == "" {
			t.Errorf("%s has no key or no help", v.Type().Field(i).Name)
		}
		if explained[name(b)] != 1 {
			t.Errorf("%s is explained %d times", v.Type().Field(i).Name, explained[name(b)])
		}
	}
}

// TestNames: the help names every key, and no other.
func TestNames(t *testing.T) {
	as := strings.NewReplacer("pgdn", "pgdown")
	for _, g := range keys.Default().Groups() {
		for _, b := range g.Keys {
			told := []string{"/"}
			if b.Help().Key != "/" {
				told = strings.Split(as.Replace(b.Help().Key), "/")
			}
			have := slices.Clone(b.Keys())
			slices.Sort(told)
			slices.Sort(have)
			if !slices.Equal(told, have) {
				t.Errorf("%s: told are %q, obeyed are %q", b.Help().Desc, told, have)
			}
		}
	}
}

func name(b key.Binding) string { return b.Help().Key + " " + b.Help().Desc }

// TestClashes: in no place does one key mean two things.
func TestClashes(t *testing.T) {
	m := keys.Default()
	move := []key.Binding{m.Up, m.Down, m.PageUp, m.PageDown, m.Top, m.Bottom, m.Left, m.Right}
	cluster := []key.Binding{m.YAML, m.Logs, m.Attach, m.Shell, m.CopyKubeconfig, m.SaveKubeconfig, m.Pause, m.Resume, m.Delete}
	text := append([]key.Binding{m.Search, m.Next, m.Previous, m.Wrap, m.Back, m.Help}, move...)
	for where, bindings := range map[string][]key.Binding{
		"list": append(append([]key.Binding{
			m.Describe, m.Create, m.Filter, m.Clear, m.Sort, m.Reverse, m.AllNamespaces, m.Namespace, m.Context, m.Refresh, m.Help, m.Quit,
		}, cluster...), move[:6]...),
		"description": append(append([]key.Binding{}, text...), cluster...),
		"logs":        append([]key.Binding{m.Follow, m.Node, m.Reread}, text...),
		"form":        {m.NextField, m.PreviousField, m.PreviousChoice, m.NextChoice, m.Apply, m.Cancel},
		"question":    append([]key.Binding{m.Yes, m.No, m.OtherAnswer, m.Choose, m.Cancel}, m.Up, m.Down, m.PageUp, m.PageDown),
		"choice":      {m.PreviousItem, m.NextItem, m.Choose, m.Cancel},
		"search":      {m.Choose, m.Cancel},
	} {
		meaning := map[string]string{}
		for _, b := range append(bindings, m.ForceQuit, m.Suspend) {
			for _, k := range b.Keys() {
				if other, taken := meaning[k]; taken {
					t.Errorf("%s: %q means %q and %q", where, k, other, b.Help().Desc)
				}
				meaning[k] = b.Help().Desc
			}
		}
	}
}
