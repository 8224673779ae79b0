package eks

import (
	"errors"
	"fmt"
	"maps"
)

// ChangeKind says what has changed about a cluster.
type ChangeKind string

// What a registry announces.
const (
	// ClusterCreated: somebody asked for a cluster, which is CREATING. Start it, then call SetEndpoint and UpdateStatus, or
	// Fail.
	ClusterCreated ChangeKind = "ClusterCreated"
	// ClusterDeleted: somebody asked for the end of a cluster, which is DELETING, perhaps not for the first time. Stop it,
	// then call RemoveCluster.
	ClusterDeleted ChangeKind = "ClusterDeleted"
	// AccessChanged: access entries, their policies or the authentication mode are others now, as Access has them. If an
	// update of the mode is in progress, apply it, then call FinishUpdate.
	AccessChanged ChangeKind = "AccessChanged"
	// UpdateStarted: an update that does not change access is in progress. Call FinishUpdate.
	UpdateStarted ChangeKind = "UpdateStarted"
)

// Change is something that a caller of the EKS API did.
type Change struct {
	Kind       ChangeKind
	ClusterARN string
}

// SaveError is a change that could not be made to last, and was not made.
type SaveError struct{ Err error }

// Error implements error.
func (e *SaveError) Error() string { return "save the clusters: " + e.Err.Error() }

// Unwrap returns what Save returned.
func (e *SaveError) Unwrap() error { return e.Err }

// state is all clusters, by account and region and then by name. Nothing that it points to ever changes: a change makes
// a new state that shares with the old one what stayed the same.
type state map[Scope]map[string]*SavedCluster

func (r *Registry) read() state { return *r.state.Load() }

// with is the state with another cluster of that name, or without one if cluster is nil.
func (s state) with(scope Scope, name string, cluster *SavedCluster) state {
	named := maps.Clone(s[scope])
	if cluster == nil {
		delete(named, name)
	} else {
		if named == nil {
			named = map[string]*SavedCluster{}
		}
		named[name] = cluster
	}
	next := maps.Clone(s)
	next[scope] = named
	if len(named) == 0 {
		delete(next, scope)
	}
	return next
}

// Errors that do not leave this package.
var (
	errSame      = errors.New("nothing to change") // ends a change that is not needed
	errNoCluster = errors.New("nothing to edit")   // there is no cluster of that name
)

// apply puts what edit makes of a cluster in its place: computed, saved, then visible, then announced. edit gets nil if
// there is no cluster, must not change what it gets, and returns nil to remove it. An error of edit or of Save leaves
// everything as it was.
func (r *Registry) apply(scope Scope, name string, edit func(old *SavedCluster) (*SavedCluster, ChangeKind, error)) error {
	kind, arn, err := r.commit(scope, name, edit)
	if err == nil && kind != "" && r.changed != nil {
		r.changed(Change{Kind: kind, ClusterARN: arn})
	}
	if errors.Is(err, errSame) {
		return nil
	}
	return err
}

func (r *Registry) commit(scope Scope, name string, edit func(*SavedCluster) (*SavedCluster, ChangeKind, error)) (kind ChangeKind, arn string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	current := r.read()
	edited, kind, err := edit(current[scope][name])
	if err != nil {
		return "", "", err
	}
	next := current.with(scope, name, edited)
	if r.save != nil {
		if err := r.save(next.snapshot()); err != nil {
			return "", "", &SaveError{err}
		}
	}
	r.state.Store(&next)
	if edited != nil {
		arn = edited.Cluster.ARN
	}
	return kind, arn, nil
}

// edit applies a change to a copy of a cluster. The copy's Cluster may be changed throughout, its lists only replaced.
// Without a cluster the error is errNoCluster.
func (r *Registry) edit(scope Scope, name string, change func(*SavedCluster) (ChangeKind, error)) error {
	return r.apply(scope, name, func(old *SavedCluster) (*SavedCluster, ChangeKind, error) {
		if old == nil {
			return nil, "", errNoCluster
		}
		next := *old
		next.Cluster = old.Cluster.clone()
		kind, err := change(&next)
		return &next, kind, err
	})
}

// update is edit for who knows a cluster by its ARN.
func (r *Registry) update(clusterARN string, change func(*SavedCluster) (ChangeKind, error)) error {
	ref, err := parseClusterARN(clusterARN)
	if err != nil {
		return fmt.Errorf("update cluster: %w", err)
	}
	err = r.edit(ref.Scope, ref.name, func(c *SavedCluster) (ChangeKind, error) {
		if c.Cluster.ARN != clusterARN {
			return "", errNoCluster
		}
		return change(c)
	})
	if errors.Is(err, errNoCluster) {
		return fmt.Errorf("update cluster %s: %w", clusterARN, ErrClusterNotFound)
	}
	return err
}
