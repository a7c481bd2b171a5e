package inside

import (
	"time"

	"golang.org/x/sys/unix"
)

// checkClock has the machine's clock jump, as it does where it was wrong until
// the network came or where a virtual machine was suspended. The cluster goes
// on: same kubeconfig, new pods, a workload that answers.
//
// It does not jump to before the cluster's making: there its certificates are
// not valid yet, as they should not be.
func (v *virtual) checkClock(s *scene) {
	for _, jump := range []struct {
		name string
		by   time.Duration
	}{
		{"clock-forward", 25 * time.Hour},
		{"clock-back", -25 * time.Hour},
	} {
		progressf("the clock jumps by %s", jump.by)
		s.must(setClock(time.Now().Add(jump.by)))
		_, err := host.AwaitReady(s.within(bootTimeout), v.vc)
		s.must(err)
		v.askWeb(s, jump.name)
		log, err := host.ControllerLog(s.within(stepTimeout), 5)
		progressf("the controller says (%v):\n%s", err, log)
	}
}

func setClock(to time.Time) error {
	ts := unix.NsecToTimeval(to.UnixNano())
	return unix.Settimeofday(&ts)
}
