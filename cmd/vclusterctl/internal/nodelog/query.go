package nodelog

import (
	"fmt"
	"time"
)

// All is the Tail of a query that wants every line.
const All = -1

// Query says what to read of a node's log.
type Query struct {
	// Units are the systemd units to read; none means all.
	Units []string
	// Since is how far back to go; 0 means to the beginning.
	Since time.Duration
	// Tail is the number of the last lines to begin with, or All.
	Tail int64
	// Follow goes on with what is logged from now on.
	Follow bool

	// after is the place in the journal to go on from.
	after string
}

// fields are those that an Entry is made of.
const fields = "MESSAGE,SYSLOG_IDENTIFIER,_COMM,_PID,_SYSTEMD_UNIT,PRIORITY"

// leash runs a program until it ends, or until its own input does, which is when
// nobody listens any more. A program that follows a journal would otherwise stay
// in the node for ever: nobody ends what was run in a container.
//
// Before that it waits for a folder, which is its first argument: journalctl
// watches only what is there when it starts, and would wait for ever in a node
// that has not got as far as its journal.
const leash = `exec 3<&0; journal=$1; shift
{ until [ -d "$journal" ]; do sleep 0.1; done; exec "$@"; } </dev/null 3<&- & child=$!
{ read -r _ <&3; kill $child; } >/dev/null 2>&1 & watcher=$!
exec 3<&-; wait $child; code=$?; kill $watcher 2>/dev/null; exit $code`

// journal is where a node has its journal, which does not outlive it.
const journal = "/run/log/journal"

// command is how the query is put in a node.
func (q Query) command() []string {
	if q.Follow {
		return append([]string{"sh", "-c", leash, "sh", journal}, q.journalctl()...)
	}
	return q.journalctl()
}

func (q Query) journalctl() []string {
	command := []string{"journalctl", "--no-pager", "--quiet", "--all", "--output=json", "--output-fields=" + fields}
	for _, unit := range q.Units {
		command = append(command, "--unit="+unit)
	}
	switch {
	case q.after != "":
		command = append(command, "--after-cursor="+q.after)
	case q.Since > 0:
		command = append(command, fmt.Sprintf("--since=-%dms", q.Since.Milliseconds()))
	}
	if q.Follow {
		command = append(command, "--follow")
	}
	if q.after != "" || q.Tail < 0 {
		return append(command, "--lines=all") // --follow has a default of its own
	}
	return append(command, fmt.Sprintf("--lines=%d", q.Tail))
}
