package emulator

import (
	"context"
	"errors"
	"testing"

	"github.com/eksemu/eksemu/emulator/authn"
	"github.com/eksemu/eksemu/emulator/eks"
)

// beginUpdate has an update of a cluster be in progress.
func beginUpdate(t *testing.T, e *Environment, arn, id string) {
	t.Helper()
	for _, saved := range e.aws.clusters.Snapshot().Clusters {
		if saved.Cluster.ARN == arn {
			changed := *saved
			changed.Updates = append(changed.Updates[:len(changed.Updates):len(changed.Updates)],
				&eks.SavedUpdate{Update: eks.Update{ID: id, Status: eks.UpdateInProgress, Type: eks.UpdateLogging}})
			if err := e.aws.clusters.Restore(&changed); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// wantRunning checks which update is in progress.
func wantRunning(t *testing.T, e *Environment, what, want string) {
	t.Helper()
	got := ""
	for _, u := range e.aws.clusters.RunningUpdates() {
		got += u.ID
	}
	if got != want {
		t.Errorf("%s: %q is in progress, want %q", what, got, want)
	}
}

// TestUpdatesEndOnceTheyCount: a change ends the updates that were there when it was read, and no others.
func TestUpdatesEndOnceTheyCount(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	c := mappedCluster(t, e, "mine")
	makeAll(t, c.server.Dir)
	beginUpdate(t, e, c.arn, "first")
	running, err := e.applyAccess(unawaited(t), c.arn)
	if err != nil {
		t.Fatal(err)
	}
	e.finishUpdates(running, "")
	wantRunning(t, e, "after the first", "")
	running, err = e.applyAccess(unawaited(t), c.arn)
	if err != nil {
		t.Fatal(err)
	}
	beginUpdate(t, e, c.arn, "second")
	e.finishUpdates(running, "")
	wantRunning(t, e, "after a change that was read before it", "second")
}

// TestUpdatesWaitForTheAuthenticator: until it runs, for the first time or again, nothing counts. Its start ends what is in
// progress.
func TestUpdatesWaitForTheAuthenticator(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	c := mappedCluster(t, e, "mine")
	makeAll(t, c.server.Dir)
	if err := c.stopAuthenticator(t.Context()); err != nil {
		t.Fatal(err)
	}
	beginUpdate(t, e, c.arn, "first")
	e.changed(eks.Change{Kind: eks.UpdateStarted, ClusterARN: c.arn})
	wantRunning(t, e, "while it is stopped", "first")
	c.mode.Store(authn.ConfigMap) // in which there is no file that it must have read
	if err := e.awaitMapping(unawaited(t), c, 0); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	wantRunning(t, e, "after the start", "")
}

// TestUpdatesThatFail have the reason.
func TestUpdatesThatFail(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	c := mappedCluster(t, e, "mine") // whose authenticator has no folder
	beginUpdate(t, e, c.arn, "first")
	e.changed(eks.Change{Kind: eks.UpdateStarted, ClusterARN: c.arn})
	wantRunning(t, e, "after a failure", "")
	for _, saved := range e.aws.clusters.Snapshot().Clusters {
		if saved.Cluster.ARN == c.arn && saved.Updates[0].Update.Status != eks.UpdateFailed {
			t.Errorf("the update is %+v", saved.Updates[0].Update)
		}
	}
}

// TestMarkDuringAnUpdate: what is put back is in progress no longer.
func TestMarkDuringAnUpdate(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	made := createdCluster(t, e, "mine")
	beginUpdate(t, e, made.ARN, "first")
	m, err := e.setMark(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.aws.clusters.FinishUpdate(made.ARN, "first", ""); err != nil {
		t.Fatal(err)
	}
	if err := e.reset(m.id); err != nil {
		t.Fatal(err)
	}
	wantRunning(t, e, "after it was put back", "")
}
