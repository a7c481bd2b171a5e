// Package e2e tests the product as its users get it: the built program, the
// built images, an embedded host on this machine, and virtual clusters whose
// node pods really run.
//
// The tests need root and what "make build image" leaves; without they are
// skipped, or fail where VCLUSTERCTL_E2E=required says so. They start one host
// named "e2e", away from the user's own, and remove it whatever happens. What
// holds for one virtual cluster at rest is tested on one that all tests share.
//
// Every feature is gone through for each distro: TestTable/DISTRO/Feature. What
// must be known of a distro stands in the table harness.Distros. Faults are
// functions on a subject, a cluster that is written to and watched meanwhile;
// the tests let each happen once, and TestSoak (build tag soak) many at random.
//
// VCLUSTERCTL_E2E_DIST and VCLUSTERCTL_E2E_CLI name another directory of images
// and another program than those of this repository, VCLUSTERCTL_E2E_HOST
// another name for the host.
package e2e
