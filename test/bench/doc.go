// Command bench measures what a virtual cluster costs beside the same processes
// started bare, in one run on one machine, and prints all figures of that run.
// "make bench" runs it; docs/performance.md tells how to read what it prints.
package main
