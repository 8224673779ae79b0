package eks

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"sync"

	"github.com/go-jose/go-jose/v4"
)

// Errors that callers of a [Registry] tell apart with errors.Is.
var (
	ErrClusterNotFound = errors.New("no such cluster")
	ErrClusterExists   = errors.New("the cluster exists already")
)

// Registry holds the clusters of all accounts and regions. It is safe for concurrent use. What goes in and
// what comes out is copied: changing a Cluster changes nothing in the Registry. Use [NewRegistry].
type Registry struct {
	mu       sync.RWMutex
	clusters map[Scope]map[string]*record // by account and region, then by name
}

// record is a cluster and what the EKS API never shows of it.
type record struct {
	cluster     Cluster
	creator     Principal
	signingKeys []jose.JSONWebKey // of its service accounts' tokens
}

// Principal is an IAM user or role.
type Principal struct {
	ARN string // "arn:aws:iam::111122223333:user/trurl", never a session's ARN
	ID  string // unique ID, "AIDA…" or "AROA…"; a recreated user or role gets a new one
}

// Access is how a cluster lets people in.
type Access struct {
	ClusterARN         string
	AuthenticationMode AuthenticationMode
	// Creator is the principal that created the cluster. In CONFIG_MAP mode it is mapped to kubernetes-admin
	// and system:masters, and neither aws-auth nor any API shows it.
	Creator Principal
}

// NewRegistry returns a Registry without clusters.
func NewRegistry() *Registry {
	return &Registry{clusters: map[Scope]map[string]*record{}}
}

// AddCluster adds a cluster, usually one from [NewCluster], in the account and region of its ARN. The creator
// is the principal that asked for it. It refuses with [ErrClusterExists] a name that the account has already
// used in this region, and a cluster whose name and ARN disagree.
func (r *Registry) AddCluster(cluster Cluster, creator Principal) error {
	ref, err := parseClusterARN(cluster.ARN)
	if err != nil {
		return fmt.Errorf("add cluster: %w", err)
	}
	if ref.name != cluster.Name {
		return fmt.Errorf("add cluster %q: its ARN %q names another cluster, use ClusterARN to form it", cluster.Name, cluster.ARN)
	}
	if !cluster.AccessConfig.AuthenticationMode.valid() {
		return fmt.Errorf("add cluster %q: unknown authentication mode %q", cluster.Name, cluster.AccessConfig.AuthenticationMode)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.clusters[ref.Scope][ref.name]; ok {
		return fmt.Errorf("add cluster %q in %s, account %s: %w, choose another name",
			ref.name, ref.Region, ref.AccountID, ErrClusterExists)
	}
	if r.clusters[ref.Scope] == nil {
		r.clusters[ref.Scope] = map[string]*record{}
	}
	r.clusters[ref.Scope][ref.name] = &record{cluster: cluster.clone(), creator: creator}
	return nil
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
	return r.update(clusterARN, func(c *Cluster) error {
		c.Endpoint = endpoint
		c.CertificateAuthority.Data = base64.StdEncoding.EncodeToString(caPEM)
		return nil
	})
}

// UpdateStatus moves a cluster on in its life, such as from CREATING to ACTIVE. A cluster without an endpoint
// cannot become ACTIVE or UPDATING: call SetEndpoint first.
func (r *Registry) UpdateStatus(clusterARN string, status ClusterStatus) error {
	return r.update(clusterARN, func(c *Cluster) error {
		switch status {
		case StatusActive, StatusUpdating:
			if c.Endpoint == "" {
				return fmt.Errorf("set status %s of %s: it has no endpoint yet, set that first", status, clusterARN)
			}
		case StatusCreating, StatusDeleting, StatusFailed, StatusPending:
		default:
			return fmt.Errorf("set status of %s: unknown status %q", clusterARN, status)
		}
		c.Status = status
		return nil
	})
}

// update applies a change to a cluster. A change that returns an error leaves the cluster as it was: it works on
// a copy.
func (r *Registry) update(clusterARN string, change func(*Cluster) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec, err := r.find(clusterARN)
	if err != nil {
		return fmt.Errorf("update cluster: %w", err)
	}
	changed := rec.cluster.clone()
	if err := change(&changed); err != nil {
		return err
	}
	rec.cluster = changed
	return nil
}

// find returns the record of an ARN. The caller holds the lock.
func (r *Registry) find(clusterARN string) (*record, error) {
	ref, err := parseClusterARN(clusterARN)
	if err != nil {
		return nil, err
	}
	rec, ok := r.clusters[ref.Scope][ref.name]
	if !ok || rec.cluster.ARN != clusterARN {
		return nil, fmt.Errorf("%s: %w", clusterARN, ErrClusterNotFound)
	}
	return rec, nil
}

// Cluster returns the cluster of that name in an account and region, and whether there is one.
func (r *Registry) Cluster(scope Scope, name string) (Cluster, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	rec, ok := r.clusters[scope][name]
	if !ok {
		return Cluster{}, false
	}
	return rec.cluster.clone(), true
}

// List returns the names of the clusters in an account and region, sorted.
func (r *Registry) List(scope Scope) []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Sorted(maps.Keys(r.clusters[scope]))
}

// Access returns how a cluster lets people in. An unknown cluster is [ErrClusterNotFound].
func (r *Registry) Access(clusterARN string) (Access, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	rec, err := r.find(clusterARN)
	if err != nil {
		return Access{}, fmt.Errorf("read access of cluster: %w", err)
	}
	return Access{
		ClusterARN:         rec.cluster.ARN,
		AuthenticationMode: rec.cluster.AccessConfig.AuthenticationMode,
		Creator:            rec.creator,
	}, nil
}
