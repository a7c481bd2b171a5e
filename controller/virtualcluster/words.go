package virtualcluster

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxQuoted bounds what a message quotes of somebody else's words.
const maxQuoted = 400

// oneLine is the text of an error for a message: joined errors have several
// lines.
func oneLine(err error) string { return trim(err.Error()) }

// trim makes somebody else's words fit into a message.
func trim(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return cut(s, maxQuoted)
}

// cut shortens s to at most limit bytes, at the end of a character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// count puts a number before a noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
