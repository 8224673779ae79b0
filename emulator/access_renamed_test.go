package emulator

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eksemu/eksemu/emulator/eks"
)

// mappedCluster is a cluster that a caller of the EKS API made, as if its authenticator ran. The folder of that is
// missing, so that nothing can be written there yet.
func mappedCluster(t *testing.T, e *Environment, name string) *runningCluster {
	t.Helper()
	c := e.newCluster(specOf(createdCluster(t, e, name)), eks.ClusterARN("aws", eks.Scope{AccountID: "111122223333", Region: "us-west-2"}, name))
	if err := e.prepareAuthenticator(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	c.mapped = true
	return c
}

// unawaited is a context with which nobody waits for an authenticator that does not run.
func unawaited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// entriesOf is the file of access entries of a cluster's authenticator.
func entriesOf(t *testing.T, c *runningCluster) string {
	t.Helper()
	return read(t, filepath.Join(c.server.Dir, "access-entries.json"))
}

const viewPolicy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"

// addEntry gives a cluster another access entry, as that of its creator but for the ARN and the policy.
func addEntry(t *testing.T, e *Environment, c *runningCluster, arn, policy string) {
	t.Helper()
	for _, saved := range e.aws.clusters.Snapshot().Clusters {
		if saved.Cluster.ARN != c.arn {
			continue
		}
		changed, entry := *saved, *saved.Entries[len(saved.Entries)-1] // the first is that of a service-linked role
		entry.AccessEntry.PrincipalARN = arn
		entry.Policies = slices.Clone(entry.Policies)
		entry.Policies[0].PolicyARN = policy
		changed.Entries = append(slices.Clone(saved.Entries), &entry)
		slices.SortFunc(changed.Entries, func(a, b *eks.SavedEntry) int {
			return strings.Compare(a.AccessEntry.PrincipalARN, b.AccessEntry.PrincipalARN)
		})
		if err := e.aws.clusters.Restore(&changed); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAccessOfARenamedUser: of two entries with one principal ID that of its present name counts, and neither is in the
// way of others.
func TestAccessOfARenamedUser(t *testing.T) {
	t.Parallel()
	for name, renamed := range map[string]string{"comes later": "trurl2", "comes first": "another"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := awsEnvironment(t)
			c := mappedCluster(t, e, "mine")
			if err := e.aws.store.RenameUser(accountARN+"user/trurl", "", renamed); err != nil {
				t.Fatal(err)
			}
			addEntry(t, e, c, accountARN+"user/"+renamed, viewPolicy)
			grants, now, err := e.accessOf(c)
			if err != nil {
				t.Fatal(err)
			}
			if len(now.Entries) != 1 || now.Entries[0].ARN != accountARN+"user/"+renamed {
				t.Errorf("entries %+v", now.Entries)
			}
			if len(grants.Grants) != 1 || grants.Grants[0].PolicyARN != viewPolicy {
				t.Errorf("grants %+v", grants.Grants)
			}
			makeAll(t, c.server.Dir)
			if _, err := e.applyAccess(unawaited(t), c.arn); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestAccessOfARenamedUserAlone: until there is another entry, the old one counts.
func TestAccessOfARenamedUserAlone(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	c := mappedCluster(t, e, "mine")
	if err := e.aws.store.RenameUser(accountARN+"user/trurl", "", "renamed"); err != nil {
		t.Fatal(err)
	}
	if _, now, err := e.accessOf(c); err != nil || len(now.Entries) != 1 || now.Entries[0].ARN != accountARN+"user/trurl" {
		t.Errorf("entries %+v, %v", now.Entries, err)
	}
}

// TestAccessIsAppliedLater: what cannot be applied is in the log, and applied once it can be.
func TestAccessIsAppliedLater(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	c := mappedCluster(t, e, "mine")
	e.changed(eks.Change{Kind: eks.AccessChanged, ClusterARN: c.arn})
	if log := read(t, filepath.Join(e.files.Logs(), "gateway.log")); !strings.Contains(log, "apply who may use cluster mine") || !strings.Contains(log, "access-entries.json") {
		t.Errorf("log %s", log)
	}
	if !c.retrying.Load() {
		t.Error("it is not tried again")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.retryAccess(unawaited(t), c, time.Millisecond)
	}()
	makeAll(t, c.server.Dir)
	<-done
	if entries := entriesOf(t, c); !strings.Contains(entries, "user/trurl") {
		t.Errorf("entries %s", entries)
	}
}

// TestAccessOfADeletedCluster is not tried again.
func TestAccessOfADeletedCluster(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	c := mappedCluster(t, e, "mine")
	c.end()
	e.retryAccess(t.Context(), c, time.Hour)
	if _, err := e.applyAccess(t.Context(), c.arn); err != nil {
		t.Error(err)
	}
}
