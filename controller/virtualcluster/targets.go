package virtualcluster

import (
	"encoding/json"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/report"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// targets are the guests to ask: one per pod that has an address and lives.
func targets(s *Scope) []report.Target {
	join := s.children.secrets[cluster.JoinSecretName(s.vc.Name)]
	if join == nil {
		return nil
	}
	var out []report.Target
	for _, p := range s.pods {
		if p.Status.PodIP == "" || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
			continue
		}
		told, control := "", ""
		if p.Labels[v1alpha1.LabelPool] == cluster.ServerGroup {
			control = guestapi.ControlToken(s.identity.Files())
		}
		if control != "" { // it is empty while the identity is lost
			told = s.wantedNodes()
		}
		out = append(out, report.Target{
			UID:      p.UID,
			Pod:      p.Name,
			Restarts: restarts(&p),
			Address:  p.Status.PodIP,
			CA:       string(join.Data[guestapi.JoinCACert]),
			Token:    string(join.Data[guestapi.JoinGuestToken]),
			Told:     told,
			Control:  control,
		})
	}
	return out
}

// wantedNodes is what servers are told of the nodes: those that the spec wants,
// and those whose pods are still there, be they about to go or not allowed to
// yet. The cluster inside loses a node after its pod is gone, never before.
func (s *Scope) wantedNodes() string {
	wanted := map[string]int32{}
	for _, g := range s.groups() {
		wanted[g.Name] = g.Replicas
	}
	for _, p := range s.pods {
		group := p.Labels[v1alpha1.LabelPool]
		prefix := cluster.GroupName(s.vc.Name, group) + "-"
		ordinal, err := strconv.ParseInt(strings.TrimPrefix(p.Name, prefix), 10, 32)
		if err == nil && ordinal >= 0 {
			wanted[group] = max(wanted[group], int32(ordinal)+1)
		}
	}
	data, err := json.Marshal(guestapi.ReportRequest{Generation: s.vc.Generation, Wanted: wanted})
	if err != nil {
		return "" // names and numbers always have a form in JSON
	}
	return string(data)
}
