package serve

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

const (
	// k3sAgent is the unit of a pool node of distro k3s.
	k3sAgent = "k3s-agent.service"
	// joinPatience is how long a pool node may take to join before anybody asks
	// why: the server it joins boots at the same time.
	joinPatience = time.Minute
	// joinEvery is how often its words are read after that.
	joinEvery = 10 * time.Second
)

// joining follows an agent of K3s that is to join. One that its server refuses
// does not fail, as a server does that cannot run: it tries again for ever, and
// says why in the journal only.
type joining struct {
	journal func(ctx context.Context) (string, error)
	report  func(*guestapi.Problem)
	// told are the words that were reported last.
	told string
}

// run reports what keeps the node from joining until ctx ends, which ends the
// problem as well. The times of looking are those that the channel delivers.
func (j *joining) run(ctx context.Context, began time.Time, looks <-chan time.Time) {
	defer j.report(nil)
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-looks:
			if now.Sub(began) >= joinPatience {
				j.look(ctx)
			}
		}
	}
}

// look reads the journal. Words that differ in numbers only are no news.
func (j *joining) look(ctx context.Context) {
	lines, err := j.journal(ctx)
	if err != nil {
		return // the next look may be able to
	}
	words := joinWords(lines)
	if words == "" || withoutNumbers(words) == withoutNumbers(j.told) {
		return
	}
	j.told = words
	j.report(&guestapi.Problem{Reason: "NotJoined", Message: fmt.Sprintf("%s is not let in by the server it joins: %s", k3sAgent, words)})
}

// joinLine is how an agent of K3s says what it waits for.
var joinLine = regexp.MustCompile(
	`msg="(?:Waiting to retrieve agent configuration; server is not ready: |Failed to validate connection to cluster at [^ ]+: )((?:[^"\\]|\\.)*)"`)

// joinWords are the last of these words.
func joinWords(lines string) string {
	found := joinLine.FindAllStringSubmatch(lines, -1)
	if len(found) == 0 {
		return ""
	}
	return shorten(unquote(`"` + found[len(found)-1][1] + `"`))
}

// followJoining starts following, if there is anything to follow, and returns
// what ends it.
func (n *thisNode) followJoining(ctx context.Context) (stop func()) {
	if n.role != guestapi.RoleAgent || n.config.Distro != guestapi.DistroK3s {
		return func() {}
	}
	j := &joining{
		journal: func(ctx context.Context) (string, error) { return journalOf(ctx, k3sAgent) },
		report:  func(p *guestapi.Problem) { n.store.SetProblem("joining", p) },
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	ticker := time.NewTicker(joinEvery)
	go func() {
		defer close(done)
		defer ticker.Stop()
		j.run(ctx, time.Now(), ticker.C)
	}()
	return func() {
		cancel()
		<-done
	}
}
