// Package serve is the guest's long-running part. It watches the inner cluster
// and the node's units and keeps the report true.
package serve
