package inside

import (
	"time"

	"golang.org/x/sys/unix"
)

// checkClock has the machine's clock jump, as it does where it was wrong until
// the network came or where a virtual machine was suspended. The cluster goes
// on: same kubeconfig, new pods, a workload that answers.
func (v *virtual) checkClock(s *scene) {
	for _, jump := range []struct {
		name string
		by   time.Duration
	}{
		{"clock-forward", 25 * time.Hour},
		{"clock-back", -49 * time.Hour},
		{"clock-right", 24 * time.Hour},
	} {
		progressf("the clock jumps by %s", jump.by)
		s.must(setClock(time.Now().Add(jump.by)))
		_, err := host.AwaitReady(s.within(bootTimeout), v.vc)
		s.must(err)
		v.askWeb(s, jump.name)
	}
}

func setClock(to time.Time) error {
	ts := unix.NsecToTimeval(to.UnixNano())
	return unix.Settimeofday(&ts)
}
