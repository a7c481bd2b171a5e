// Package host runs the embedded host: the node image booted on this machine as
// one root container in its own namespaces, so that a bare Linux box has a
// Kubernetes cluster for virtual clusters to live in.
//
// Up, Down, Status, LoadImage and Kubeconfig are the whole of it. All of them
// are idempotent, and Up and Down take each other's half-done work as they find
// it. What lasts is below Options.StateRoot and goes with a purge; what belongs
// to one run is below Options.RunRoot, in a network namespace, one link, one
// nftables table and one cgroup, and goes with Down.
//
// Two decisions that are not obvious:
//
//   - A running host keeps its image and its configuration. Up with others is
//     refused with ErrRestartNeeded unless Options.Restart asks for it, because
//     a restart stops every virtual cluster on the host.
//   - Up switches on IPv4 forwarding where the machine has a default route and
//     forwarding was off, and Down switches it off again in that case only,
//     unless another embedded host still runs. Whoever comes to need forwarding
//     while a host runs must switch it on again after Down.
package host
