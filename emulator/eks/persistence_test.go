package eks

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// populate makes some of everything that a registry can hold.
func populate(t *testing.T, e *environment) {
	t.Helper()
	in := creation("full", types.AuthenticationModeApiAndConfigMap)
	in.Tags, in.ClientRequestToken = map[string]string{"a": "b"}, aws.String("token")
	in.KubeApiServerConfig = &types.KubeApiServerConfigRequest{ServiceNodePortRange: &types.ServiceNodePortRange{}}
	in.RemoteNetworkConfig = &types.RemoteNetworkConfigRequest{RemoteNodeNetworks: []types.RemoteNodeNetwork{{Cidrs: []string{"10.200.0.0/16"}}}}
	if _, err := e.trurl().CreateCluster(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	e.activate(t, "full")
	role := e.entry(t, "full", "dev")
	if _, err := e.trurl().AssociateAccessPolicy(t.Context(), association("full", role, viewPolicy, "a", "b-*")); err != nil {
		t.Fatal(err)
	}
	if err := e.clusters.SetSigningKeys(clusterARN("full"), jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &signingKey(t).PublicKey, KeyID: "one", Algorithm: "RS256", Use: "sig"}}}); err != nil {
		t.Fatal(err)
	}
	name := aws.String("full")
	for _, change := range []awseks.UpdateClusterConfigInput{{Name: name, DeletionProtection: aws.Bool(true)}, {Name: name, AccessConfig: toMode("API").AccessConfig}} {
		if _, err := e.change(t, change); err != nil {
			t.Fatal(err)
		}
		if change.AccessConfig == nil {
			e.finish(t, "")
		}
	}
	e.create(t, "old", types.AuthenticationModeConfigMap)
	if err := e.clusters.Fail(clusterARN("old"), ClusterIssue{Code: "Other", Message: "broken"}); err != nil {
		t.Fatal(err)
	}
}

// What was saved last is everything: who loads it answers as before.
func TestSnapshotRoundTrip(t *testing.T) {
	t.Parallel()
	e := start(t)
	populate(t, e)
	saved, err := json.MarshalIndent(e.clusters.Snapshot(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	var snapshot Snapshot
	if err := json.Unmarshal(saved, &snapshot); err != nil {
		t.Fatal(err)
	}
	loaded := NewRegistry(RegistryOptions{
		Save:    func(Snapshot) error { t.Error("Load saves"); return nil },
		Changed: func(Change) { t.Error("Load announces") },
	})
	if err := loaded.Load(snapshot); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e.clusters.Snapshot(), loaded.Snapshot(), cmpopts.EquateEmpty()); diff != "" { // lists of keys are nil or empty
		t.Errorf("snapshot (-saved +loaded):\n%s", diff)
	}
	again, err := json.MarshalIndent(loaded.Snapshot(), "", "  ")
	if diff := cmp.Diff(string(saved), string(again)); err != nil || diff != "" {
		t.Errorf("JSON, %v (-saved +saved again):\n%s", err, diff)
	}
	if diff := cmp.Diff(e.clusters.RunningUpdates(), loaded.RunningUpdates()); diff != "" || len(loaded.RunningUpdates()) != 1 {
		t.Errorf("running updates (-saved +loaded):\n%s", diff)
	}
	before, _ := e.clusters.Access(clusterARN("full"))
	after, err := loaded.Access(clusterARN("full"))
	if diff := cmp.Diff(before, after); diff != "" || err != nil || len(after.Entries) != 2 || len(after.Grants) != 2 {
		t.Errorf("access %v (-saved +loaded):\n%s", err, diff)
	}
	issuer := snapshot.Clusters[0].Cluster.Identity.OIDC.Issuer
	if _, ok := loaded.SigningKeys(issuer); !ok {
		t.Error("the keys of the issuer are gone")
	}
	for _, secret := range []string{"AKIA", e.keys["trurl"].SecretAccessKey} {
		if strings.Contains(string(saved), secret) {
			t.Errorf("the snapshot has %s in it", secret)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	r := NewRegistry(RegistryOptions{})
	kept := testCluster(t, r, oregon, "kept")
	good := r.Snapshot().Clusters[0]
	broken := func(change func(*SavedCluster)) *SavedCluster {
		copied := *good
		change(&copied)
		return &copied
	}
	entry := func(arn string, kind AccessEntryType) *SavedEntry {
		return &SavedEntry{AccessEntry: AccessEntry{PrincipalARN: arn, Type: kind}}
	}
	snapshot := Snapshot{Clusters: []*SavedCluster{
		nil, good, good,
		broken(func(c *SavedCluster) { c.Cluster.ARN = "kept" }),
		broken(func(c *SavedCluster) { c.Cluster.Name = "other" }),
		broken(func(c *SavedCluster) { c.Cluster.AccessConfig.AuthenticationMode = "RBAC" }),
		broken(func(c *SavedCluster) { c.Cluster.Status = "READY" }),
		broken(func(c *SavedCluster) { c.Entries = []*SavedEntry{nil} }),
		broken(func(c *SavedCluster) { c.Entries = []*SavedEntry{entry("b", TypeStandard), entry("a", TypeStandard)} }),
		broken(func(c *SavedCluster) { c.Entries = []*SavedEntry{entry("a", "NODE")} }),
		broken(func(c *SavedCluster) {
			with := entry("a", TypeStandard)
			with.Policies = []AssociatedAccessPolicy{{PolicyARN: "p"}}
			c.Entries = []*SavedEntry{with}
		}),
		broken(func(c *SavedCluster) { c.Updates = []*SavedUpdate{{}} }),
	}}
	err := r.Load(snapshot)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"cluster 1 is missing", "exists already", "want arn:PARTITION", "names another cluster", `unknown authentication mode "RBAC"`, `unknown status "READY"`,
		"access entry 1 is missing", "out of order", `unknown type "NODE"`, `unknown scope ""`, "update 1 has no ID",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
	if got, ok := r.ClusterByARN(kept.ARN); !ok || got.Status != StatusActive {
		t.Error("a refused snapshot has changed the registry")
	}
}

// A change that cannot be saved is refused, is not seen, and is not announced.
func TestSaveFails(t *testing.T) {
	t.Parallel()
	e := start(t)
	populate(t, e)
	e.announced()
	before := e.clusters.Snapshot()
	e.saveErr = errors.New("open /secret/state.json: no space left on device")
	role := e.role(t, "111122223333", "/", "late", "ec2.amazonaws.com")
	dev := "arn:aws:iam::111122223333:role/dev"
	old, full := aws.String("old"), aws.String("full")
	c, ctx := e.trurl(), t.Context()
	arn := clusterARN("full")
	for what, change := range map[string]func() error{
		"CreateCluster": func() error { _, err := c.CreateCluster(ctx, creation("new", types.AuthenticationModeApi)); return err },
		"DeleteCluster": func() error { _, err := c.DeleteCluster(ctx, &awseks.DeleteClusterInput{Name: old}); return err },
		"CreateAccessEntry": func() error {
			_, err := c.CreateAccessEntry(ctx, &awseks.CreateAccessEntryInput{ClusterName: full, PrincipalArn: &role})
			return err
		},
		"UpdateAccessEntry": func() error {
			_, err := c.UpdateAccessEntry(ctx, &awseks.UpdateAccessEntryInput{ClusterName: full, PrincipalArn: &dev, KubernetesGroups: []string{"a"}})
			return err
		},
		"DeleteAccessEntry": func() error {
			_, err := c.DeleteAccessEntry(ctx, &awseks.DeleteAccessEntryInput{ClusterName: full, PrincipalArn: &dev})
			return err
		},
		"AssociateAccessPolicy": func() error { _, err := c.AssociateAccessPolicy(ctx, association("full", dev, viewPolicy)); return err },
		"DisassociateAccessPolicy": func() error {
			_, err := c.DisassociateAccessPolicy(ctx, &awseks.DisassociateAccessPolicyInput{ClusterName: full, PrincipalArn: &dev, PolicyArn: aws.String(viewPolicy)})
			return err
		},
		"TagResource": func() error {
			_, err := c.TagResource(ctx, &awseks.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"x": "y"}})
			return err
		},
		"UntagResource": func() error {
			_, err := c.UntagResource(ctx, &awseks.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"a"}})
			return err
		},
	} {
		wantRefusal(t, what, change(), "500 ServerException: The change could not be saved, and was not made.")
		if call := e.lastCall(t); !strings.Contains(call.Reason, "no space left") {
			t.Errorf("%s: reason %q", what, call.Reason)
		}
		if diff := cmp.Diff(before, e.clusters.Snapshot()); diff != "" {
			t.Errorf("%s has changed something (-before +after):\n%s", what, diff)
		}
	}
	for what, err := range map[string]error{
		"SetEndpoint":   e.clusters.SetEndpoint(arn, "https://127.0.0.1:1", []byte(testCA)),
		"UpdateStatus":  e.clusters.UpdateStatus(arn, StatusActive),
		"RemoveCluster": e.clusters.RemoveCluster(arn),
		"FinishUpdate":  e.clusters.FinishUpdate(arn, e.clusters.RunningUpdates()[0].ID, "x"),
	} {
		var unsaved *SaveError
		if !errors.As(err, &unsaved) || !errors.Is(err, e.saveErr) {
			t.Errorf("%s: %v, want a SaveError", what, err)
		}
	}
	if diff := cmp.Diff(before, e.clusters.Snapshot()); diff != "" || len(e.announced()) > 0 {
		t.Errorf("something changed or was announced (-before +after):\n%s", diff)
	}
}

// A change is saved before anybody sees it, and announced when everybody does.
func TestOrderOfAChange(t *testing.T) {
	t.Parallel()
	var r *Registry
	var order []string
	arn := clusterARN("dev")
	visible := func() bool { _, ok := r.ClusterByARN(arn); return ok }
	r = NewRegistry(RegistryOptions{
		Save: func(s Snapshot) error {
			order = append(order, fmt.Sprint("save ", len(s.Clusters), " ", visible()))
			return nil
		},
		Changed: func(c Change) {
			order = append(order, fmt.Sprint(c.Kind, " ", visible()))
			_ = r.UpdateStatus(arn, StatusFailed)
		},
	})
	err := r.apply(oregon, "dev", func(*SavedCluster) (*SavedCluster, ChangeKind, error) {
		cluster, err := NewCluster(testSpec(oregon, "dev"))
		return &SavedCluster{Cluster: cluster}, ClusterCreated, err
	})
	want := []string{"save 1 false", "ClusterCreated true", "save 1 true"}
	if diff := cmp.Diff(want, order); err != nil || diff != "" {
		t.Errorf("%v, order (-want +got):\n%s", err, diff)
	}
}

// Readers see one state or another and never a mixture, while many change it.
func TestConcurrentEntries(t *testing.T) {
	t.Parallel()
	e := start(t)
	arn := e.create(t, "dev", types.AuthenticationModeApi)
	const writers, each = 4, 10
	var wg sync.WaitGroup
	for w := range writers {
		var roles []string
		for n := range each {
			roles = append(roles, e.role(t, "111122223333", "/", fmt.Sprintf("role-%d-%d", w, n), "ec2.amazonaws.com"))
		}
		wg.Go(func() {
			for _, role := range roles {
				if _, err := e.trurl().CreateAccessEntry(t.Context(), &awseks.CreateAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: &role}); err != nil {
					t.Error(err)
				}
				if _, err := e.trurl().AssociateAccessPolicy(t.Context(), association("dev", role, viewPolicy)); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range each {
				access, err := e.clusters.Access(arn)
				if err != nil || len(access.Grants) > len(access.Entries) {
					t.Errorf("%d grants of %d entries, %v", len(access.Grants), len(access.Entries), err)
				}
				e.clusters.Snapshot()
				e.clusters.Clusters()
			}
		})
	}
	wg.Wait()
	access, err := e.clusters.Access(arn)
	if want := writers*each + 1; err != nil || len(access.Entries) != want || len(access.Grants) != want {
		t.Errorf("%d entries, %d grants, %v; want %d of each", len(access.Entries), len(access.Grants), err, want)
	}
}
