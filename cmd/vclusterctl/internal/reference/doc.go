// Command reference writes what is made from the verbs of vclusterctl and their
// flags: the reference pages of docs/cli, man pages, and the completions of
// shells and of kubectl.
package main
