// Command build makes the node image and the controller image from Debian
// packages and Go modules: upstream components are compiled from the modules
// below images/node/components, the root filesystem comes from mmdebstrap, and
// both are put together in a few layers ordered by how often they change.
//
// Everything that takes long is kept below the user's cache directory under a
// key made of all its inputs, so that a second run only looks things up. Equal
// inputs give equal digests.
package main
