// Command vm boots a virtual machine with Debian's kernel and runs the tests of
// test/vm/inside in it: the main job on a machine as most are, with systemd as
// PID 1, cgroup v2 alone, every controller to delegate, AppArmor and loadable
// modules. That is where nothing of the product degrades, so that limits must
// really hold.
//
//	vm [-memory 8G] [-timeout 4h] [-run REGEXP] [-console FILE]
//
// It writes the events of the tests to its standard output as "go test -json"
// does, and what the machine says on its console to its standard error. It needs
// QEMU, mmdebstrap and mke2fs, and root for making the machine's disk, which is
// kept in the cache; and what "make build image" leaves. KVM is used where it
// works, which is tried. Nothing leaves the machine: its network has nobody on
// it.
package main
