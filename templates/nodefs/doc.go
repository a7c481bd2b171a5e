// Package nodefs is the part of the node image's file system that belongs to
// the guest: the systemd units of every component and a few small settings.
// files/ is laid over the image's root; enabled.txt lists the units that start
// at boot. Each unit decides for itself whether this node runs it, by the
// argument file that the guest did or did not write (see package node).
package nodefs
