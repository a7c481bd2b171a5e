package network

import (
	"net/netip"
	"testing"
)

func TestResolver(t *testing.T) {
	cases := map[string]struct {
		reason string
		files  []string
		want   string
	}{
		"Upstream": {
			reason: "Servers, search domains and options pass; comments and the rest do not.",
			files:  []string{"# made by hand\nsearch a.example b.example\nnameserver 192.0.2.53\noptions edns0\nsortlist x\n"},
			want:   "search a.example b.example\nnameserver 192.0.2.53\noptions edns0\n",
		},
		"Stub": {
			reason: "Where the machine asks a server on its loopback, the file behind that is taken.",
			files:  []string{"nameserver 127.0.0.53\nsearch lan\n", "nameserver 192.0.2.1\n"},
			want:   "nameserver 192.0.2.1\n",
		},
		"Mixed": {
			reason: "A loopback server beside a real one is left out.",
			files:  []string{"nameserver 127.0.0.1\nnameserver ::1\nnameserver 2001:db8::53\nnameserver 192.0.2.1\n"},
			want:   "nameserver 192.0.2.1\n",
		},
		"None": {
			reason: "Without any, look-ups fail at once at the machine's end.",
			files:  []string{"", "nameserver nonsense\n"},
			want:   "nameserver 10.213.0.1\n",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Resolver(netip.MustParseAddr("10.213.0.1"), tc.files...); got != tc.want {
				t.Errorf("\n%s\nResolver(...): got %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}
