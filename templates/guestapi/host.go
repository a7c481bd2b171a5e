package guestapi

// HostDropInDir holds what ContainerdDropInDir holds for handlers that an
// embedded host is given while it runs: it is kept with the state.
const HostDropInDir = StateDir + "/containerd.d"
