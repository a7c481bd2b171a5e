package main

import (
	"bytes"
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

func TestConvert(t *testing.T) {
	cases := map[string]struct {
		reason string
		said   string
		events string
		err    string
	}{
		"Passed": {
			reason: "Tests that end with PASS passed.",
			said:   "\x16=== RUN   TestA\n\x16--- PASS: TestA (0.00s)\n\x16PASS\n",
			events: `"Action":"pass","Package":"vm","Test":"TestA"`,
		},
		"Failed": {
			reason: "A failed test is no success.",
			said:   "\x16=== RUN   TestA\n\x16--- FAIL: TestA (0.00s)\n\x16FAIL\n",
			events: `"Action":"fail","Package":"vm","Test":"TestA"`,
			err:    "did not end with PASS",
		},
		"CutShort": {
			reason: "Nor is a machine that goes off on the way.",
			said:   "\x16=== RUN   TestA\n\x16--- PASS: TestA (0.00s)\n",
			events: `"Action":"run","Package":"vm","Test":"TestA"`,
			err:    "did not end with PASS",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			l := listener(t)
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "unix", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Write([]byte(tc.said)); err != nil {
				t.Fatal(err)
			}
			conn.Close()
			var events bytes.Buffer
			err = convert(t.Context(), l, &events)
			checkError(t, tc.reason, err, tc.err)
			if !strings.Contains(events.String(), tc.events) {
				t.Errorf("%s %q is not in:\n%s", tc.reason, tc.events, events.String())
			}
		})
	}
}

func TestConvertNobody(t *testing.T) {
	l := listener(t)
	l.Close()
	checkError(t, "A machine that never came up ran no tests.", convert(context.Background(), l, &bytes.Buffer{}), "did not get as far")
}

func TestTail(t *testing.T) {
	var end tail
	for range 100 {
		_, _ = end.Write([]byte("something "))
	}
	_, _ = end.Write([]byte("PASS\n"))
	if len(end.end) > 64 || !bytes.HasSuffix(end.end, []byte("something PASS\n")) {
		t.Errorf("tail: got %q", end.end)
	}
}

func listener(t *testing.T) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(t.TempDir(), "port"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func checkError(t *testing.T, reason string, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("%s got error %v, want %q", reason, err, want)
	}
}
