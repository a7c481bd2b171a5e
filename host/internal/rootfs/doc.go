// Package rootfs turns an image archive into the root file system of the
// embedded host: unpacked once per image, and mounted read-only below a layer
// that is made anew for each start.
package rootfs
