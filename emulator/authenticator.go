package emulator

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/gorilla/mux"

	"github.com/eksemu/eksemu/emulator/authn"
)

// authenticatorState is what the admin API is told about a cluster's authenticator.
type authenticatorState struct {
	Running bool `json:"running"`
}

// SetAuthenticator stops aws-iam-authenticator of a cluster, whose API server then authenticates nobody of IAM, or starts
// it again and waits until it answers.
func (c *Client) SetAuthenticator(ctx context.Context, cluster string, running bool) error {
	return c.call(ctx, http.MethodPut, "clusters/"+url.PathEscape(cluster)+"/authenticator", nil, authenticatorState{running}, nil)
}

func (a *admin) setAuthenticator(w http.ResponseWriter, r *http.Request) {
	var state authenticatorState
	if !readJSON(w, r, "the authenticator's state", &state) {
		return
	}
	if err := a.env.setAuthenticator(r.Context(), mux.Vars(r)["name"], state.Running); err != nil {
		writeJSON(w, http.StatusConflict, adminError{err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, struct{}{})
}

// setAuthenticator stops a cluster's authenticator, or starts it.
func (e *Environment) setAuthenticator(ctx context.Context, name string, running bool) error {
	for _, c := range e.clusters.active() {
		if c.name != name {
			continue
		}
		return e.wait(ctx, func(life context.Context) error {
			what := "stop"
			if running {
				what = "start"
			}
			return c.take(life, part{what + " " + authn.Component, func(ctx context.Context, c *runningCluster) error {
				return e.switchAuthenticator(ctx, c, running)
			}})
		})
	}
	return fmt.Errorf("no cluster %q runs here: name one that `eksemu status` lists", name)
}

func (e *Environment) switchAuthenticator(ctx context.Context, c *runningCluster, running bool) error {
	if running && c.authenticates() {
		return nil
	}
	if err := c.stopAuthenticator(ctx); err != nil || !running { // before a start: what an earlier one, that failed, has left
		return err
	}
	return e.startAuthenticator(ctx, c)
}

// authenticates reports whether the cluster's authenticator runs and has read what it maps by.
func (c *runningCluster) authenticates() bool {
	c.accessMu.Lock()
	defer c.accessMu.Unlock()
	return c.child != nil && c.mapped
}

// stopAuthenticator stops the cluster's authenticator, if there is one. Where that fails, another call tries it again.
func (c *runningCluster) stopAuthenticator(ctx context.Context) error {
	c.accessMu.Lock()
	c.mapped = false // its start reads what has changed until then
	c.accessMu.Unlock()
	if c.child == nil {
		return nil
	}
	if err := c.child.Stop(ctx); err != nil {
		return err
	}
	c.child = nil
	return nil
}
