// Package kubeconfig builds kubeconfigs and keeps contexts in the user's own
// kubeconfig files.
//
// Build and Parse turn the access to one cluster into bytes and back. A Store
// merges such a kubeconfig as one context into the user's files and takes it
// out again, in the way that kubectl reads and writes them: the KUBECONFIG
// list, the same lock files, the same precedence. Unlike kubectl's, each change
// is read and written under one lock and each file is replaced in one step, so
// two changes at once cannot lose each other and a crash cannot leave half a
// file.
package kubeconfig
