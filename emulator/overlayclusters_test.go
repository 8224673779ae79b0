package emulator

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/eksemu/eksemu/emulator/config"
)

// overlayCluster is a cluster as a scenario brings it.
func overlayCluster(name string) config.Cluster {
	return config.Cluster{Name: name, Creator: "trurl", Role: "my-cluster-role", AuthenticationMode: "API"}
}

func TestOverlayClustersThatCannotBe(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	client := attached(t, e)
	nobodys := overlayCluster("hers")
	nobodys.Creator = "nobody"
	for name, tc := range map[string]struct {
		spec config.Cluster
		want string
	}{
		"of nobody":                 {nobodys, "nobody"},
		"with a name that there is": {overlayCluster("my-cluster"), "my-cluster"},
		"which cannot be started":   {overlayCluster("hers"), "start cluster hers: "},
	} {
		_, _, err := client.PutCluster(t.Context(), tc.spec)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	eventually(t, "nothing is left", func() bool { return e.described(t, "hers") == nil })
	if _, err := e.addOverlayCluster(t.Context(), config.Overlay{}); err == nil || err.Error() != "0 clusters: add one at a time" {
		t.Errorf("none: %v", err)
	}
	if err := e.removeOverlayCluster(t.Context(), "my-cluster"); err == nil || err.Error() != `no cluster "my-cluster" was added` {
		t.Errorf("one of the configuration: %v", err)
	}
	if e.described(t, "my-cluster") == nil {
		t.Error("it is gone")
	}
}

// TestOverlayClusterOfAKilledRun: the next start removes it, however far it was.
func TestOverlayClusterOfAKilledRun(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	if _, err := e.makeOverlayCluster(config.Overlay{Clusters: []config.Cluster{overlayCluster("hers")}}); err != nil {
		t.Fatal(err)
	}
	if e.described(t, "hers") == nil {
		t.Fatal("it is not there")
	}
	e = again(t, e)
	if e.described(t, "hers") != nil || len(e.resumes()) != 0 {
		t.Errorf("%+v, resumed %v", e.described(t, "hers"), e.resumes())
	}
	if e.described(t, "my-cluster") == nil {
		t.Error("that of the configuration is gone")
	}
	if key := clusterKey("arn:aws:eks:us-west-2:111122223333:cluster/hers"); e.state.read().Seeded[key] != "" {
		t.Error("it is still noted")
	}
}

// TestRunThatGivesUp: a cluster whose maker does not wait any longer goes again.
func TestRunThatGivesUp(t *testing.T) {
	t.Parallel()
	o, _ := hangingOptions(t)
	e := awsEnvironmentWith(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := e.addOverlayCluster(ctx, config.Overlay{Clusters: []config.Cluster{overlayCluster("hers")}})
		ended <- err
	}()
	eventually(t, "its control plane starts", func() bool { return e.startsControlPlane("hers") })
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	eventually(t, "it is gone", func() bool { return e.described(t, "hers") == nil })
	if e.startsControlPlane("hers") {
		t.Error("something of it is left running")
	}
}

// TestOverlayClusterIsRemoved stands in for one that runs: it is known, and nothing of it has started.
func TestOverlayClusterIsRemoved(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	if _, err := e.makeOverlayCluster(config.Overlay{Clusters: []config.Cluster{overlayCluster("hers")}}); err != nil {
		t.Fatal(err)
	}
	if err := e.removeOverlayCluster(t.Context(), "hers"); err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, c := range e.clusters.all() {
		names = append(names, c.name)
	}
	if e.described(t, "hers") != nil || !slices.Equal(names, []string{"my-cluster"}) {
		t.Errorf("clusters %v", names)
	}
	if err := e.removeOverlayCluster(t.Context(), "hers"); err == nil {
		t.Error("it was removed twice")
	}
}
