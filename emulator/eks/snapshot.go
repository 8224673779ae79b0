package eks

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/eksemu/eksemu/emulator/access"
)

// Snapshot is everything that a [Registry] holds, for saving and loading. Its JSON form holds no secrets. It shares its
// clusters with the registry: read it, do not change it.
type Snapshot struct {
	Clusters []*SavedCluster `json:"clusters"` // by account, region and name
}

// SavedCluster is a cluster with what belongs to it.
type SavedCluster struct {
	Cluster     Cluster           `json:"cluster"`
	Creator     Principal         `json:"creator"`
	Request     ClientRequest     `json:"request,omitzero"`      // that made the cluster
	Entries     []*SavedEntry     `json:"entries,omitempty"`     // by principal ARN
	Updates     []*SavedUpdate    `json:"updates,omitempty"`     // the oldest first
	SigningKeys []jose.JSONWebKey `json:"signingKeys,omitempty"` // public ones, of its service accounts' tokens
}

// SavedEntry is an access entry with its policies and what the EKS API never shows of it.
type SavedEntry struct {
	AccessEntry AccessEntry              `json:"accessEntry"`
	PrincipalID string                   `json:"principalId"`        // when the entry was made; "" if nobody had the ARN
	Policies    []AssociatedAccessPolicy `json:"policies,omitempty"` // by policy ARN
	Request     ClientRequest            `json:"request,omitzero"`   // that made the entry
}

// SavedUpdate is an update of a cluster.
type SavedUpdate struct {
	Update  Update        `json:"update"`
	Request ClientRequest `json:"request,omitzero"` // that began the update
	// Before is the cluster before an update that is in progress.
	Before *Cluster `json:"before,omitempty"`
}

// ClientRequest tells a request from others by its clientRequestToken, so that one that is sent again is answered again
// and does nothing twice. The zero value is a request without a token, which is like no other.
type ClientRequest struct {
	Token  string `json:"token,omitempty"`
	Digest string `json:"digest,omitempty"` // of its body
}

// repeats says whether a request is one that was answered before.
func (r ClientRequest) repeats(before ClientRequest) bool { return r.Token != "" && r == before }

// Snapshot is everything the registry holds, in a stable order.
func (r *Registry) Snapshot() Snapshot { return r.read().snapshot() }

func (s state) snapshot() Snapshot {
	clusters := []*SavedCluster{}
	for _, named := range s {
		for _, cluster := range named {
			clusters = append(clusters, cluster)
		}
	}
	slices.SortFunc(clusters, func(a, b *SavedCluster) int {
		return cmp.Or(cmp.Compare(a.scope().AccountID, b.scope().AccountID), cmp.Compare(a.scope().Region, b.scope().Region),
			cmp.Compare(a.Cluster.Name, b.Cluster.Name))
	})
	return Snapshot{Clusters: clusters}
}

// scope is where the cluster lives: the ARN of a cluster in a registry is well-formed.
func (c *SavedCluster) scope() Scope {
	parts := strings.SplitN(c.Cluster.ARN, ":", 6)
	return Scope{AccountID: parts[4], Region: parts[3]}
}

// Load makes a snapshot everything that the registry holds, or nothing of it if anything is wrong: the error lists all
// of that. It neither saves nor announces. The registry keeps the snapshot's clusters: do not change them afterwards.
func (r *Registry) Load(from Snapshot) error {
	loaded := state{}
	var problems []error
	for i, cluster := range from.Clusters {
		if cluster == nil {
			problems = append(problems, fmt.Errorf("cluster %d is missing", i+1))
			continue
		}
		if err := cluster.check(); err != nil {
			problems = append(problems, err)
			continue
		}
		if loaded[cluster.scope()][cluster.Cluster.Name] != nil {
			problems = append(problems, fmt.Errorf("%s: %w", cluster.Cluster.ARN, ErrClusterExists))
			continue
		}
		loaded = loaded.with(cluster.scope(), cluster.Cluster.Name, cluster)
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("load clusters: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.Store(&loaded)
	return nil
}

// Restore puts back what a snapshot had about a cluster that is still there: its access entries, authentication mode, tags
// and updates. Where it answers and its status stay as they are. It does not announce. An unknown cluster is
// [ErrClusterNotFound], one that is being deleted [ErrClusterDeleting].
func (r *Registry) Restore(saved *SavedCluster) error {
	return r.update(saved.Cluster.ARN, func(c *SavedCluster) (ChangeKind, error) {
		if c.Cluster.Status == StatusDeleting {
			return "", ErrClusterDeleting
		}
		now := c.Cluster
		*c = *saved
		c.Cluster = saved.Cluster.clone()
		c.Cluster.Status, c.Cluster.Endpoint, c.Cluster.CertificateAuthority = now.Status, now.Endpoint, now.CertificateAuthority
		if now.Status == StatusUpdating {
			c.Cluster.Status = StatusActive
		}
		return "", nil
	})
}

// check lists what is wrong with a cluster that was saved.
func (c *SavedCluster) check() error {
	ref, err := checkCluster(c.Cluster)
	if err != nil {
		return err
	}
	problem := func(format string, args ...any) error {
		return fmt.Errorf("cluster %s: %w", c.Cluster.ARN, fmt.Errorf(format, args...))
	}
	var problems []error
	if !c.Cluster.Status.valid() {
		problems = append(problems, problem("unknown status %q", c.Cluster.Status))
	}
	for i, entry := range c.Entries {
		switch {
		case entry == nil:
			problems = append(problems, problem("access entry %d is missing", i+1))
			continue
		case !entry.AccessEntry.Type.valid():
			problems = append(problems, problem("access entry of %s: unknown type %q", entry.AccessEntry.PrincipalARN, entry.AccessEntry.Type))
		case i > 0 && c.Entries[i-1] != nil && c.Entries[i-1].AccessEntry.PrincipalARN >= entry.AccessEntry.PrincipalARN:
			problems = append(problems, problem("access entry of %s: out of order, or there are two", entry.AccessEntry.PrincipalARN))
		}
		for _, policy := range entry.Policies {
			if policy.Scope.Type != access.ScopeCluster && policy.Scope.Type != access.ScopeNamespace {
				problems = append(problems, problem("%s of %s: unknown scope %q", policy.PolicyARN, entry.AccessEntry.PrincipalARN, policy.Scope.Type))
			}
		}
	}
	for i, update := range c.Updates {
		if update == nil || update.Update.ID == "" {
			problems = append(problems, problem("update %d has no ID", i+1))
		}
	}
	if c.Cluster.ARN != ClusterARN(ref.partition.ID, ref.Scope, ref.name) {
		problems = append(problems, problem("not the ARN that EKS would form"))
	}
	return errors.Join(problems...)
}
