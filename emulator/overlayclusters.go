package emulator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorilla/mux"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/eks"
)

// PutCluster adds a cluster to the running environment and waits until it can be used. It is one of the environment's own
// identities. undo deletes it.
func (c *Client) PutCluster(ctx context.Context, spec config.Cluster) (cluster RuntimeCluster, undo func(context.Context) error, err error) {
	if err := c.call(ctx, http.MethodPost, "clusters", nil, config.Overlay{Clusters: []config.Cluster{spec}}, &cluster); err != nil {
		return RuntimeCluster{}, nil, err
	}
	return cluster, func(ctx context.Context) error {
		return c.call(ctx, http.MethodDelete, "clusters/"+url.PathEscape(cluster.Name), nil, nil, nil)
	}, nil
}

func (a *admin) putCluster(w http.ResponseWriter, r *http.Request) {
	var overlay config.Overlay
	if !readJSON(w, r, "the cluster", &overlay) {
		return
	}
	cluster, err := a.env.addOverlayCluster(r.Context(), overlay)
	if err != nil {
		writeJSON(w, http.StatusConflict, adminError{err.Error()})
		return
	}
	writeJSON(w, http.StatusCreated, cluster)
}

func (a *admin) removeCluster(w http.ResponseWriter, r *http.Request) {
	if err := a.env.removeOverlayCluster(r.Context(), mux.Vars(r)["name"]); err != nil {
		writeJSON(w, http.StatusNotFound, adminError{err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, struct{}{})
}

// errStopping is why nothing begins any more.
var errStopping = errors.New("the environment is stopping")

// addOverlayCluster makes and starts the one cluster of an overlay.
func (e *Environment) addOverlayCluster(ctx context.Context, overlay config.Overlay) (RuntimeCluster, error) {
	if len(overlay.Clusters) != 1 {
		return RuntimeCluster{}, fmt.Errorf("%d clusters: add one at a time", len(overlay.Clusters))
	}
	c, err := e.makeOverlayCluster(overlay)
	if err != nil {
		return RuntimeCluster{}, err
	}
	if err := e.wait(ctx, func(life context.Context) error { return e.bringUpNew(life, c) }); err != nil {
		e.beside(func(life context.Context) {
			e.warn("delete cluster "+c.name+", which could not be started", e.discardCluster(life, c.arn))
		})
		return RuntimeCluster{}, fmt.Errorf("start cluster %s: %w", c.name, err)
	}
	return RuntimeCluster{Name: c.name, ARN: c.arn, Endpoint: c.info.Endpoint}, e.republish()
}

// makeOverlayCluster makes the cluster of an overlay known.
func (e *Environment) makeOverlayCluster(overlay config.Overlay) (*runningCluster, error) {
	e.aws.mu.Lock()
	defer e.aws.mu.Unlock()
	e.making.Lock()
	defer e.making.Unlock()
	merged, problems := e.aws.config.Merge(config.Overlay{Clusters: overlay.Clusters}, nil)
	if len(problems) > 0 {
		return nil, problems
	}
	spec := merged.Clusters[len(merged.Clusters)-1]
	described, err := e.describeCluster(merged, spec)
	if err != nil {
		return nil, err
	}
	if _, taken := e.aws.clusters.ClusterByARN(described.ARN); taken {
		return nil, fmt.Errorf("add cluster %q, which a caller of the EKS API has made (delete that, or choose another name): %w", spec.Name, eks.ErrClusterExists)
	}
	// Noted first, so that a start after a crash removes it.
	if err := e.state.update(func(s *state) { s.Seeded[clusterKey(described.ARN)] = ofOverlay }); err != nil {
		return nil, err
	}
	if err := e.aws.makeCluster(merged, spec, described); err != nil {
		return nil, errors.Join(err, e.state.update(func(s *state) { delete(s.Seeded, clusterKey(described.ARN)) }))
	}
	return e.newCluster(spec, described.ARN), nil
}

// removeOverlayCluster deletes a cluster that addOverlayCluster made. The note of it goes with the last of it, so that a
// removal that fails can be tried again.
func (e *Environment) removeOverlayCluster(ctx context.Context, name string) error {
	for key, digest := range e.state.read().Seeded {
		arn, isCluster := strings.CutPrefix(key, clusterPrefix)
		if isCluster && digest == ofOverlay && e.nameOf(arn) == name {
			return e.wait(ctx, func(life context.Context) error { return e.discardCluster(life, arn) })
		}
	}
	return fmt.Errorf("no cluster %q was added", name)
}

// discardCluster is deleteCluster of a cluster that no caller of the EKS API deletes. They see it DELETING first.
func (e *Environment) discardCluster(ctx context.Context, arn string) error {
	err := e.aws.clusters.UpdateStatus(arn, eks.StatusDeleting)
	switch {
	case errors.Is(err, eks.ErrClusterNotFound):
		return nil // somebody else has deleted it
	case err != nil:
		return err
	}
	return e.deleteCluster(ctx, arn)
}

// wait does something beside and waits for its end, or for that of ctx.
func (e *Environment) wait(ctx context.Context, do func(context.Context) error) error {
	done := make(chan error, 1)
	if !e.beside(func(life context.Context) { done <- do(life) }) {
		return errStopping
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
