package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// markdown writes one page for each verb.
func markdown(root *cobra.Command, dir string) error {
	if err := removePages(dir, "vclusterctl*.md"); err != nil {
		return err
	}
	each(root, func(cmd *cobra.Command) {
		cmd.DisableAutoGenTag = true // a date would make each run another page
		cmd.Long = escape.Replace(cmd.Long)
	})
	return doc.GenMarkdownTree(root, dir)
}

// escape keeps what stands in angle brackets from being taken for HTML.
var escape = strings.NewReplacer("<", "&lt;")

// man writes one manual page for each verb. Their date is SOURCE_DATE_EPOCH,
// where that is set.
func man(root *cobra.Command, dir string) error {
	if err := removePages(dir, "vclusterctl*.1"); err != nil {
		return err
	}
	each(root, func(cmd *cobra.Command) { cmd.DisableAutoGenTag = true })
	return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "vclusterctl " + root.Version, Manual: "vclusterctl"}, dir)
}
