package cli

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// Streams are standard input, output and error, and what is known of them.
type Streams struct {
	genericiooptions.IOStreams
	// InTTY and ErrTTY say whether a person sits at that end.
	InTTY, ErrTTY bool
	// Color says whether colours and cursor movements may be written to
	// standard error.
	Color bool
}

// SystemStreams are those of the process. Colours are on where standard error
// is a terminal and NO_COLOR (https://no-color.org) is empty.
func SystemStreams(getenv func(string) string) Streams {
	tty := term.IsTerminal(int(os.Stderr.Fd())) && getenv("TERM") != "dumb" && takesEscapes(os.Stderr)
	return Streams{
		IOStreams: genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
		InTTY:     term.IsTerminal(int(os.Stdin.Fd())),
		ErrTTY:    tty,
		Color:     tty && getenv("NO_COLOR") == "",
	}
}

// Hintf writes one line for people to standard error.
func (s Streams) Hintf(format string, args ...any) {
	fmt.Fprintf(s.ErrOut, format+"\n", args...)
}

// Confirm asks a yes-or-no question on standard error; Enter means yes.
func (s Streams) Confirm(question string) bool {
	fmt.Fprintf(s.ErrOut, "%s [Y/n] ", question)
	line, err := readLine(s.In)
	if err != nil {
		return false
	}
	return line == "" || line == "y" || line == "Y" || line == "yes"
}

// readLine reads to the end of the line and no further: what follows belongs
// to whoever reads next.
func readLine(r io.Reader) (string, error) {
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := r.Read(one)
		if n == 1 && one[0] == '\n' {
			return string(line), nil
		}
		line = append(line, one[:n]...)
		if err != nil {
			return string(line), err
		}
	}
}
