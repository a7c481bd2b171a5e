//go:build soak

package e2e

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// The environment of a soak, and what holds without.
const (
	soakSeedEnv    = "SOAK_SEED"    // of an earlier soak, to repeat it; by chance
	soakRoundsEnv  = "SOAK_ROUNDS"  // how many faults happen; defaultRounds
	soakMinutesEnv = "SOAK_MINUTES" // no fault begins after that; as long as it takes
	soakFaultsEnv  = "SOAK_FAULTS"  // names of faults, separated by commas; all

	defaultRounds = 20
)

// soakFaults are all there are.
var soakFaults = slices.Concat(clusterFaults, hostFaults, []fault{
	{"StateFull", (*subject).stateFull},
	{"Ephemeral", beside((*scene).ephemeral)},
	{"Restored", beside((*scene).restored)},
})

// beside lets something happen to a cluster of its own, which is gone afterwards:
// the one that is soaked must not lose what it has acknowledged.
func beside(happen func(*scene) *v1alpha1.VirtualCluster) func(*subject) {
	return func(x *subject) {
		x.Helper()
		vc := happen(x.scene)
		x.must(x.host.Delete(x.ctx, vc))
		x.must(x.host.AwaitNothing(x.within(stepTimeout), vc.Namespace, vc.Name))
	}
}

// TestSoak lets faults happen at random to one cluster of each distro that runs
// here, one after the other, and wants the cluster whole after each. A seed names
// a sequence of faults: the same seed on the same node image is the same one.
func TestSoak(t *testing.T) {
	if world.missing != nil {
		t.Fatal(world.missing)
	}
	plan := soakPlan(t)
	var subjects []*subject
	for _, d := range harness.Distros() {
		if why := notHere(t, d); why != "" {
			plan.sayf("soak: without %s: %s", d.Name, why)
			continue
		}
		subjects = append(subjects, begin(t, d).smallSubject("soaked"))
	}
	chance := rand.New(rand.NewPCG(plan.seed, 0))
	plan.sayf("soak: seed %d, %d rounds, %d distros", plan.seed, plan.rounds, len(subjects))
	for i := range plan.rounds {
		x, f := subjects[chance.IntN(len(subjects))], plan.faults[chance.IntN(len(plan.faults))]
		if plan.over() {
			plan.sayf("soak: out of time after %d rounds", i)
			return
		}
		if !soakRound(t, plan, i+1, x, f) {
			t.Fatalf("soak: round %d failed; to repeat it: make soak %s=%d %s=%d %s=%s",
				i+1, soakSeedEnv, plan.seed, soakRoundsEnv, i+1, soakFaultsEnv, os.Getenv(soakFaultsEnv))
		}
	}
}

// soakRound lets one fault happen, and says how long the cluster took.
func soakRound(t *testing.T, plan soak, number int, x *subject, f fault) bool {
	t.Helper()
	return t.Run(fmt.Sprintf("%03d-%s-%s", number, x.distro.Name, f.name), func(t *testing.T) {
		y := x.on(x.in(t))
		y.ready(y.vc)
		began := time.Now()
		f.happen(y)
		happened := time.Now()
		y.recovered()
		entries, _ := y.ledger.Acknowledged()
		plan.sayf("soak: round %3d: %-4s %-18s happened in %6.1fs, whole after %5.1fs more, %d writes acknowledged",
			number, y.distro.Name, f.name, happened.Sub(began).Seconds(), time.Since(happened).Seconds(), entries)
	})
}

// soak is how a soak goes.
type soak struct {
	seed   uint64
	rounds int
	end    time.Time
	faults []fault
}

func soakPlan(t *testing.T) soak {
	t.Helper()
	p := soak{seed: rand.Uint64N(1_000_000), rounds: int(number(t, soakRoundsEnv, defaultRounds)), faults: chosenFaults(t)}
	p.seed = number(t, soakSeedEnv, p.seed)
	if minutes := number(t, soakMinutesEnv, 0); minutes > 0 {
		p.end = time.Now().Add(time.Duration(minutes) * time.Minute)
		if os.Getenv(soakRoundsEnv) == "" {
			p.rounds = int(minutes) * 60 // more than there is time for
		}
	}
	return p
}

// chosenFaults are those that the environment names, or all there are.
func chosenFaults(t *testing.T) []fault {
	t.Helper()
	named := os.Getenv(soakFaultsEnv)
	if named == "" {
		return soakFaults
	}
	var chosen []fault
	for name := range strings.SplitSeq(named, ",") {
		i := slices.IndexFunc(soakFaults, func(f fault) bool { return f.name == name })
		if i < 0 {
			t.Fatalf("%s: there is no fault %q", soakFaultsEnv, name)
		}
		chosen = append(chosen, soakFaults[i])
	}
	return chosen
}

// number reads a variable of the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(cmp.Or(os.Getenv(name), strconv.FormatUint(otherwise, 10)), 10, 32)
	if err != nil {
		t.Fatalf("%s: want a number: %v", name, err)
	}
	return n
}

func (p soak) over() bool { return !p.end.IsZero() && time.Now().After(p.end) }

// sayf tells while it goes on: a soak is long.
func (p soak) sayf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}
