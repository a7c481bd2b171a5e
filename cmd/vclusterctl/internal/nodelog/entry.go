package nodelog

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Entry is one thing that was logged.
type Entry struct {
	// Node is the node that logged it.
	Node string
	// Time is when, by the clock of that node.
	Time time.Time
	// Name is the program that logged it, PID its process; Unit is the systemd
	// unit that it belongs to.
	Name, PID, Unit string
	// Priority is that of syslog: 3 and below are errors.
	Priority int
	Message  string

	cursor string
}

// Console is the Name of what a container printed.
const Console = "console"

// String is the entry as one line, but for the lines of its message.
func (e Entry) String() string {
	name := e.Name
	if e.PID != "" {
		name += "[" + e.PID + "]"
	}
	message := strings.ReplaceAll(strings.TrimRight(e.Message, "\n"), "\n", "\n    ")
	return e.Time.UTC().Format("2006-01-02T15:04:05.000Z") + " " + name + ": " + message
}

// text is the value of a field: text, or bytes where it is none.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(data []byte) error {
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return err
	}
	*t = text(flat(value))
	return nil
}

// flat reads a field as journalctl writes it: text, an array of bytes, or an
// array of values where a field was given several times.
func flat(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case float64:
		return string([]byte{byte(v)})
	case []any:
		var all strings.Builder
		for _, part := range v {
			all.WriteString(flat(part))
		}
		return all.String()
	}
	return ""
}

// record is a line of journalctl --output=json.
type record struct {
	Cursor     text `json:"__CURSOR"`
	Time       text `json:"__REALTIME_TIMESTAMP"` // microseconds
	Message    text `json:"MESSAGE"`
	Identifier text `json:"SYSLOG_IDENTIFIER"`
	Comm       text `json:"_COMM"`
	PID        text `json:"_PID"`
	Unit       text `json:"_SYSTEMD_UNIT"`
	Priority   text `json:"PRIORITY"`
}

// defaultPriority is that of what says none: informational.
const defaultPriority = 6

func parseRecord(node string, line []byte) (Entry, error) {
	var r record
	if err := json.Unmarshal(line, &r); err != nil {
		return Entry{}, fmt.Errorf("node %q: read %q of its journal: %w", node, line, err)
	}
	at, err := strconv.ParseInt(string(r.Time), 10, 64)
	if err != nil {
		return Entry{}, fmt.Errorf("node %q: read the time in %q of its journal: %w", node, line, err)
	}
	e := Entry{
		Node: node, Time: time.UnixMicro(at), Name: string(r.Identifier), PID: string(r.PID), Unit: string(r.Unit),
		Priority: defaultPriority, Message: string(r.Message), cursor: string(r.Cursor),
	}
	if e.Name == "" {
		e.Name = string(r.Comm)
	}
	if p, err := strconv.Atoi(string(r.Priority)); err == nil {
		e.Priority = p
	}
	return e, nil
}

// parseConsole reads a line of a container's log with the time before it.
func parseConsole(node string, line []byte) (Entry, error) {
	stamp, message, _ := strings.Cut(string(line), " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return Entry{}, fmt.Errorf("node %q: read the time in %q of its container's log: %w", node, line, err)
	}
	message = strings.TrimRight(message, "\r")
	return Entry{Node: node, Time: at, Name: Console, Priority: defaultPriority, Message: message}, nil
}
