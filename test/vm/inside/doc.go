// Package inside holds the tests that run in the virtual machine of test/vm: on
// ordinary ground, where systemd is PID 1 and the kernel delegates every cgroup
// controller, nothing may degrade and every limit must hold.
//
// Everywhere else they are skipped: they set the clock.
package inside
