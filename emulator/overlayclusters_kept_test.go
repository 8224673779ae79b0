package emulator

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/eks"
)

// overlayCluster is what a scenario brings.
func overlayOf(name string) config.Overlay {
	return config.Overlay{Clusters: []config.Cluster{{Name: name, Creator: "trurl", Role: "my-cluster-role", AuthenticationMode: "CONFIG_MAP"}}}
}

// TestOverlayClusterLeavesOthersAlone: a cluster that a caller of the EKS API made is not taken for a scenario's of the
// same name, which the next start would remove.
func TestOverlayClusterLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	made := createdCluster(t, e, "mine")
	if _, err := e.makeOverlayCluster(overlayOf("mine")); !errors.Is(err, eks.ErrClusterExists) {
		t.Errorf("error %v, want that it exists", err)
	}
	if mark := e.state.read().Seeded[clusterKey(made.ARN)]; mark != "" {
		t.Errorf("it is noted as %q", mark)
	}
	n := mustRestart(t, e)
	if statusOf(n, made.ARN) != eks.StatusCreating || !hasFolder(n, "mine") {
		t.Errorf("after a restart it is %q, folder %t", statusOf(n, made.ARN), hasFolder(n, "mine"))
	}
}

// TestOverlayClusterTakesItsNoteBack when the cluster cannot be made known after all.
func TestOverlayClusterTakesItsNoteBack(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	makeDirectory(t, e.kept.path(clustersFile)) // so that nothing can be saved
	if _, err := e.makeOverlayCluster(overlayOf("scenarios")); err == nil {
		t.Error("it was made")
	}
	if seeded := e.state.read().Seeded; seeded[clusterKey("arn:aws:eks:us-west-2:111122223333:cluster/scenarios")] != "" {
		t.Errorf("it is noted: %v", seeded)
	}
}

// TestOverlayClusterDeletedByAPI: whoever makes another cluster of that name later keeps it.
func TestOverlayClusterDeletedByAPI(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	c, err := e.makeOverlayCluster(overlayOf("scenarios"))
	if err != nil {
		t.Fatal(err)
	}
	setStatus(t, e, c.arn, eks.StatusDeleting)
	if err := e.deleteCluster(t.Context(), c.arn); err != nil {
		t.Fatal(err)
	}
	if mark := e.state.read().Seeded[clusterKey(c.arn)]; mark != "" || statusOf(e, c.arn) != "" {
		t.Errorf("it is noted as %q and %q", mark, statusOf(e, c.arn))
	}
}

// TestDeletedClusterOfTheConfigurationIsRemembered, so that it stays deleted.
func TestDeletedClusterOfTheConfigurationIsRemembered(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	arn := e.primary.arn
	setStatus(t, e, arn, eks.StatusDeleting)
	if err := e.deleteCluster(t.Context(), arn); err != nil {
		t.Fatal(err)
	}
	if n := mustRestart(t, e); statusOf(n, arn) != "" {
		t.Errorf("it is back, and %s", statusOf(n, arn))
	}
}

// TestOverlayClusterThatCannotBeRemoved: the failure is told, and the removal can be tried again, also by the next start.
func TestOverlayClusterThatCannotBeRemoved(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	c, err := e.makeOverlayCluster(overlayOf("scenarios"))
	if err != nil {
		t.Fatal(err)
	}
	mend := irremovable(t, e, "scenarios")
	remove := func() error {
		return attached(t, e).call(t.Context(), http.MethodDelete, "clusters/scenarios", nil, nil, nil)
	}
	for range 2 {
		if err := remove(); err == nil || !strings.Contains(err.Error(), "remove cluster scenarios (it stays in status DELETING until") {
			t.Errorf("error %v", err)
		}
	}
	if mark := e.state.read().Seeded[clusterKey(c.arn)]; mark != ofOverlay || statusOf(e, c.arn) != eks.StatusDeleting {
		t.Errorf("it is noted as %q, and %q", mark, statusOf(e, c.arn))
	}
	mend()
	if err := remove(); err != nil || statusOf(e, c.arn) != "" || e.clusters.find(c.arn) != nil {
		t.Errorf("it is %q, %v", statusOf(e, c.arn), err)
	}
}

// TestOverlayClusterIsNotForgotten before eks.json says that it is to be removed: a start may end in between.
func TestOverlayClusterIsNotForgotten(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	c, err := e.makeOverlayCluster(overlayOf("scenarios"))
	if err != nil {
		t.Fatal(err)
	}
	saved := e.aws.clusters.Snapshot()
	e.kept.dir = filepath.Join(t.TempDir(), "missing")
	if err := e.openClusters(t.Context(), saved); err == nil {
		t.Error("what cannot be saved is no trouble")
	}
	if mark := e.state.read().Seeded[clusterKey(c.arn)]; mark != ofOverlay {
		t.Errorf("it is noted as %q", mark)
	}
}
