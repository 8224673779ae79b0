package emulator

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/eks"
)

// configured is the built-in environment with its cluster changed, and others beside.
func configured(t *testing.T, change func(*config.Environment)) Options {
	t.Helper()
	o := testOptions(t)
	change(o.Config)
	return o
}

// againWith is [again] with another configuration.
func againWith(t *testing.T, e *Environment, change func(*config.Environment)) *Environment {
	t.Helper()
	if err := e.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	o := e.opts
	o.Config = config.Default()
	change(o.Config)
	return awsEnvironmentWith(t, o)
}

// second adds a cluster to a configuration.
func second(cfg *config.Environment) {
	c := cfg.Clusters[0]
	c.Name = "second"
	cfg.Clusters = append(cfg.Clusters, c)
}

func TestClusterThatWasDeletedStaysDeleted(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	e.askToDelete(t, "my-cluster")
	eventually(t, "it is gone", func() bool { return e.described(t, "my-cluster") == nil })
	const note = "cluster my-cluster was deleted with the EKS API, and stays deleted. To have it back, begin anew with `eksemu down` and `eksemu up`"
	for range 2 {
		if e = again(t, e); e.primary != nil || e.described(t, "my-cluster") != nil || !slices.Equal(e.Notes(), []string{note}) {
			t.Errorf("primary %v, notes %q", e.primary, e.Notes())
		}
	}
	// A configuration that has changed means it.
	e = againWith(t, e, func(cfg *config.Environment) { cfg.Clusters[0].AuthenticationMode = "API" })
	if c := e.described(t, "my-cluster"); c == nil || c.AccessConfig.AuthenticationMode != types.AuthenticationModeApi || len(e.Notes()) != 0 {
		t.Errorf("cluster %+v, notes %q", c, e.Notes())
	}
}

// TestConfigurationThatChanged: who may use a cluster is a matter of when it was made, and of the EKS API since.
func TestConfigurationThatChanged(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	if got := e.described(t, "my-cluster").Status; got != types.ClusterStatusActive {
		t.Fatalf("status %s", got)
	}
	e = againWith(t, e, func(cfg *config.Environment) { cfg.Clusters[0].AuthenticationMode = "API" })
	c := e.described(t, "my-cluster")
	if c.AccessConfig.AuthenticationMode != types.AuthenticationModeApiAndConfigMap || c.Status != types.ClusterStatusCreating || aws.ToString(c.Endpoint) != "" {
		t.Errorf("cluster %+v", c)
	}
	if notes := e.Notes(); len(notes) != 1 || !strings.HasPrefix(notes[0], "what the configuration says about who may use cluster my-cluster has changed since it was made, and was not applied.") {
		t.Errorf("notes %q", notes)
	}
	// It stays noted until it is so again, or the environment begins anew.
	if e = again(t, e); len(e.Notes()) != 1 {
		t.Errorf("notes %q", e.Notes())
	}
	if e = againWith(t, e, func(*config.Environment) {}); len(e.Notes()) != 0 {
		t.Errorf("notes %q", e.Notes())
	}
}

func TestClustersComeAndGoWithTheConfiguration(t *testing.T) {
	t.Parallel()
	e := awsEnvironmentWith(t, configured(t, second))
	if len(e.others) != 1 || e.others[0].name != "second" || e.described(t, "second") == nil {
		t.Fatalf("others %v", e.others)
	}
	e.askForCluster(t, "third")
	eventually(t, "it has failed", func() bool { return e.described(t, "third").Status == types.ClusterStatusFailed })
	e = againWith(t, e, func(*config.Environment) {})
	if len(e.others) != 0 || e.described(t, "second") != nil {
		t.Error("it is no longer in the configuration, and still there")
	}
	if e.described(t, "third") == nil {
		t.Error("one that a caller of the API made is gone")
	}
	if e = againWith(t, e, second); len(e.others) != 1 || len(e.Notes()) != 0 {
		t.Errorf("it is in the configuration again: others %v, notes %q", e.others, e.Notes())
	}
}

func TestAsStopped(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:eks:us-west-2:111122223333:cluster/"
	e := awsEnvironment(t)
	e.opts.Kubernetes = "1.37"
	var saved eks.Snapshot
	for name, status := range map[string]eks.ClusterStatus{
		"active": eks.StatusActive, "updating": eks.StatusUpdating, "creating": eks.StatusCreating, "deleting": eks.StatusDeleting,
		"failed": eks.StatusFailed, "of-a-run": eks.StatusActive, "not-any-more": eks.StatusActive,
	} {
		saved.Clusters = append(saved.Clusters, &eks.SavedCluster{Cluster: eks.Cluster{ARN: arn + name, Name: name, Status: status, Version: "1.36", Endpoint: "https://x"}})
	}
	got := map[string]string{}
	before := seeded{clusterKey(arn + "of-a-run"): ofOverlay, clusterKey(arn + "not-any-more"): "x", clusterKey(arn + "active"): "x"}
	for _, c := range e.asStopped(saved, before, seeded{clusterKey(arn + "active"): "y"}).Clusters {
		got[c.Cluster.Name] = string(c.Cluster.Status) + " " + c.Cluster.Version + " " + c.Cluster.Endpoint
	}
	const again = "CREATING 1.37 "
	want := map[string]string{
		"active": again, "updating": again, "creating": again,
		"deleting": "DELETING 1.36 https://x", "failed": "FAILED 1.36 https://x", "of-a-run": "DELETING 1.36 https://x",
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s: %q, want %q", name, got[name], text)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %q", got)
	}
}
