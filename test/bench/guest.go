package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/vclusterctl/vclusterctl/images"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// guest answers for a node that does not exist, over TLS and after the same long
// waits as the guest of one that does. Its node is a server on which all is well.
type guest struct {
	server  *http.Server
	control string
	report  guestapi.Report
	asked   atomic.Int64
}

// newGuest takes what a pod has of the join and the identity Secret.
func newGuest(boot types.UID, join, identity map[string][]byte) (*guest, error) {
	certificate, err := tls.X509KeyPair(join[guestapi.JoinGuestCert], join[guestapi.JoinGuestKey])
	if err != nil {
		return nil, fmt.Errorf("read the guest's certificate: %w", err)
	}
	g := &guest{control: guestapi.ControlToken(identity), report: wellReport(string(boot), time.Now())}
	g.server = &http.Server{
		Handler: g, ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13},
	}
	return g, nil
}

// listen answers at an address until the server is closed.
func (g *guest) listen(ctx context.Context, address string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen for a guest: %w", err)
	}
	go func() { _ = g.server.ServeTLS(listener, "", "") }()
	return nil
}

// ServeHTTP takes what the controller asks of a server, and nothing else.
func (g *guest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != guestapi.ReportPath || r.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+g.control {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var request guestapi.ReportRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, guestapi.RequestMaxBytes)).Decode(&request); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	g.asked.Add(1)
	if request.After != nil && *request.After == g.report.Revision {
		select { // there will be no news
		case <-r.Context().Done():
		case <-time.After(guestapi.ReportWaitSeconds * time.Second):
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(g.report) // or the reader went away
}

// wellReport is what the guest of a server says once a pod can start.
func wellReport(boot string, now time.Time) guestapi.Report {
	const node = "server-0"
	ids := []string{"0 65536 65536"}
	var timeline []guestapi.Milestone
	for _, name := range []string{
		guestapi.MilestoneInit, guestapi.MilestonePrepared, guestapi.MilestoneDatastore, guestapi.MilestoneAPI, guestapi.MilestoneNode,
		guestapi.MilestoneServiceAccount, guestapi.MilestoneNetwork, guestapi.MilestoneSchedulable,
	} {
		timeline = append(timeline, guestapi.Milestone{Name: name, Time: now})
	}
	return guestapi.Report{
		Boot: boot, Revision: 1, NodeName: node, MachineID: boot, Role: guestapi.RoleServer, Distro: guestapi.DistroK8s,
		Version: images.KubernetesVersion, StateID: boot, APIServing: true, Schedulable: true, Timeline: timeline,
		Facts: guestapi.Facts{
			UIDMap: ids, GIDMap: ids, SeccompMode: "filter", Capabilities: []string{"CAP_NET_ADMIN", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE"},
			CgroupControllers: []string{"cpu", "cpuset", "memory", "pids"}, CgroupWritable: true, Snapshotter: "overlayfs", Kernel: "6.18.0",
		},
		Nodes: []guestapi.NodeState{{Name: node, Ready: true, Version: images.KubernetesVersion, MachineID: boot, Group: "server"}},
	}
}
