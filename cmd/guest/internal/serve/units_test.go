package serve

import "testing"

func TestLastWords(t *testing.T) {
	cases := map[string]struct{ reason, lines, want string }{
		"Last": {"most programs end with what went wrong", "starting\nno space left", "no space left"},
		"One":  {"some say one thing only", "no space left", "no space left"},
		"None": {"some say nothing", "", ""},
		"K3s": {
			"K3s goes on talking after it has given up",
			`time="2026-11-21T09:00:00Z" level=fatal msg="Error: failed to find cpu cgroup (v2)"` + "\nI1121 shutting down",
			"Error: failed to find cpu cgroup (v2)",
		},
		"K3sComponent": {
			"a component that does not take its flags ends K3s",
			`time="2026-11-21T10:19:15Z" level=error msg="Shutdown request received: \"kubelet exited: failed to parse kubelet flag: invalid argument \\\"x\\\" for \\\"--max-pods\\\" flag\""` +
				"\n" + `time="2026-11-21T10:19:15Z" level=error msg="Unable to write event" error="connection refused"` + "\nClosing database connections...",
			`kubelet exited: failed to parse kubelet flag: invalid argument "x" for "--max-pods" flag`,
		},
		"Quoted": {"its words may have quotes", `level=fatal msg="open \"x\": no"`, `open "x": no`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := lastWords(tc.lines); got != tc.want {
				t.Errorf("%s: got %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}
