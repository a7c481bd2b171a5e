// Package facts finds out what a node can really do, by trying it. Versions and
// documentation are known to lie; a mount that works does not.
package facts
