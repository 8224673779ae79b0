package authn

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// AuthenticationMode says which sources of access a cluster has: the EKS API's authenticationMode.
type AuthenticationMode string

// The authentication modes of the EKS API.
const (
	ConfigMap       AuthenticationMode = "CONFIG_MAP"
	APIAndConfigMap AuthenticationMode = "API_AND_CONFIG_MAP"
	API             AuthenticationMode = "API"
)

// mappers returns the authenticator's chain of mappers for a mode, in the order in which they are asked. That
// access entries come before aws-auth is AWS's word (user guide, "Grant IAM users and roles access to
// Kubernetes APIs"); that EKS switches between these chains is inferred (spec/eks.md §1.2).
//
// The hidden mapping of the creator, which MountedFile has, ends with the mode CONFIG_MAP: in the other modes the
// creator has an access entry, and to delete that takes the creator's rights away (user guide, "Manage access entries").
// So MountedFile has no place in their chains. EKS's own service roles, which would be there too, are not emulated.
func (m AuthenticationMode) mappers() ([]string, error) {
	switch m {
	case ConfigMap:
		return []string{mapperMountedFile, mapperEKSConfigMap}, nil
	case APIAndConfigMap:
		return []string{mapperDynamicFile, mapperEKSConfigMap}, nil
	case API:
		return []string{mapperDynamicFile}, nil
	}
	return nil, fmt.Errorf("authentication mode %q: use %s, %s or %s", m, ConfigMap, APIAndConfigMap, API)
}

// The names of upstream's mappers (upstream pkg/mapper/mapper.go).
const (
	mapperMountedFile  = "MountedFile"
	mapperDynamicFile  = "DynamicFile"
	mapperEKSConfigMap = "EKSConfigMap"
)

// The identity of a CONFIG_MAP cluster's creator (spec/eks.md §1.3).
const (
	creatorUsername = "kubernetes-admin"
	creatorGroup    = "system:masters"
)

// Mapping gives an IAM principal a Kubernetes identity.
type Mapping struct {
	ARN string // of a role or user, or of a role session, which stands for its role
	// PrincipalID is the principal's unique ID (AROA…, AIDA…) without a session name. Access entries need it.
	PrincipalID string
	Username    string   // may hold templates such as {{SessionName}} (spec/eks.md §2.4)
	Groups      []string // may hold templates too
}

// Access says who may authenticate to a cluster.
type Access struct {
	Cluster            string // EKS cluster name; tokens are signed for it
	Partition          string // "aws"
	AuthenticationMode AuthenticationMode
	// Creator is the ARN of the principal that is invisibly kubernetes-admin in system:masters, "" for
	// none. EKS gives that to the creator of a CONFIG_MAP cluster; in the other modes the creator gets an
	// access entry or nothing (spec/eks.md §1.3).
	Creator string
	// ServiceRoles are EKS's own roles (eks:node-manager and the like), invisible too. That they take the
	// same way as the creator is inferred from the authenticator's start-up lines (spec/eks.md §1.2).
	ServiceRoles []Mapping
	Entries      []Mapping // access entries
}

// mounted returns the mappings of the MountedFile mapper.
func (a *Access) mounted() []Mapping {
	var out []Mapping
	if a.Creator != "" {
		out = append(out, Mapping{ARN: a.Creator, Username: creatorUsername, Groups: []string{creatorGroup}})
	}
	return append(out, a.ServiceRoles...)
}

// check lists everything that is wrong with the access. The authenticator would end at start-up on a bad mode or
// ARN.
func (a *Access) check() error {
	var problems []error
	if a.Cluster == "" {
		problems = append(problems, errors.New("cluster name is empty: tokens are signed for one"))
	}
	if a.Partition == "" {
		problems = append(problems, errors.New("partition is empty: use aws, or the partition of the cluster's region"))
	}
	if _, err := a.AuthenticationMode.mappers(); err != nil {
		problems = append(problems, err)
	}
	for _, m := range a.mounted() {
		if _, err := parsePrincipal(m.ARN, a.Partition); err != nil {
			problems = append(problems, err)
		}
	}
	problems = append(problems, a.checkEntries()...)
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("access to cluster %q: %w", a.Cluster, err)
	}
	return nil
}

// checkEntries lists what is wrong with the access entries.
func (a *Access) checkEntries() []error {
	var problems []error
	seen := make(map[string]string, len(a.Entries))
	for _, m := range a.Entries {
		problems = append(problems, a.checkEntry(m, seen)...)
	}
	return problems
}

// checkEntry lists what is wrong with an access entry. seen are the ARNs of those before it by their principal IDs. The
// DynamicFile mapper is keyed by principal ID: an entry without one makes it refuse the whole file, and of two with the
// same one it silently takes the last.
func (a *Access) checkEntry(m Mapping, seen map[string]string) []error {
	var problems []error
	if _, err := parsePrincipal(m.ARN, a.Partition); err != nil {
		problems = append(problems, fmt.Errorf("access entry: %w", err))
	}
	if m.PrincipalID == "" {
		return append(problems, fmt.Errorf("access entry for %s has no principal ID: set the unique ID that IAM gave the principal", m.ARN))
	}
	if other, twice := seen[m.PrincipalID]; twice {
		problems = append(problems, fmt.Errorf("access entries for %s and %s have the same principal ID %s: remove one", other, m.ARN, m.PrincipalID))
	}
	seen[m.PrincipalID] = m.ARN
	return problems
}

// LeaveOut takes out the access entries that [Server.Write] and [Server.Update] would refuse, so that they are not in the
// way of the others, and returns what is wrong with them.
func (a *Access) LeaveOut() error {
	var good []Mapping
	var problems []error
	seen := make(map[string]string, len(a.Entries))
	for _, m := range a.Entries {
		if found := a.checkEntry(m, seen); len(found) > 0 {
			problems = append(problems, found...)
			continue
		}
		good = append(good, m)
	}
	a.Entries = good
	return errors.Join(problems...)
}

// principal is an ARN as the mappers compare it.
type principal struct {
	arn  string // without a role's path
	role bool   // else a user, the root user or a federated user
}

// principalARN matches the ARNs that upstream takes for an identity (upstream pkg/arn/arn.go, Canonicalize), with
// the characters that IAM allows in names and paths: the partition, the account, and the resource.
var principalARN = regexp.MustCompile(`^arn:([a-z0-9-]+):(?:` +
	`iam::(\d{12}):((?:role|user)/(?:[!-~]+/)?[\w+=,.@-]+|root)|` +
	`sts::(\d{12}):(assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+))$`)

// parsePrincipal reads a principal's ARN. A role is known to the authenticator by its sessions, whose ARNs carry
// no path, and its MountedFile mapper compares literally, so the path goes here (upstream pkg/mapper/file).
func parsePrincipal(arn, partition string) (principal, error) {
	parts := principalARN.FindStringSubmatch(arn)
	if parts == nil {
		return principal{}, fmt.Errorf("ARN %q: want that of an IAM role or user, such as arn:%s:iam::111122223333:role/NAME", arn, partition)
	}
	if parts[1] != partition {
		return principal{}, fmt.Errorf("ARN %q is of partition %s: the cluster is in %s", arn, parts[1], partition)
	}
	account, resource := parts[2]+parts[4], parts[3]+parts[5]
	segments := strings.Split(resource, "/")
	var role string
	switch segments[0] {
	case "role":
		role = segments[len(segments)-1]
	case "assumed-role":
		role = segments[1]
	default:
		return principal{arn: arn}, nil
	}
	return principal{arn: fmt.Sprintf("arn:%s:iam::%s:role/%s", partition, account, role), role: true}, nil
}
