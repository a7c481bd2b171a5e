// Package verbs holds the verbs of vclusterctl, one file each. A verb reads
// its flags into an options struct and runs it; what is worth testing apart
// from a cluster is in the packages beside this one.
package verbs
