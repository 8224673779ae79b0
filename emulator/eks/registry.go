package eks

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Errors that callers of a [Registry] tell apart with errors.Is.
var (
	ErrClusterNotFound = errors.New("no such cluster")
	ErrClusterExists   = errors.New("the cluster exists already")
	ErrClusterDeleting = errors.New("the cluster is being deleted")
	ErrUpdateNotFound  = errors.New("no such update")
)

// RegistryOptions are what a [Registry] needs from outside. All may be left out.
type RegistryOptions struct {
	// Save makes a change last before anybody sees it; nil keeps nothing. If it fails, nothing has changed. It is called
	// for one change at a time and must not call the registry.
	Save func(Snapshot) error
	// Changed is told what a caller of the EKS API did, and the failure of an update. It is called after Save, when
	// everybody can see the change, before the caller has its answer and without a lock: it may call the registry. Of
	// changes at the same time the later one may be told first, so look at what there is now.
	Changed func(Change)
	// Random makes IDs. nil is crypto/rand. It is read for one change at a time.
	Random io.Reader
}

// Registry holds the clusters of all accounts and regions, with their access entries and updates. It is safe for
// concurrent use, and readers never wait for who changes something. What goes in and what comes out is copied:
// changing a Cluster changes nothing in the Registry. Use [NewRegistry].
type Registry struct {
	save    func(Snapshot) error
	changed func(Change)
	random  io.Reader

	mu    sync.Mutex // of who changes the state
	state atomic.Pointer[state]
}

// Principal is an IAM user or role, or the root user of an account.
type Principal struct {
	ARN string `json:"arn"` // "arn:aws:iam::111122223333:user/trurl", never a session's ARN
	ID  string `json:"id"`  // unique ID, "AIDA…" or "AROA…"; a recreated user or role gets a new one; a root user's is its account
}

// NewRegistry returns a Registry without clusters.
func NewRegistry(o RegistryOptions) *Registry {
	r := &Registry{save: o.Save, changed: o.Changed, random: o.Random}
	if r.random == nil {
		r.random = rand.Reader
	}
	r.state.Store(&state{})
	return r
}

// AddCluster adds a cluster, usually one from [NewCluster], in the account and region of its ARN. The creator
// is the principal that asked for it. It refuses with [ErrClusterExists] a name that the account has already
// used in this region, and a cluster whose name and ARN disagree.
//
// In the authentication modes that have access entries, the cluster starts with those that EKS makes itself: the
// creator's, with AmazonEKSClusterAdminPolicy, unless AccessConfig.NoCreatorAdmin is set, and that of the account's
// service-linked role. After them come the given ones.
func (r *Registry) AddCluster(cluster Cluster, creator Principal, entries ...EntrySpec) error {
	ref, err := checkCluster(cluster)
	if err != nil {
		return fmt.Errorf("add cluster %q: %w", cluster.Name, err)
	}
	return r.apply(ref.Scope, ref.name, func(old *SavedCluster) (*SavedCluster, ChangeKind, error) {
		if old != nil {
			return nil, "", fmt.Errorf("add cluster %q in %s, account %s: %w, choose another name",
				ref.name, ref.Region, ref.AccountID, ErrClusterExists)
		}
		added, err := r.newCluster(cluster, creator)
		if err != nil {
			return nil, "", err
		}
		for _, entry := range entries {
			if err := r.addEntry(added, entry); err != nil {
				return nil, "", fmt.Errorf("add cluster %q: access entry of %s: %w", ref.name, entry.PrincipalARN, err)
			}
		}
		return added, "", nil
	})
}

// newCluster is a cluster with the access entries that it starts with.
func (r *Registry) newCluster(cluster Cluster, creator Principal) (*SavedCluster, error) {
	added := &SavedCluster{Cluster: cluster.clone(), Creator: creator}
	added.Cluster.AccessConfig.NoCreatorAdmin = false
	added.Cluster.CreatedAt = timestamp(time.Time(cluster.CreatedAt))
	if cluster.AccessConfig.AuthenticationMode == ModeConfigMap {
		return added, nil
	}
	return added, r.bootstrap(added, !cluster.AccessConfig.NoCreatorAdmin, added.Cluster.CreatedAt)
}

// checkCluster takes the ARN of a cluster apart, or says what is wrong with the cluster.
func checkCluster(cluster Cluster) (clusterRef, error) {
	ref, err := parseClusterARN(cluster.ARN)
	if err != nil {
		return clusterRef{}, err
	}
	if ref.name != cluster.Name {
		return clusterRef{}, fmt.Errorf("its ARN %q names another cluster, use ClusterARN to form it", cluster.ARN)
	}
	if mode := cluster.AccessConfig.AuthenticationMode; !mode.valid() {
		return clusterRef{}, fmt.Errorf("unknown authentication mode %q", mode)
	}
	return ref, nil
}

// SetEndpoint tells where the API server of a cluster answers (an https URL) and which certificate authority
// (PEM) has signed its certificate.
func (r *Registry) SetEndpoint(clusterARN, endpoint string, caPEM []byte) error {
	if u, err := url.Parse(endpoint); err != nil || u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("set endpoint of %s: %q is no https URL with a host", clusterARN, endpoint)
	}
	if block, _ := pem.Decode(caPEM); block == nil || block.Type != "CERTIFICATE" {
		return fmt.Errorf("set endpoint of %s: the certificate authority is no PEM certificate", clusterARN)
	}
	return r.update(clusterARN, func(c *SavedCluster) (ChangeKind, error) {
		c.Cluster.Endpoint = endpoint
		c.Cluster.CertificateAuthority.Data = base64.StdEncoding.EncodeToString(caPEM)
		return "", nil
	})
}

// UpdateStatus moves a cluster on in its life, such as from CREATING to ACTIVE. A cluster without an endpoint
// cannot become ACTIVE or UPDATING: call SetEndpoint first. One that is being deleted cannot become anything else
// ([ErrClusterDeleting]): call RemoveCluster.
func (r *Registry) UpdateStatus(clusterARN string, status ClusterStatus) error {
	return r.update(clusterARN, func(c *SavedCluster) (ChangeKind, error) {
		switch {
		case !status.valid():
			return "", fmt.Errorf("set status of %s: unknown status %q", clusterARN, status)
		case c.Cluster.Status == StatusDeleting && status != StatusDeleting:
			return "", fmt.Errorf("set status %s of %s: %w", status, clusterARN, ErrClusterDeleting)
		case (status == StatusActive || status == StatusUpdating) && c.Cluster.Endpoint == "":
			return "", fmt.Errorf("set status %s of %s: it has no endpoint yet, set that first", status, clusterARN)
		}
		c.Cluster.Status = status
		return "", nil
	})
}

// Fail moves a cluster that could not be created to FAILED and says why in its health. One that is being deleted stays
// so ([ErrClusterDeleting]).
func (r *Registry) Fail(clusterARN string, issue ClusterIssue) error {
	return r.update(clusterARN, func(c *SavedCluster) (ChangeKind, error) {
		if c.Cluster.Status == StatusDeleting {
			return "", fmt.Errorf("set status %s of %s: %w", StatusFailed, clusterARN, ErrClusterDeleting)
		}
		if issue.ResourceIDs == nil {
			issue.ResourceIDs = []string{}
		}
		c.Cluster.Status = StatusFailed
		c.Cluster.Health.Issues = append(c.Cluster.Health.Issues, issue)
		return "", nil
	})
}

// RemoveCluster forgets a cluster with everything that belongs to it, whatever its status.
func (r *Registry) RemoveCluster(clusterARN string) error {
	ref, err := parseClusterARN(clusterARN)
	if err != nil {
		return fmt.Errorf("remove cluster: %w", err)
	}
	return r.apply(ref.Scope, ref.name, func(old *SavedCluster) (*SavedCluster, ChangeKind, error) {
		if old == nil || old.Cluster.ARN != clusterARN {
			return nil, "", fmt.Errorf("remove cluster %s: %w", clusterARN, ErrClusterNotFound)
		}
		return nil, "", nil
	})
}

// find returns what there is of an ARN.
func (r *Registry) find(clusterARN string) (*SavedCluster, error) {
	ref, err := parseClusterARN(clusterARN)
	if err != nil {
		return nil, err
	}
	found := r.read()[ref.Scope][ref.name]
	if found == nil || found.Cluster.ARN != clusterARN {
		return nil, fmt.Errorf("%s: %w", clusterARN, ErrClusterNotFound)
	}
	return found, nil
}

// Cluster returns the cluster of that name in an account and region, and whether there is one.
func (r *Registry) Cluster(scope Scope, name string) (Cluster, bool) {
	found := r.read()[scope][name]
	if found == nil {
		return Cluster{}, false
	}
	return found.Cluster.clone(), true
}

// List returns the names of the clusters in an account and region, sorted.
func (r *Registry) List(scope Scope) []string {
	return slices.Sorted(maps.Keys(r.read()[scope]))
}

// Clusters are all clusters, by account, region and name. A start finds in it what the last one had not finished:
// clusters that are CREATING or DELETING.
func (r *Registry) Clusters() []Cluster {
	var all []Cluster
	for _, saved := range r.Snapshot().Clusters {
		all = append(all, saved.Cluster.clone())
	}
	return all
}
