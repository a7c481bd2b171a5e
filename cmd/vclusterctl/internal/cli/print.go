package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
)

// Output formats.
const (
	OutputTable = "table"
	OutputWide  = "wide"
	OutputJSON  = "json"
	OutputYAML  = "yaml"
	OutputName  = "name"
)

// ObjectOutputs are the formats of verbs that end with one object.
var ObjectOutputs = []string{OutputJSON, OutputYAML, OutputName}

// ListOutputs are the formats of verbs that show what exists.
var ListOutputs = []string{OutputTable, OutputWide, OutputJSON, OutputYAML, OutputName}

// CheckOutput refuses a format that a verb does not have.
func CheckOutput(format string, allowed []string) error {
	if format == "" || slices.Contains(allowed, format) {
		return nil
	}
	if len(allowed) == 0 {
		return Usagef("-o %s: this verb has one output format only", format)
	}
	return Usagef("-o %s: unknown output format, use one of %s", format, strings.Join(allowed, ", "))
}

// PrintObject prints an object as JSON, as YAML or as its name.
func PrintObject(w io.Writer, obj runtime.Object, format string) error {
	printer, err := printerFor(format)
	if err != nil {
		return err
	}
	return printer.PrintObj(obj, w)
}

func printerFor(format string) (printers.ResourcePrinter, error) {
	switch format {
	case OutputJSON:
		return &printers.OmitManagedFieldsPrinter{Delegate: &printers.JSONPrinter{}}, nil
	case OutputYAML:
		return &printers.OmitManagedFieldsPrinter{Delegate: &printers.YAMLPrinter{}}, nil
	case OutputName:
		return &printers.NamePrinter{ShortOutput: true}, nil
	}
	return nil, fmt.Errorf("output format %q prints no objects", format)
}
