package nodelog

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestCommand(t *testing.T) {
	const begin = "journalctl --no-pager --quiet --all --output=json --output-fields=" + fields
	cases := map[string]struct {
		reason string
		query  Query
		want   []string
	}{
		"All":    {reason: "Everything there is.", query: Query{Tail: All}, want: []string{"--lines=all"}},
		"Tail":   {reason: "The end of it, which may be nothing.", query: Query{}, want: []string{"--lines=0"}},
		"Since":  {reason: "By the node's own clock.", query: Query{Since: 90 * time.Second, Tail: All}, want: []string{"--since=-90000ms", "--lines=all"}},
		"Units":  {reason: "Several units.", query: Query{Units: []string{"k3s", "etcd"}, Tail: 5}, want: []string{"--unit=k3s", "--unit=etcd", "--lines=5"}},
		"Follow": {reason: "From the beginning, unlike journalctl by itself.", query: Query{Follow: true, Tail: All}, want: []string{"--follow", "--lines=all"}},
		"GoesOn": {
			reason: "From a place on there is all, whatever was asked for at the beginning.",
			query:  Query{Follow: true, Tail: 5, Since: time.Minute, after: "s=1"}, want: []string{"--after-cursor=s=1", "--follow", "--lines=all"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := tc.query.journalctl()
			if diff := cmp.Diff(begin, join(got[:6])); diff != "" {
				t.Errorf("-want, +got:\n%s", diff)
			}
			if diff := cmp.Diff(tc.want, got[6:]); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func join(words []string) (all string) {
	for i, w := range words {
		if i > 0 {
			all += " "
		}
		all += w
	}
	return all
}

func TestParseRecord(t *testing.T) {
	at := time.UnixMicro(1795250000123456)
	cases := map[string]struct {
		reason string
		line   string
		want   Entry
		text   string
		bad    bool
	}{
		"Whole": {
			reason: "What a unit says.",
			line:   `{"__CURSOR":"s=1;i=2","__REALTIME_TIMESTAMP":"1795250000123456","MESSAGE":"hello","SYSLOG_IDENTIFIER":"kubelet","_COMM":"x","_PID":"12","_SYSTEMD_UNIT":"kubelet.service","PRIORITY":"3"}`,
			want:   Entry{Node: "n", Time: at, Name: "kubelet", PID: "12", Unit: "kubelet.service", Priority: 3, Message: "hello"},
			text:   "2026-11-21T08:33:20.123Z kubelet[12]: hello",
		},
		"Bare": {
			reason: "What has no more than it must.", line: `{"__REALTIME_TIMESTAMP":"1795250000123456","_COMM":"bash","MESSAGE":null}`,
			want: Entry{Node: "n", Time: at, Name: "bash", Priority: 6}, text: "2026-11-21T08:33:20.123Z bash: ",
		},
		"Bytes": {
			reason: "What is no text comes as bytes.", line: `{"__REALTIME_TIMESTAMP":"1795250000123456","SYSLOG_IDENTIFIER":"a","MESSAGE":[104,195,182]}`,
			want: Entry{Node: "n", Time: at, Name: "a", Priority: 6, Message: "hö"}, text: "2026-11-21T08:33:20.123Z a: hö",
		},
		"Lines": {
			reason: "A message of several lines stays one entry.", line: `{"__REALTIME_TIMESTAMP":"1795250000123456","SYSLOG_IDENTIFIER":"a","MESSAGE":"b\nc\n"}`,
			want: Entry{Node: "n", Time: at, Name: "a", Priority: 6, Message: "b\nc\n"}, text: "2026-11-21T08:33:20.123Z a: b\n    c",
		},
		"NoTime":  {reason: "A journal without times is none.", line: `{"MESSAGE":"b"}`, bad: true},
		"NoJSON":  {reason: "Neither is anything else.", line: `hello`, bad: true},
		"OddTime": {reason: "Nor this.", line: `{"__REALTIME_TIMESTAMP":"soon"}`, bad: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := parseRecord("n", []byte(tc.line))
			if (err != nil) != tc.bad {
				t.Fatalf("%s\nparseRecord(): %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreUnexported(Entry{})); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if err == nil && got.String() != tc.text {
				t.Errorf("%s\nString(): got %q, want %q", tc.reason, got, tc.text)
			}
		})
	}
}

func TestRelevant(t *testing.T) {
	entry := func(name, message string) Entry { return Entry{Name: name, Message: message, Priority: 6} }
	cases := map[string]struct {
		reason string
		have   []Entry
		want   []Entry
	}{
		"Nothing": {reason: "Of nothing there is nothing."},
		"Fine":    {reason: "Where nothing went wrong, the end tells most.", have: []Entry{entry("a", "1st"), entry("a", "second"), entry("b", "third")}, want: []Entry{entry("a", "second"), entry("b", "third")}},
		"Wrong": {
			reason: "Each program has its own way to say it.",
			have:   []Entry{entry("k", "E1121 08:00:00.1 1 x.go:1] no"), entry("k", "I1121 all is well"), entry("k3s", `time="x" level=fatal msg="bad"`), entry("a", "Error is only a word")},
			want:   []Entry{entry("k", "E1121 08:00:00.1 1 x.go:1] no"), entry("k3s", `time="x" level=fatal msg="bad"`)},
		},
		"SamePlace": {
			reason: "One place in a program complains of many things and has one cause.",
			have: []Entry{
				entry("k", "E1121 14:33:45.880     129 other.go:1] no"), entry("k", "E1121 14:33:45.813807     129 reflector.go:227] no pods"),
				entry("k", "E1121 14:33:45.868046     129 reflector.go:227] no nodes"),
			},
			want: []Entry{entry("k", "E1121 14:33:45.880     129 other.go:1] no"), entry("k", "E1121 14:33:45.868046     129 reflector.go:227] no nodes")},
		},
		"Priority": {reason: "Or says it to the journal.", have: []Entry{{Message: "no", Priority: 3}, entry("a", "yes")}, want: []Entry{{Message: "no", Priority: 3}}},
		"Again": {
			reason: "What comes again and again is told once, as it was last.",
			have:   []Entry{entry("k", "E1121 first"), entry("k", "E1121 08:00:01 again"), entry("k", "E1121 08:00:02 again"), entry("k", "E1121 08:00:03 again")},
			want:   []Entry{entry("k", "E1121 first"), entry("k", "E1121 08:00:03 again")},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Relevant(tc.have, 2), cmpopts.IgnoreUnexported(Entry{})); diff != "" {
				t.Errorf("%s\nRelevant(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
