package virtualcluster

import (
	"strings"
	"testing"
)

// TestEventOfLostAnswer: what a status tells is told in an event, too, although
// the controller that wrote it died before it heard that it was written. The next
// one finds nothing changed.
func TestEventOfLostAnswer(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev")
	writes := w.immortal("dev") // the last of which says that it is ready
	w.leave()
	w = newWorld(t)
	w.newCluster("dev")
	w.live(w.start(&mortal{last: writes, loseAnswer: true}), "dev")
	if more := w.immortal("dev"); more != 0 {
		t.Fatalf("the last write is not the last: %d more", more)
	}
	var told int
	for len(w.events.Events) > 0 {
		if strings.HasPrefix(<-w.events.Events, "Normal Ready ") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("%d events say that the cluster is ready, want 1", told)
	}
	w.leave()
}
