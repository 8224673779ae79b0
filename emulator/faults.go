package emulator

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gorilla/mux"

	stsfake "github.com/eksemu/eksemu/sts-fake"
)

// FailNext lets the next calls of an STS operation fail.
func (c *Client) FailNext(ctx context.Context, fault stsfake.Fault) error {
	return c.call(ctx, http.MethodPost, "faults", nil, fault, nil)
}

// Faults are the faults that still wait for calls, oldest first.
func (c *Client) Faults(ctx context.Context) ([]stsfake.Fault, error) {
	var faults []stsfake.Fault
	return faults, c.call(ctx, http.MethodGet, "faults", nil, nil, &faults)
}

// ClearFaults forgets all faults that still wait and returns how many there were.
func (c *Client) ClearFaults(ctx context.Context) (int, error) {
	var answer cleared
	return answer.Cleared, c.call(ctx, http.MethodDelete, "faults", nil, nil, &answer)
}

// ForgetFault forgets the faults of an ID and returns how many calls they still waited for.
func (c *Client) ForgetFault(ctx context.Context, id string) (calls int, err error) {
	var answer forgotten
	err = c.call(ctx, http.MethodDelete, "faults/"+url.PathEscape(id), nil, nil, &answer)
	return answer.Calls, err
}

// forgotten is the answer to the request to forget the faults of an ID.
type forgotten struct {
	Calls int `json:"calls"`
}

// cleared is the answer to the request to forget all faults.
type cleared struct {
	Cleared int `json:"cleared"`
}

func (a *admin) failNext(w http.ResponseWriter, r *http.Request) {
	var fault stsfake.Fault
	if !readJSON(w, r, "the fault", &fault) {
		return
	}
	if err := a.env.faults.FailNext(fault); err != nil {
		writeJSON(w, http.StatusBadRequest, adminError{err.Error()})
		return
	}
	writeJSON(w, http.StatusCreated, struct{}{})
}

func (a *admin) pendingFaults(w http.ResponseWriter, _ *http.Request) {
	faults := a.env.faults.Pending()
	if faults == nil {
		faults = []stsfake.Fault{}
	}
	writeJSON(w, http.StatusOK, faults)
}

func (a *admin) clearFaults(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, cleared{a.env.faults.Clear()})
}

func (a *admin) forgetFault(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusOK, forgotten{a.env.faults.Forget(mux.Vars(r)["id"])})
}
