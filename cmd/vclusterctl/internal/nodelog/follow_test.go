package nodelog

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestToldOnce: of one trouble nobody hears twice, of the next one they do.
func TestToldOnce(t *testing.T) {
	s := newStage(t, node("server-0", true))
	s.attempts["server-0"] = []attempt{
		{messages: []string{"1 a"}, err: errBroken},
		{messages: []string{"2 b"}, err: errBroken},
		{err: errBroken},
		{messages: []string{"3 c"}, err: errBroken, then: func(s *stage) { close(s.settled) }},
		{messages: []string{"4 last"}},
	}
	if err := s.source.Read(t.Context(), "server-0", Query{Follow: true}, s.emit); !errors.Is(err, errStop) {
		t.Fatal(err)
	}
	want := `The log of node "server-0" was interrupted; going on when the node runs.`
	if diff := cmp.Diff([]string{want, want}, s.told); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}
