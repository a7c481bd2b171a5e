// Package install puts the controller into a cluster and takes it out again.
// What is applied is the rendered Helm chart, changed only where the user chose
// another namespace or image.
package install
