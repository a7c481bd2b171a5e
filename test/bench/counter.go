package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/rest"
)

// counter counts what passes the proxy between a controller and its API server.
type counter struct {
	mu  sync.Mutex
	now tally
}

// take returns what was counted and begins anew.
func (c *counter) take() tally {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.now
	c.now = tally{}
	return taken
}

func (c *counter) writes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now.writes
}

func (c *counter) count(r *http.Request) {
	verbs := map[string]string{
		http.MethodPost: "create", http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete",
	}
	seen := request{Verb: verbs[r.Method], RequestURI: r.URL.RequestURI()}
	for _, apart := range []string{"leases", "events"} {
		if strings.Contains(r.URL.Path, "/"+apart) {
			seen.Object.Resource = apart
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now.kinds == nil {
		c.now.kinds = map[string]int{}
	}
	c.now.add(seen)
}

// serve starts a proxy in front of an API server, on loopback, that counts and
// brings the credentials along.
func (f *fleet) serve(ctx context.Context, config *rest.Config) (string, error) {
	target, err := url.Parse(config.Host)
	if err != nil {
		return "", err
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		return "", err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen for the controller: %w", err)
	}
	f.counter = &counter{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			f.counter.count(r.In)
			r.SetURL(target)
		},
		Transport: transport, FlushInterval: -1,
		ErrorLog: log.New(io.Discard, "", 0), // watches that end are no news
	}
	f.server = &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = f.server.Serve(listener) }()
	return "http://" + listener.Addr().String(), nil
}
