// Command testsum runs the stages of "make test" and adds up what they tested.
//
//	testsum -results FILE run STAGE -- COMMAND...
//	testsum -results FILE sum
//
// run starts the command, shows what matters of its output (for "go test -json"
// the packages, failures and skips, for anything else all of it) and appends the
// stage's numbers to FILE. A command without test events counts as one test.
// sum prints the line "N passed, N failed, N skipped" over all stages, after the
// skips and failures by name, and how many of the skips are entries of a table
// over distros (TestTable/k3s/Entry) for k3s. It exits 1 if anything failed.
package main
