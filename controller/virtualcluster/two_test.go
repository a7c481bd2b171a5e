package virtualcluster

import (
	"fmt"
	"maps"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/report"
)

// pair are two controllers that both believe that they lead.
type pair [2]life

// overheard is what guests tell two controllers at once.
type overheard struct{ *fakeReports }

// Track implements Reports.
func (overheard) Track(types.NamespacedName, []report.Target) {}

// startTwo starts two controllers on machines whose clocks differ.
func (w *world) startTwo() pair {
	w.t.Helper()
	before := w.opts
	defer func() { w.opts = before }()
	w.opts.Reports = overheard{w.reports}
	p := pair{0: w.start(&mortal{})}
	w.opts.Clock = clocktesting.NewFakeClock(w.clock.Now().Add(2 * time.Second))
	p[1] = w.start(&mortal{})
	return p
}

func (p pair) writes() int { return p[0].mortal.Writes() + p[1].mortal.Writes() }

// turn is one turn of two controllers, who saw the cluster as it is now and as it
// was a turn ago. It says what each came to.
type turn func(w *world, p pair, now, before *v1alpha1.VirtualCluster) []error

// turns are the ways in which two can get in each other's way: both at the same
// moment, one of them a turn behind, and one after each write of the other.
var turns = map[string]turn{
	"AtOnce": func(w *world, p pair, now, _ *v1alpha1.VirtualCluster) []error { return w.atOnce(p, now, now) },
	"Behind": func(w *world, p pair, now, before *v1alpha1.VirtualCluster) []error { return w.atOnce(p, now, before) },
	"Between": func(w *world, p pair, now, _ *v1alpha1.VirtualCluster) []error {
		var errs []error
		other := func(int) { errs = append(errs, w.atOnce(pair{1: p[1]}, nil, w.vc(now.Name))...) }
		p[0].mortal.passed = other
		first := w.atOnce(pair{p[0]}, now, nil)
		p[0].mortal.passed = nil
		other(0)
		return append(errs, first...)
	},
}

// atOnce lets each of two reconcile what it saw, at the same moment.
func (w *world) atOnce(p pair, seen ...*v1alpha1.VirtualCluster) []error {
	errs := make([]error, len(p))
	var all sync.WaitGroup
	for i, l := range p {
		if l.r != nil {
			all.Go(func() { _, errs[i] = l.r.Reconcile(w.t.Context(), seen[i].DeepCopy()) })
		}
	}
	all.Wait()
	return errs
}

// liveTwo lets two controllers work on a cluster, and the host with them, until
// nothing changes any more or the cluster is gone. They lose races, and nothing
// else.
func (w *world) liveTwo(p pair, name string, take turn) {
	w.t.Helper()
	var before *v1alpha1.VirtualCluster
	for range 100 {
		now := &v1alpha1.VirtualCluster{}
		if err := w.client.Get(w.t.Context(), w.key(name), now); client.IgnoreNotFound(err) != nil {
			w.t.Fatal(err)
		} else if err != nil {
			return
		}
		if before == nil || before.UID != now.UID {
			before = now
		}
		writes, raced := p.writes(), false
		for _, err := range take(w, p, now, before) {
			if err != nil && !isRace(err) {
				w.t.Fatalf("reconcile %q: %v", name, err)
			}
			raced = raced || err != nil
		}
		same := before.ResourceVersion == now.ResourceVersion
		before = now
		if played := w.play(name); !played && !raced && same && p.writes() == writes {
			return
		}
	}
	w.t.Fatalf("cluster %q does not settle", name)
}

// expectPeace checks that two controllers made of a cluster what one would have,
// and that neither they nor two others write anything any more.
func (w *world) expectPeace(p pair, want []string) {
	w.t.Helper()
	w.expectSound("dev")
	if diff := cmp.Diff(want, w.timeless("dev")); diff != "" {
		w.t.Errorf("two made something else than one: -want +got:\n%s", diff)
	}
	for what, q := range map[string]pair{"the two": p, "two others": w.startTwo()} {
		before := q.writes()
		for range 3 {
			vc := w.vc("dev")
			for _, err := range w.atOnce(q, vc, vc) {
				if err != nil {
					w.t.Errorf("%s: Reconcile() = %v", what, err)
				}
			}
		}
		if more := q.writes() - before; more != 0 {
			w.t.Errorf("%s write %d times although all is done", what, more)
		}
	}
}

// timeless is the portrait of a cluster without the time of its end: another one
// was made at another time.
func (w *world) timeless(name string) []string {
	w.t.Helper()
	return lines(expiresAt.ReplaceAllString(w.portrait(name), ""))
}

var expiresAt = regexp.MustCompile(`"expiresAt":"[^"]*",`)

// chapter is a part of the story of a cluster.
type chapter struct {
	name   string
	happen func(*world)
}

// story makes a cluster, and changes it in every way, there and back.
func story() []chapter {
	out := []chapter{{"Create", func(w *world) { w.newCluster("dev", withWorkers) }}}
	changes := maps.Clone(specChanges)
	changes["TTL"] = specChange{ // which nobody announces yet, whatever the clock
		func(s *v1alpha1.VirtualClusterSpec) { s.Lifecycle.TTLSeconds = 3600 }, changes["TTL"].undo,
	}
	for _, name := range sortedKeys(changes) {
		out = append(out,
			chapter{name, func(w *world) { w.change("dev", changes[name].do) }},
			chapter{name + ", undone", func(w *world) { w.change("dev", changes[name].undo) }})
	}
	return out
}

// TestTwoControllers: two that both believe that they lead make of a cluster what
// one would have made, and of every change of it, there and back. Then they are
// at peace.
func TestTwoControllers(t *testing.T) {
	t.Parallel()
	var want [][]string
	one := laxWorld(t)
	for _, c := range story() {
		c.happen(one)
		one.immortal("dev")
		want = append(want, one.timeless("dev"))
	}
	one.leave()
	for name, take := range turns {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			two := laxWorld(t)
			p := two.startTwo()
			for i, c := range story() {
				c.happen(two)
				two.liveTwo(p, "dev", take)
				if two.expectPeace(p, want[i]); t.Failed() {
					t.Fatalf("this was seen after %s", c.name)
				}
			}
			two.leave()
		})
	}
}

// TestTwoControllersDeleting: a cluster that is deleted under two controllers is
// gone, and the next one of its name is another, and whole.
func TestTwoControllersDeleting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newCluster("dev", withWorkers)
	writes := w.immortal("dev")
	want := w.timeless("dev")
	w.leave()
	for n := 1; n <= writes+6; n += 6 { // and once when all is done
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			old := w.newCluster("dev", withWorkers)
			p := w.startTwo()
			var done atomic.Int64
			for _, l := range p {
				l.mortal.passed = func(int) {
					if done.Add(1) == int64(n) {
						w.deleteQuietly(old)
					}
				}
			}
			w.liveTwo(p, "dev", turns["AtOnce"])
			w.deleteQuietly(old)
			w.newCluster("dev", withWorkers)
			w.liveTwo(p, "dev", turns["AtOnce"]) // finds what the old one left
			w.collectAll()
			w.forget()
			w.liveTwo(p, "dev", turns["AtOnce"])
			w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
			w.expectPeace(p, want)
			w.leave()
		})
	}
}

// deleteQuietly deletes a cluster, which somebody else may have done.
func (w *world) deleteQuietly(vc *v1alpha1.VirtualCluster) {
	err := w.client.Delete(w.t.Context(), vc.DeepCopy(), client.Preconditions{UID: &vc.UID})
	if client.IgnoreNotFound(err) != nil && !isRace(err) {
		w.t.Error(err)
	}
}
