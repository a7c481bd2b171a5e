// Command gendocs writes the pages of docs/ that state what the code is built
// from, so that they can't say anything else.
package main
