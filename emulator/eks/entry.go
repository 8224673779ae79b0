package eks

import (
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/eksemu/eksemu/emulator/access"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// AccessEntryType says what an access entry is for.
type AccessEntryType string

// The types of access entries (API reference, CreateAccessEntry).
const (
	TypeStandard     AccessEntryType = "STANDARD"
	TypeEC2Linux     AccessEntryType = "EC2_LINUX"      // self-managed and managed nodes
	TypeEC2Windows   AccessEntryType = "EC2_WINDOWS"    //
	TypeFargateLinux AccessEntryType = "FARGATE_LINUX"  //
	TypeHybridLinux  AccessEntryType = "HYBRID_LINUX"   // EKS Hybrid Nodes
	TypeEC2          AccessEntryType = "EC2"            // EKS Auto Mode
	TypeHyperPod     AccessEntryType = "HYPERPOD_LINUX" // SageMaker HyperPod
)

func (t AccessEntryType) valid() bool {
	_, ok := t.nodes()
	return ok || t == TypeStandard
}

// nodes is the username and the groups of an entry for nodes, or false for another type.
//
// The usernames are the user guide's, and so are the groups of EC2_LINUX (awscli examples/eks/create-access-entry.rst).
// Those of EC2_WINDOWS and FARGATE_LINUX are inferred from what the user guide has nodes of these kinds put into
// aws-auth; those of the others from EC2_LINUX.
func (t AccessEntryType) nodes() (nodeIdentity, bool) {
	const byDNSName, bySession = "system:node:{{EC2PrivateDNSName}}", "system:node:{{SessionName}}"
	switch t {
	case TypeEC2Linux, TypeEC2:
		return nodeIdentity{byDNSName, []string{"system:nodes"}}, true
	case TypeEC2Windows:
		return nodeIdentity{byDNSName, []string{"system:nodes", "eks:kube-proxy-windows"}}, true
	case TypeFargateLinux:
		return nodeIdentity{bySession, []string{"system:bootstrappers", "system:nodes", "system:node-proxier"}}, true
	case TypeHybridLinux, TypeHyperPod:
		return nodeIdentity{bySession, []string{"system:nodes"}}, true
	}
	return nodeIdentity{}, false
}

// nodeIdentity is who nodes are in Kubernetes.
type nodeIdentity struct {
	username string
	groups   []string
}

// AccessEntry is an access entry as DescribeAccessEntry shows it: its JSON form is the answer's "accessEntry" member, in
// the order of AWS's own examples.
type AccessEntry struct {
	ClusterName      string            `json:"clusterName"`
	PrincipalARN     string            `json:"principalArn"`
	KubernetesGroups []string          `json:"kubernetesGroups"`
	ARN              string            `json:"accessEntryArn"`
	CreatedAt        Timestamp         `json:"createdAt"`
	ModifiedAt       Timestamp         `json:"modifiedAt"`
	Tags             map[string]string `json:"tags"`
	Username         string            `json:"username"`
	Type             AccessEntryType   `json:"type"`
}

// clone copies e with everything it points to.
func (e AccessEntry) clone() AccessEntry {
	e.KubernetesGroups = slices.Clone(e.KubernetesGroups)
	e.Tags = maps.Clone(e.Tags)
	return e
}

// AssociatedAccessPolicy is a policy of an access entry as ListAssociatedAccessPolicies shows it.
type AssociatedAccessPolicy struct {
	PolicyARN    string       `json:"policyArn"`
	Scope        access.Scope `json:"accessScope"` // its Namespaces are [] for the whole cluster, as in AWS's examples
	AssociatedAt Timestamp    `json:"associatedAt"`
	ModifiedAt   Timestamp    `json:"modifiedAt"`
}

// entry finds the access entry of a principal: its place among the entries, and whether there is one.
func (c *SavedCluster) entry(principalARN string) (int, bool) {
	return slices.BinarySearchFunc(c.Entries, principalARN, func(e *SavedEntry, arn string) int {
		return strings.Compare(e.AccessEntry.PrincipalARN, arn)
	})
}

// hasPrincipal says whether there is an entry of a principal with a unique ID, under whatever name.
func (c *SavedCluster) hasPrincipal(id string) bool {
	return slices.ContainsFunc(c.Entries, func(e *SavedEntry) bool { return e.PrincipalID == id })
}

// put adds an entry or puts it in the place of its principal's.
func (c *SavedCluster) put(entry *SavedEntry) {
	at, found := c.entry(entry.AccessEntry.PrincipalARN)
	end := at
	if found {
		end++
	}
	c.Entries = slices.Concat(c.Entries[:at], []*SavedEntry{entry}, c.Entries[end:])
}

// newEntry is an access entry of a type with EKS's username and groups for it.
func (r *Registry) newEntry(c *SavedCluster, p principalRef, kind AccessEntryType, now Timestamp) (*SavedEntry, error) {
	id, err := r.newID()
	if err != nil {
		return nil, err
	}
	scope := c.scope()
	entry := AccessEntry{
		ClusterName: c.Cluster.Name, PrincipalARN: p.arn, KubernetesGroups: []string{}, ARN: p.entryARN(scope, c.Cluster.Name, id),
		CreatedAt: now, ModifiedAt: now, Tags: map[string]string{}, Username: p.username(), Type: kind,
	}
	if nodes, ok := kind.nodes(); ok {
		entry.Username, entry.KubernetesGroups = nodes.username, nodes.groups
	}
	return &SavedEntry{AccessEntry: entry}, nil
}

// entryARN is the ARN of a principal's access entry, as in awscli examples/eks/create-access-entry.rst: it has the name
// without its path. A root user's is inferred. id "*" stands for any entry that the principal may get.
func (p principalRef) entryARN(scope Scope, cluster, id string) string {
	return fmt.Sprintf("arn:%s:eks:%s:%s:access-entry/%s/%s/%s/%s/%s",
		p.partition, scope.Region, scope.AccountID, cluster, p.kind, p.accountID, p.name, id)
}

// newID is a random ID in the form of a UUID, as access entries and updates have them. AWS's do not tell their version
// (accb5418-f493-f390-3e6e-…).
func (r *Registry) newID() (string, error) {
	raw := make([]byte, 16)
	if _, err := io.ReadFull(r.random, raw); err != nil {
		return "", fmt.Errorf("draw an ID: %w", err)
	}
	digits := hex.EncodeToString(raw)
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:], nil
}

// clusterAdminPolicy is the policy of the creator's entry.
const clusterAdminPolicy = "AmazonEKSClusterAdminPolicy"

// clusterPartition is the partition of a cluster's ARN, which is well-formed.
func clusterPartition(c *SavedCluster) string {
	arn, _ := iam.ParseARN(c.Cluster.ARN)
	return arn.Partition
}

// bootstrap adds the access entries that EKS makes itself: the creator's, with AmazonEKSClusterAdminPolicy for the whole
// cluster and no groups, unless admin is false (spec/eks.md section 1.3), and that of the service-linked role, whose
// policies are not known and left out. Those that are there already stay as they are.
func (r *Registry) bootstrap(c *SavedCluster, admin bool, now Timestamp) error {
	if creator, ok := parsePrincipal(c.Creator.ARN); ok && admin {
		entry, err := r.newEntry(c, creator, TypeStandard, now)
		if err != nil {
			return err
		}
		entry.PrincipalID = c.Creator.ID
		entry.Policies = []AssociatedAccessPolicy{{
			PolicyARN: access.Policy{Name: clusterAdminPolicy}.ARN(creator.partition),
			Scope:     access.Scope{Type: access.ScopeCluster, Namespaces: []string{}}, AssociatedAt: now, ModifiedAt: now,
		}}
		if _, found := c.entry(creator.arn); !found {
			c.put(entry)
		}
	}
	linked, _ := parsePrincipal("arn:" + clusterPartition(c) + ":iam::" + c.scope().AccountID + ":role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS")
	entry, err := r.newEntry(c, linked, TypeStandard, now)
	if err != nil {
		return err
	}
	if _, found := c.entry(linked.arn); !found {
		c.put(entry)
	}
	return nil
}
