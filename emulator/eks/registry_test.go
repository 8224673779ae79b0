package eks

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRegistryLifeOfACluster(t *testing.T) {
	t.Parallel()
	r := NewRegistry(RegistryOptions{})
	cluster, err := NewCluster(testSpec(oregon, "my-cluster"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.AddCluster(cluster, creator); err != nil {
		t.Fatal(err)
	}
	if err := r.AddCluster(cluster, creator); !errors.Is(err, ErrClusterExists) {
		t.Errorf("second AddCluster: %v, want ErrClusterExists", err)
	}
	if err := r.UpdateStatus(cluster.ARN, StatusActive); err == nil || !strings.Contains(err.Error(), "no endpoint yet") {
		t.Errorf("ACTIVE without an endpoint: %v", err)
	}
	if err := r.SetEndpoint(cluster.ARN, "https://127.0.0.1:6443", []byte(testCA)); err != nil {
		t.Fatal(err)
	}
	if err := r.UpdateStatus(cluster.ARN, StatusActive); err != nil {
		t.Fatal(err)
	}
	if err := r.UpdateStatus(cluster.ARN, "READY"); err == nil || !strings.Contains(err.Error(), `unknown status "READY"`) {
		t.Errorf("unknown status: %v", err)
	}
	got, ok := r.Cluster(oregon, "my-cluster")
	if !ok || got.Status != StatusActive || got.Endpoint != "https://127.0.0.1:6443" {
		t.Errorf("cluster is %+v, %v; want it ACTIVE with its endpoint", got, ok)
	}
	access, err := r.Access(cluster.ARN)
	want := Access{ClusterARN: cluster.ARN, AuthenticationMode: ModeConfigMap, Creator: creator}
	if diff := cmp.Diff(want, access); err != nil || diff != "" {
		t.Errorf("access (-want +got), error %v:\n%s", err, diff)
	}
}

func TestRegistryScopes(t *testing.T) {
	t.Parallel()
	r := NewRegistry(RegistryOptions{})
	ireland := Scope{AccountID: oregon.AccountID, Region: "eu-west-1"}
	other := Scope{AccountID: "444455556666", Region: oregon.Region}
	testCluster(t, r, oregon, "b")
	testCluster(t, r, oregon, "a")
	testCluster(t, r, ireland, "a")
	for scope, want := range map[Scope][]string{oregon: {"a", "b"}, ireland: {"a"}, other: nil} {
		if diff := cmp.Diff(want, r.List(scope)); diff != "" {
			t.Errorf("List(%v) (-want +got):\n%s", scope, diff)
		}
	}
	if _, ok := r.Cluster(other, "a"); ok {
		t.Error("another account sees the cluster")
	}
	_, err := r.Access("arn:aws-cn:eks:us-west-2:111122223333:cluster/a")
	if !errors.Is(err, ErrClusterNotFound) {
		t.Errorf("ARN of another partition: %v, want ErrClusterNotFound", err)
	}
}

func TestRegistryCopies(t *testing.T) {
	t.Parallel()
	r := NewRegistry(RegistryOptions{})
	cluster := testCluster(t, r, oregon, "my-cluster")
	cluster.Tags["team"] = "changed"
	cluster.ResourcesVPCConfig.SubnetIDs[0] = "changed"
	cluster.Logging.ClusterLogging[0].Types[0] = "changed"
	again, _ := r.Cluster(oregon, "my-cluster")
	if again.Tags["team"] == "changed" || again.ResourcesVPCConfig.SubnetIDs[0] == "changed" || again.Logging.ClusterLogging[0].Types[0] == "changed" {
		t.Error("a change to a returned cluster reached the registry")
	}
}

func TestRegistryRefusesBadInput(t *testing.T) {
	t.Parallel()
	r := NewRegistry(RegistryOptions{})
	cluster := testCluster(t, r, oregon, "my-cluster")
	misnamed, noMode := cluster, cluster
	misnamed.Name = "other"
	noMode.AccessConfig.AuthenticationMode = ""
	for what, test := range map[string]struct {
		err  error
		want string
	}{
		"name and ARN differ":  {r.AddCluster(misnamed, creator), "names another cluster"},
		"no mode":              {r.AddCluster(noMode, creator), `unknown authentication mode ""`},
		"plain HTTP":           {r.SetEndpoint(cluster.ARN, "http://127.0.0.1", []byte(testCA)), "no https URL"},
		"no PEM":               {r.SetEndpoint(cluster.ARN, "https://127.0.0.1", []byte("AAAA")), "no PEM certificate"},
		"no such cluster":      {r.UpdateStatus(cluster.ARN+"2", StatusActive), "no such cluster"},
		"not the ARN's format": {r.UpdateStatus("my-cluster", StatusActive), "want arn:PARTITION:eks"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", what, test.err, test.want)
		}
	}
}

func TestRegistryConcurrentUse(t *testing.T) {
	t.Parallel()
	r := NewRegistry(RegistryOptions{})
	cluster := testCluster(t, r, oregon, "my-cluster")
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			added, err := NewCluster(testSpec(oregon, fmt.Sprintf("c%d", n)))
			if err != nil {
				t.Error(err)
				return
			}
			if err := r.AddCluster(added, creator); err != nil {
				t.Error(err)
			}
			if err := r.UpdateStatus(cluster.ARN, StatusUpdating); err != nil {
				t.Error(err)
			}
			read, _ := r.Cluster(oregon, "my-cluster")
			read.Tags["reader"] = "own copy"
			r.List(oregon)
		})
	}
	wg.Wait()
	if got := len(r.List(oregon)); got != 9 {
		t.Errorf("%d clusters, want 9", got)
	}
}
