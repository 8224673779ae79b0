package emulator

import (
	"testing"

	"github.com/eksemu/eksemu/emulator/eks"
)

// TestKilledWhileMarked: clusters that were made since the mark go with everything that they have, and those of before
// stay, but for one whose deletion had begun.
func TestKilledWhileMarked(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	mine, deleted := createdCluster(t, e, "mine"), createdCluster(t, e, "deleted")
	if _, err := e.setMark(t.Context()); err != nil {
		t.Fatal(err)
	}
	made := createdCluster(t, e, "scenarios")
	if err := e.state.update(func(s *state) { s.Bootstrap["scenarios"] = true }); err != nil {
		t.Fatal(err)
	}
	setStatus(t, e, deleted.ARN, eks.StatusDeleting)
	withUser(t, e, "since")
	n := mustRestart(t, e)
	if statusOf(n, made.ARN) != "" || hasFolder(n, "scenarios") || n.state.read().Bootstrap["scenarios"] {
		t.Errorf("the one of the scenario is %q, folder %t, bootstrap %t", statusOf(n, made.ARN), hasFolder(n, "scenarios"), n.state.read().Bootstrap["scenarios"])
	}
	if statusOf(n, deleted.ARN) != "" || hasFolder(n, "deleted") {
		t.Errorf("the one that was being deleted is %q, folder %t", statusOf(n, deleted.ARN), hasFolder(n, "deleted"))
	}
	if statusOf(n, mine.ARN) != eks.StatusCreating || !hasFolder(n, "mine") || hasUser(n, "since") || n.kept.marked() {
		t.Errorf("the one of before is %q, folder %t; user %t, marked %t", statusOf(n, mine.ARN), hasFolder(n, "mine"), hasUser(n, "since"), n.kept.marked())
	}
}

// TestKilledWhilePuttingBack has a start end before it has used what was before.
func TestKilledWhilePuttingBack(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	withUser(t, e, "before")
	if _, err := e.setMark(t.Context()); err != nil {
		t.Fatal(err)
	}
	made := createdCluster(t, e, "scenarios")
	if _, _, err := e.kept.load(); err != nil {
		t.Fatal(err)
	}
	users, clusters, err := e.kept.load()
	if err != nil || e.kept.marked() || len(users.Users) == 0 || len(clusters.Clusters) != 2 {
		t.Fatalf("%d users, %d clusters, marked %t, %v", len(users.Users), len(clusters.Clusters), e.kept.marked(), err)
	}
	if c := clusters.Clusters[1].Cluster; c.ARN != made.ARN || c.Status != eks.StatusDeleting {
		t.Errorf("cluster %s is %s", c.ARN, c.Status)
	}
}
