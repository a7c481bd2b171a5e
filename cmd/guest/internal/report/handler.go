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

// Handler answers the guest's endpoints.
type Handler struct {
	Store *Store
	// Token authenticates readers of the report, Control those who may also say
	// what is wanted. Without the latter nobody may.
	Token   string
	Control string
	// Ready says why the node does not serve its purpose, or nil.
	Ready func(context.Context) error
	// Wanted is told what is wanted while a request lasts, which ends with the
	// context. It may be nil.
	Wanted func(context.Context, guestapi.ReportRequest)
}

// Mux returns the routes.
func (h *Handler) Mux() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+guestapi.LivePath, func(w http.ResponseWriter, _ *http.Request) { writeText(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET "+guestapi.ReadyPath, h.ready)
	mux.HandleFunc("GET "+guestapi.ReportPath, authorised(h.Token, h.asked))
	mux.HandleFunc("POST "+guestapi.ReportPath, authorised(h.Control, h.told))
	return mux
}

func (h *Handler) ready(w http.ResponseWriter, r *http.Request) {
	if err := h.Ready(r.Context()); err != nil {
		writeText(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	writeText(w, http.StatusOK, "ok")
}

// authorised lets only holders of the token through.
func authorised(token string, next http.HandlerFunc) http.HandlerFunc {
	want := []byte("Bearer " + token)
	return func(w http.ResponseWriter, r *http.Request) {
		if token == "" || subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			writeText(w, http.StatusUnauthorized, "the report needs the cluster's guest token")
			return
		}
		next(w, r)
	}
}

// asked answers a reader that says in the query what it knows.
func (h *Handler) asked(w http.ResponseWriter, r *http.Request) {
	after := r.URL.Query().Get("after")
	if after == "" {
		h.answer(w, r, nil)
		return
	}
	revision, err := strconv.ParseInt(after, 10, 64)
	if err != nil {
		writeText(w, http.StatusBadRequest, "after: not a revision")
		return
	}
	h.answer(w, r, &revision)
}

// told answers a reader that also says what the cluster is to be.
func (h *Handler) told(w http.ResponseWriter, r *http.Request) {
	var request guestapi.ReportRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, guestapi.RequestMaxBytes)).Decode(&request); err != nil {
		writeText(w, http.StatusBadRequest, "not a request for a report: "+err.Error())
		return
	}
	if h.Wanted != nil && len(request.Wanted) > 0 {
		h.Wanted(r.Context(), request)
	}
	h.answer(w, r, request.After)
}

// answer waits while the reader knows the newest revision.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, after *int64) {
	current := h.Store.Current()
	if after != nil {
		ctx, cancel := context.WithTimeout(r.Context(), guestapi.ReportWaitSeconds*time.Second)
		defer cancel()
		current = h.Store.Wait(ctx, *after)
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
