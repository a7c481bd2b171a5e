// Package oci builds the OCI runtime configuration of the embedded host's one
// container: a machine, not an application. It is pure; what differs between
// machines comes in as Params.
package oci
