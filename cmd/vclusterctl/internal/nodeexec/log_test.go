package nodeexec

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
)

func TestLog(t *testing.T) {
	cases := map[string]struct {
		reason  string
		options LogOptions
		want    string
	}{
		"All":      {reason: "Everything there is.", options: LogOptions{Tail: -1}, want: "container=node"},
		"None":     {reason: "No line is no line.", options: LogOptions{}, want: "container=node&tailLines=0"},
		"Selected": {reason: "All that can be asked for.", options: LogOptions{Follow: true, Timestamps: true, Since: time.Minute, Tail: 3}, want: "container=node&follow=true&sinceSeconds=60&tailLines=3&timestamps=true"},
		"Recent":   {reason: "Less than a second is not for ever.", options: LogOptions{Since: time.Millisecond, Tail: -1}, want: "container=node&sinceSeconds=1"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var asked string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r.URL.Path + "?" + r.URL.Query().Encode()
				_, _ = io.WriteString(w, "hello\n")
			}))
			defer server.Close()
			var out bytes.Buffer
			if err := Log(t.Context(), &rest.Config{Host: server.URL}, server0, tc.options, &out); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff("/api/v1/namespaces/team/pods/dev-server-0/log?"+tc.want+" hello\n", asked+" "+out.String()); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestLogRefused(t *testing.T) {
	host := &hostAPI{refuse: http.StatusForbidden}
	err := Log(t.Context(), host.serve(t), server0, LogOptions{}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), `read the log of pod "dev-server-0"`) || !strings.Contains(err.Error(), "forbidden") {
		t.Errorf("Log(): got %v", err)
	}
}
