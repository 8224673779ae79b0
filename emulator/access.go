package emulator

import (
	"context"
	"errors"
	"time"

	"github.com/eksemu/eksemu/emulator/access"
	"github.com/eksemu/eksemu/emulator/audit"
	"github.com/eksemu/eksemu/emulator/authn"
	"github.com/eksemu/eksemu/emulator/eks"
	"github.com/eksemu/eksemu/emulator/internal/process"
	"github.com/eksemu/eksemu/emulator/trace"
)

// accessPatience bounds how long a caller of the EKS API waits until the authenticator has read what the caller changed.
// Callers of EKS never know when a change counts; here it has when they have their answer, unless the authenticator does
// not run just then.
const accessPatience = 2 * time.Second

// accessOf is what the EKS API has about who may use a cluster, for the authenticator.
func (e *Environment) accessOf(c *runningCluster) (eks.Access, authn.Access, error) {
	now, err := e.aws.clusters.Access(c.arn)
	if err != nil {
		return eks.Access{}, authn.Access{}, err
	}
	now = e.oncePerPrincipal(now)
	a := authn.Access{
		Cluster: c.spec.Name, Partition: e.opts.Config.Partition(),
		AuthenticationMode: authn.AuthenticationMode(now.AuthenticationMode), Creator: now.Creator.ARN,
	}
	for _, entry := range now.Entries {
		a.Entries = append(a.Entries, authn.Mapping{ARN: entry.PrincipalARN, PrincipalID: entry.PrincipalID, Username: entry.Username, Groups: entry.Groups})
	}
	e.warn("give the authenticator of cluster "+c.name+" all access entries", a.LeaveOut())
	return now, a, nil
}

// oncePerPrincipal leaves one access entry of each principal, with its policies. There are more only in states of eksemu from
// before CreateAccessEntry refused a second one for a user who was renamed: then that counts which has the ARN that IAM has
// now. The authenticator tells entries apart by principal IDs alone.
func (e *Environment) oncePerPrincipal(a eks.Access) eks.Access {
	counts := map[string]string{} // principal ID → ARN
	for _, entry := range a.Entries {
		if counts[entry.PrincipalID] == "" || e.aws.principalID(entry.PrincipalARN) == entry.PrincipalID {
			counts[entry.PrincipalID] = entry.PrincipalARN
		}
	}
	a.Entries = without(a.Entries, func(m eks.Mapping) bool { return counts[m.PrincipalID] != m.PrincipalARN })
	a.Grants = without(a.Grants, func(g access.Grant) bool { return counts[g.PrincipalID] != g.PrincipalARN })
	return a
}

// writeAccess writes the files of an authenticator that does not run yet.
func (e *Environment) writeAccess(c *runningCluster) error {
	_, a, err := e.accessOf(c)
	if err != nil {
		return err
	}
	c.mode.Store(a.AuthenticationMode)
	return c.server.Write(a)
}

// applyAccess lets what the EKS API has about who may use a cluster count in it. It returns the updates that then count, or
// fail with the error: those that were in progress when it looked.
func (e *Environment) applyAccess(ctx context.Context, arn string) ([]eks.RunningUpdate, error) {
	c := e.clusters.find(arn)
	if c == nil {
		return e.runningUpdates(arn), nil
	}
	c.accessMu.Lock()
	defer c.accessMu.Unlock()
	if !c.mapped || c.ended.Err() != nil {
		return nil, nil // its start does it, or nothing any more
	}
	running := e.runningUpdates(arn)
	now, a, err := e.accessOf(c)
	if errors.Is(err, eks.ErrClusterNotFound) {
		return nil, nil // deleted in the meantime
	}
	if err != nil {
		return running, err
	}
	before := e.trace.Last()
	c.authorizer.SetGrants(now.Grants)
	updated, err := c.server.Update(a)
	if err != nil {
		return running, err
	}
	c.mode.Store(a.AuthenticationMode)
	c.awaitAccess(ctx, before, updated, a.AuthenticationMode)
	return running, nil
}

// accessRetry is how long after a failure what changed about who may use a cluster is tried again.
const accessRetry = time.Second

// applyLater applies who may use a cluster once that can be done.
func (e *Environment) applyLater(arn string) {
	if c := e.clusters.find(arn); c != nil && c.retrying.CompareAndSwap(false, true) {
		e.beside(func(ctx context.Context) { e.retryAccess(ctx, c, accessRetry) })
	}
}

// retryAccess tries again and again, until it succeeds, the cluster ends, or another one does the same.
func (e *Environment) retryAccess(ctx context.Context, c *runningCluster, every time.Duration) {
	for process.Sleep(c.ended, every) { //nolint:contextcheck // the cluster's end ends it
		c.retrying.Store(false) // so that what fails from here on is tried by somebody
		if _, err := e.applyAccess(ctx, c.arn); err == nil || !c.retrying.CompareAndSwap(false, true) {
			return
		}
	}
}

// awaitAccess waits until the authenticator says that it has read what was updated. If it does not in time, it will once
// it runs again.
func (c *runningCluster) awaitAccess(ctx context.Context, since uint64, updated authn.Updated, mode authn.AuthenticationMode) {
	ctx, cancel := context.WithTimeout(ctx, accessPatience)
	defer cancel()
	if updated.Mode {
		if rebuilt, err := c.recorder.AwaitLog(ctx, since, authn.RebuiltMappers); err == nil {
			since = rebuilt.Seq
		}
		updated.Entries = mode != authn.ConfigMap // it reads them anew
		_ = c.awaitConfigMap(ctx, since, mode)    // as for all of it: it will
	}
	if updated.Entries {
		_, _ = c.recorder.AwaitLog(ctx, since, c.server.ReadEntries)
	}
}

// observeReview notes the questions to a cluster's access policies, about principals that have some.
func (e *Environment) observeReview(c *runningCluster) func(access.Review) {
	return func(r access.Review) {
		review := &trace.PolicyReview{
			PrincipalID: r.Decision.PrincipalID, Username: r.Username, Verb: r.Verb, Group: r.Group, Resource: r.Resource,
			Namespace: r.Namespace, Name: r.Name, Path: r.Path, Allowed: r.Decision.Allowed, Reason: r.Decision.Reason,
			Policies: r.Decision.Policies, Unknown: r.Decision.Unknown,
		}
		audit.CutPolicyReview(review)
		e.trace.Record(trace.Event{Kind: trace.KindPolicyReview, Cluster: c.name, PolicyReview: review})
	}
}
