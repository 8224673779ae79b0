package emulator

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/trace"
)

// adminPrefix is where the admin API lives on the gateway. Its requests carry the token of runtime.json, so that
// no web page in the user's browser can make them; only the health check is open.
const adminPrefix = "/_eksemu/v1/"

const (
	maxEventsWait    = 30 * time.Second
	maxAdminBodySize = 1 << 20
)

type adminError struct {
	Error string `json:"error"`
}

// admin serves the admin API of an environment.
type admin struct {
	env  *Environment
	stop func(remove bool) // ends the environment
}

func (a *admin) handler() http.Handler {
	router := mux.NewRouter().SkipClean(true) // a name with dots and slashes is no other resource
	router.HandleFunc("/_eksemu/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	api := router.PathPrefix(adminPrefix).Subrouter()
	api.Use(a.authenticated)
	api.HandleFunc("/status", a.status).Methods(http.MethodGet)
	api.HandleFunc("/events", a.events).Methods(http.MethodGet)
	api.HandleFunc("/identities", a.putIdentities).Methods(http.MethodPost)
	api.HandleFunc("/identities/{id}", a.removeIdentities).Methods(http.MethodDelete)
	api.HandleFunc("/clusters", a.putCluster).Methods(http.MethodPost)
	api.HandleFunc("/clusters/{name}", a.removeCluster).Methods(http.MethodDelete)
	api.HandleFunc("/clusters/{name}/authenticator", a.setAuthenticator).Methods(http.MethodPut)
	api.HandleFunc("/marks", a.mark).Methods(http.MethodPost)
	api.HandleFunc("/marks/{id}", a.resetToMark).Methods(http.MethodDelete)
	api.HandleFunc("/credentials/{name}", a.credentials).Methods(http.MethodGet)
	api.HandleFunc("/clock", a.clock).Methods(http.MethodGet)
	api.HandleFunc("/clock/advance", a.advanceClock).Methods(http.MethodPost)
	api.HandleFunc("/faults", a.pendingFaults).Methods(http.MethodGet)
	api.HandleFunc("/faults", a.failNext).Methods(http.MethodPost)
	api.HandleFunc("/faults", a.clearFaults).Methods(http.MethodDelete)
	api.HandleFunc("/faults/{id}", a.forgetFault).Methods(http.MethodDelete)
	api.HandleFunc("/mfa", a.mfaCodes).Methods(http.MethodGet)
	api.HandleFunc("/stop", a.stopEnvironment).Methods(http.MethodPost)
	return router
}

// isAdmin tells whether a request of the direct endpoint is one for the admin API. A Host that is not a loopback
// address means that a browser was led here by a name that somebody else owns.
func isAdmin(r *http.Request) bool {
	if !strings.HasPrefix(r.URL.Path, "/_eksemu/") {
		return false
	}
	address, err := netip.ParseAddrPort(r.Host)
	return err == nil && address.Addr().IsLoopback()
}

func (a *admin) authenticated(next http.Handler) http.Handler {
	want := []byte("Bearer " + a.env.runtime.AdminToken)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			writeJSON(w, http.StatusUnauthorized, adminError{"the admin API needs the adminToken of the environment's runtime.json"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (a *admin) status(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, a.env.Status())
}

// events answers the trace after ?after=N, and waits up to ?wait=DURATION for the first one.
func (a *admin) events(w http.ResponseWriter, r *http.Request) {
	after, err := strconv.ParseUint(r.URL.Query().Get("after"), 10, 64)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, adminError{"after must be the number of an event"})
		return
	}
	wait, err := time.ParseDuration(r.URL.Query().Get("wait"))
	if err != nil || wait < 0 || wait > maxEventsWait {
		writeJSON(w, http.StatusBadRequest, adminError{"wait must be a duration from 0s to " + maxEventsWait.String()})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	events, more := a.env.trace.Since(after)
	if len(events) == 0 {
		select {
		case <-more:
		case <-ctx.Done():
		}
		events, _ = a.env.trace.Since(after)
	}
	if events == nil {
		events = []trace.Event{}
	}
	writeJSON(w, http.StatusOK, events)
}

func (a *admin) putIdentities(w http.ResponseWriter, r *http.Request) {
	var overlay config.Overlay
	if !readJSON(w, r, "the identities", &overlay) {
		return
	}
	id, err := a.env.aws.addIdentities(overlay)
	if err != nil {
		writeJSON(w, http.StatusConflict, adminError{err.Error()})
		return
	}
	writeJSON(w, http.StatusCreated, struct{ ID string }{id})
}

func (a *admin) removeIdentities(w http.ResponseWriter, r *http.Request) {
	if err := a.env.aws.removeIdentities(mux.Vars(r)["id"]); err != nil {
		writeJSON(w, http.StatusNotFound, adminError{err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, struct{}{})
}

func (a *admin) credentials(w http.ResponseWriter, r *http.Request) {
	of := a.env.aws.credentials
	if r.URL.Query().Get("expired") == "true" {
		of = a.env.aws.expiredSession
	}
	credentials, err := of(mux.Vars(r)["name"])
	if err != nil {
		writeJSON(w, http.StatusNotFound, adminError{err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, credentials)
}

// stopEnvironment ends the environment, with ?remove=true for good.
func (a *admin) stopEnvironment(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusAccepted, struct{}{})
	a.stop(r.URL.Query().Get("remove") == "true")
}

// readJSON reads the body of a request of the admin API, or answers what is wrong with it.
func readJSON(w http.ResponseWriter, r *http.Request, what string, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAdminBodySize))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more behind it")
		}
	}
	if err != nil {
		writeJSON(w, http.StatusBadRequest, adminError{"decode " + what + ": " + err.Error()})
		return false
	}
	return true
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		status, raw = http.StatusInternalServerError, []byte(`{"error":"encode the answer"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(raw, '\n')) // a client that went away needs no answer
}
