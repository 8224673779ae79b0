package emulator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/eksemu/eksemu/emulator/cluster/kindcluster"
	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/eks"
)

// changed acts on what a caller of the EKS API did. The caller waits for its end: what takes long is done beside.
func (e *Environment) changed(change eks.Change) {
	switch change.Kind {
	case eks.ClusterCreated:
		e.beside(func(ctx context.Context) { e.createCluster(ctx, change.ClusterARN) })
	case eks.ClusterDeleted:
		e.beside(func(ctx context.Context) {
			e.warn("delete cluster "+e.nameOf(change.ClusterARN), e.deleteCluster(ctx, change.ClusterARN))
		})
	case eks.AccessChanged, eks.UpdateStarted:
		if err := e.applyChange(change.ClusterARN); err != nil {
			e.warn("apply who may use cluster "+e.nameOf(change.ClusterARN), err)
			e.applyLater(change.ClusterARN)
		}
	}
}

// applyChange lets who may use a cluster count, and ends its updates with that.
func (e *Environment) applyChange(arn string) error {
	running, err := e.applyAccess(e.done, arn)
	problem := ""
	if err != nil {
		problem = err.Error()
	}
	e.finishUpdates(running, problem)
	return err
}

// beside does something that ends with the environment, which waits for it. It reports whether it does: an environment
// that is stopping begins nothing.
func (e *Environment) beside(do func(context.Context)) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopping {
		return false // the next start does it
	}
	e.background.Go(func() { do(e.done) })
	return true
}

// endBackground waits for what is done beside, of which nothing begins any more.
func (e *Environment) endBackground() {
	e.mu.Lock()
	e.stopping = true
	e.mu.Unlock()
	e.background.Wait()
}

// stopPatience bounds the end of a single cluster, and the removal of what it has after that.
const stopPatience = 30 * time.Second

// createCluster starts a cluster that a caller of the EKS API made.
func (e *Environment) createCluster(ctx context.Context, arn string) {
	c := e.created(arn)
	if c == nil {
		return
	}
	if err := e.bringUpNew(ctx, c); err != nil {
		e.fail(ctx, c, err, true)
		return
	}
	e.warn("publish cluster "+c.name, e.republish())
}

// created makes a cluster known that a caller of the EKS API made; nil if it is known, or is being deleted already.
func (e *Environment) created(arn string) *runningCluster {
	e.making.Lock()
	defer e.making.Unlock()
	made, ok := e.aws.clusters.ClusterByARN(arn)
	if !ok || made.Status != eks.StatusCreating || e.clusters.find(arn) != nil {
		return nil
	}
	return e.newCluster(specOf(made), arn)
}

// ending finds a cluster that is DELETING and lets it end; nil if it never began.
func (e *Environment) ending(arn string) *runningCluster {
	e.making.Lock()
	defer e.making.Unlock()
	c := e.clusters.find(arn)
	if c != nil {
		c.end() // whoever is starting it stops
	}
	return c
}

// specOf is what the environment needs to know of a cluster that is in no configuration.
func specOf(c eks.Cluster) config.Cluster {
	return config.Cluster{
		Name: c.Name, Version: c.Version, AuthenticationMode: string(c.AccessConfig.AuthenticationMode),
		TokenCacheTTL: config.DefaultTokenCacheTTL,
	}
}

// fail gives a cluster up that could not be started, unless that is because the environment ends or somebody deletes it.
// Until it has been given up it stays known, so that who deletes it waits. A new one has nothing that is worth keeping; of
// another one all is kept, and the next start tries again. That one which was usable becomes FAILED is ours.
func (e *Environment) fail(ctx context.Context, c *runningCluster, reason error, isNew bool) {
	c.life.Lock()
	defer c.life.Unlock()
	if e.done.Err() != nil || c.ended.Err() != nil {
		return
	}
	e.stopFor(ctx, c, isNew)
	if isNew { // of another one a note says it
		e.warn("start cluster "+c.name, reason)
		e.warn("remove what there is of cluster "+c.name, e.removeFor(ctx, func(ctx context.Context) error { return e.removeTraces(ctx, c.name) }))
	}
	err := e.aws.clusters.Fail(c.arn, eks.ClusterIssue{
		Code: "InternalFailure", Message: reason.Error(), ResourceIDs: []string{c.name}, // the words are not AWS's
	})
	if !errors.Is(err, eks.ErrClusterDeleting) {
		e.warn("note the failure of cluster "+c.name, err)
	}
	c.end()
	e.clusters.drop(c)
}

// stopFor stops a cluster, for good or not, in a time of its own.
func (e *Environment) stopFor(ctx context.Context, c *runningCluster, remove bool) {
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
	defer cancel()
	e.warn("stop cluster "+c.name, c.stop(stopping, remove))
}

// removeFor removes something in a time of its own.
func (e *Environment) removeFor(ctx context.Context, remove func(context.Context) error) error {
	removing, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
	defer cancel()
	return remove(removing)
}

// deleteCluster ends a cluster for good that is DELETING. Who asks for it while somebody does it waits for the same end. One
// that has another status is another cluster, which somebody has made under the name meanwhile.
func (e *Environment) deleteCluster(ctx context.Context, arn string) error {
	_, err, _ := e.deletions.Do(arn, func() (any, error) {
		if c, ok := e.aws.clusters.ClusterByARN(arn); !ok || c.Status != eks.StatusDeleting {
			return nil, nil
		}
		return nil, e.endCluster(ctx, arn)
	})
	return err
}

// endCluster is deleteCluster that nobody else does at the same time. The cluster stays known until all of it is gone.
func (e *Environment) endCluster(ctx context.Context, arn string) error {
	name, c := e.nameOf(arn), e.ending(arn)
	if c != nil {
		c.life.Lock()
		defer c.life.Unlock()
		c.active.Store(false)
		e.warn("publish without cluster "+name, e.republish())
		e.stopFor(ctx, c, true)
	}
	if err := e.removeFor(ctx, func(ctx context.Context) error { return e.removeCluster(ctx, arn) }); err != nil {
		return fmt.Errorf("remove cluster %s (it stays in status DELETING until it is deleted again, or until the next start): %w", name, err)
	}
	e.clusters.drop(c)
	e.forgetComponents(name + "/")
	return e.aws.clusters.RemoveCluster(arn)
}

// forgetComponents takes the processes of a cluster that is gone out of the status. Those of the primary cluster, whose
// names have no prefix, show that it has ended.
func (e *Environment) forgetComponents(prefix string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	maps.DeleteFunc(e.components, func(name string, _ *ComponentStatus) bool { return strings.HasPrefix(name, prefix) })
}

// removeCluster removes what a stopped cluster has, and the note that a scenario brought it: another cluster of that name
// is another one.
func (e *Environment) removeCluster(ctx context.Context, arn string) error {
	if err := e.removeTraces(ctx, e.nameOf(arn)); err != nil {
		return err
	}
	if e.state.read().Seeded[clusterKey(arn)] != ofOverlay {
		return nil
	}
	return e.state.update(func(s *state) { delete(s.Seeded, clusterKey(arn)) })
}

// removeTraces removes what a stopped cluster has in its folder and outside of it, and what is written down about it.
func (e *Environment) removeTraces(ctx context.Context, name string) error {
	dir := e.files.cluster(name)
	err := removeControlPlane(ctx, dir, e.opts.ToolEnv)
	if foreign := (*kindcluster.ForeignError)(nil); errors.As(err, &foreign) { // which is left alone
		e.warn("remove cluster "+name, foreign)
		err = nil
	}
	if err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return e.state.update(func(s *state) {
		delete(s.Bootstrap, name)
		delete(s.Manifests, name)
		delete(s.ARNs, name)
	})
}

// runningUpdates are the updates of a cluster that are in progress.
func (e *Environment) runningUpdates(arn string) []eks.RunningUpdate {
	return without(e.aws.clusters.RunningUpdates(), func(u eks.RunningUpdate) bool { return u.ClusterARN != arn })
}

// finishUpdates ends updates. problem says why they failed, "" that they did not.
func (e *Environment) finishUpdates(updates []eks.RunningUpdate, problem string) {
	for _, update := range updates {
		e.warn("finish update "+update.ID, e.aws.clusters.FinishUpdate(update.ClusterARN, update.ID, problem))
	}
}

// warn writes a problem into the log that nobody is there to be told of.
func (e *Environment) warn(what string, err error) {
	if err != nil {
		e.logger.Error(what, "error", err)
	}
}

// errDeleted is why the start of a cluster ends that somebody deletes.
var errDeleted = errors.New("the cluster was deleted before it was ready")

// resumeClusters takes up what the last start had not finished with clusters that callers of the EKS API made: it lists
// those that shall run, and removes the rest of those that were being deleted.
func (e *Environment) resumeClusters(ctx context.Context) {
	for _, saved := range e.aws.clusters.Clusters() {
		name := e.nameOf(saved.ARN)
		switch {
		case e.clusters.find(saved.ARN) != nil: // of the configuration
		case saved.Status == eks.StatusDeleting:
			if err := e.deleteCluster(ctx, saved.ARN); err != nil {
				e.note(fmt.Sprintf("cluster %s, which was being deleted, is still there: %v", name, err))
			}
		case saved.Status == eks.StatusFailed: // when it was new: it waits for its deletion
		default:
			e.resumed = append(e.resumed, e.newCluster(specOf(saved), saved.ARN))
		}
	}
}
