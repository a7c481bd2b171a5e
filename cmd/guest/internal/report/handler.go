package report

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// Handler answers the guest's endpoints. ready says why the node does not
// serve its purpose yet, or nil.
type Handler struct {
	Store *Store
	Token string
	Ready func(context.Context) error
}

// Mux returns the routes.
func (h *Handler) Mux() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+guestapi.LivePath, func(w http.ResponseWriter, _ *http.Request) { writeText(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET "+guestapi.ReadyPath, h.ready)
	mux.HandleFunc("GET "+guestapi.ReportPath, h.report)
	return mux
}

func (h *Handler) ready(w http.ResponseWriter, r *http.Request) {
	if err := h.Ready(r.Context()); err != nil {
		writeText(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	writeText(w, http.StatusOK, "ok")
}

func (h *Handler) report(w http.ResponseWriter, r *http.Request) {
	want := "Bearer " + h.Token
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(want)) != 1 {
		writeText(w, http.StatusUnauthorized, "the report needs the cluster's guest token")
		return
	}
	current := h.Store.Current()
	if after := r.URL.Query().Get("after"); after != "" {
		revision, err := strconv.ParseInt(after, 10, 64)
		if err != nil {
			writeText(w, http.StatusBadRequest, "after: not a revision")
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), guestapi.ReportWaitSeconds*time.Second)
		defer cancel()
		current = h.Store.Wait(ctx, revision)
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(current); err != nil {
		return // the reader went away
	}
}

func writeText(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	if _, err := w.Write([]byte(text + "\n")); err != nil {
		return // the reader went away
	}
}
