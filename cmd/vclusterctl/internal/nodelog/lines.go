package nodelog

import "bytes"

// lines hands on what is written to it line by line.
type lines struct {
	each func([]byte) error
	rest []byte
}

// Write implements io.Writer. It ends with the first error of who gets the
// lines.
func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		l.rest = rest
		if len(line) == 0 {
			continue
		}
		if err := l.each(line); err != nil {
			return 0, err
		}
	}
}

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

// tailSize is how much of a complaint is passed on.
const tailSize = 512

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-tailSize):]
	return len(p), nil
}
