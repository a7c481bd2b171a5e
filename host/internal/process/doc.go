// Package process holds on to one process of the machine without the risk of
// meeting another one under the same number, and runs commands inside its
// namespaces.
package process
