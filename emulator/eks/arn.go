package eks

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// Scope is where a cluster lives: an account and a region. Two scopes never see each other's clusters.
type Scope struct {
	AccountID string // 12 digits
	Region    string // "us-west-2"
}

// clusterRef is a cluster ARN taken apart.
type clusterRef struct {
	Scope
	partition iam.Partition
	name      string
}

// maxNameLength is the longest cluster name in characters (EKS API reference, CreateCluster).
const maxNameLength = 100

// ClusterARN returns the ARN of a cluster, as EKS forms it: arn:PARTITION:eks:REGION:ACCOUNT:cluster/NAME.
func ClusterARN(partition string, scope Scope, name string) string {
	return fmt.Sprintf("arn:%s:eks:%s:%s:cluster/%s", partition, scope.Region, scope.AccountID, name)
}

// Patterns of the parts of a cluster ARN. clusterName is the API reference's, anchored at the end as well.
var (
	clusterName = regexp.MustCompile(`^[0-9A-Za-z][A-Za-z0-9_-]*$`)
	region      = regexp.MustCompile(`^[a-z]+(-[a-z]+)+-[0-9]+$`)
	accountID   = regexp.MustCompile(`^[0-9]{12}$`)
)

// parseClusterARN is the inverse of ClusterARN. It accepts only ARNs that EKS could have formed.
func parseClusterARN(arn string) (clusterRef, error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "eks" || !strings.HasPrefix(parts[5], "cluster/") {
		return clusterRef{}, fmt.Errorf("cluster ARN %q: want arn:PARTITION:eks:REGION:ACCOUNT:cluster/NAME", arn)
	}
	partition, known := iam.PartitionByID(parts[1])
	ref := clusterRef{
		partition: partition,
		Scope:     Scope{Region: parts[3], AccountID: parts[4]},
		name:      strings.TrimPrefix(parts[5], "cluster/"),
	}
	switch {
	case !known:
		return clusterRef{}, fmt.Errorf("cluster ARN %q: unknown partition %q, use aws, aws-cn or aws-us-gov", arn, parts[1])
	case !region.MatchString(ref.Region):
		return clusterRef{}, fmt.Errorf("cluster ARN %q: %q is no region, use one such as us-west-2", arn, ref.Region)
	case !accountID.MatchString(ref.AccountID):
		return clusterRef{}, fmt.Errorf("cluster ARN %q: the account ID %q must have 12 digits", arn, ref.AccountID)
	case !clusterName.MatchString(ref.name) || len(ref.name) > maxNameLength:
		return clusterRef{}, fmt.Errorf("cluster ARN %q: the name %q must be 1 to %d letters, digits, dashes and underscores, "+
			"and start with a letter or digit", arn, ref.name, maxNameLength)
	}
	return ref, nil
}

// digest returns n hex digits that are always the same for a seed and a purpose, and look random.
func digest(seed, purpose string, n int) string {
	sum := sha256.Sum256([]byte(purpose + "\x00" + seed))
	return hex.EncodeToString(sum[:])[:n]
}
