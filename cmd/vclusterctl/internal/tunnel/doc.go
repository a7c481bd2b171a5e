// Package tunnel brings the API server of a virtual cluster to a port of this
// machine, through the API server of its host: every connection to the port
// becomes a port-forward stream to a pod that serves.
//
// The connection to the host is shared by all, and made anew when it is lost or
// the pod went away. A client whose connection has got no answer yet does not
// notice: what it has sent so far is sent again through the next one. That is
// safe as the API server speaks TLS, where nothing is asked for before the
// server has answered.
package tunnel
