// Package tunneltest stands in for a host cluster and for a virtual cluster in
// tests of what reaches one through the other. Both speak what real ones do.
package tunneltest
