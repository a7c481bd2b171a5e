// Package images names what the node image carries: the version of each
// component and the references of the images that are built here. The modules
// below node/components pin the same versions for the compiler; a test keeps
// the two together.
//
// The images themselves are built by the command in images/build.
package images
