package eks

import (
	"fmt"
	"slices"

	"github.com/eksemu/eksemu/emulator/access"
)

// Access is how a cluster lets people in.
type Access struct {
	ClusterARN string
	// AuthenticationMode is the one that was asked for last, also while its update is in progress.
	AuthenticationMode AuthenticationMode
	// Creator is the principal that created the cluster, in CONFIG_MAP mode only: there it is mapped to kubernetes-admin
	// and system:masters, and neither aws-auth nor any API shows it. In the other modes it has an access entry or nothing.
	Creator Principal
	// Entries are the access entries, by principal ARN, without those of principals that did not exist when their entry
	// was made: nobody can match them. There are none in CONFIG_MAP mode.
	Entries []Mapping
	// Grants are the policies of these entries, by principal ARN and policy ARN.
	Grants []access.Grant
}

// Mapping is an access entry as an authenticator needs it.
type Mapping struct {
	PrincipalARN string   // with the role's path
	PrincipalID  string   // AIDA…, AROA…, or the account of a root user, when the entry was made
	Username     string   // with {{SessionName}} and the like in it
	Groups       []string //
}

// Access returns how a cluster lets people in. An unknown cluster is [ErrClusterNotFound].
func (r *Registry) Access(clusterARN string) (Access, error) {
	found, err := r.find(clusterARN)
	if err != nil {
		return Access{}, fmt.Errorf("read access of cluster: %w", err)
	}
	a := Access{ClusterARN: clusterARN, AuthenticationMode: found.Cluster.AccessConfig.AuthenticationMode}
	if a.AuthenticationMode == ModeConfigMap {
		a.Creator = found.Creator
	}
	for _, saved := range found.Entries {
		if saved.PrincipalID == "" { // nobody can match it
			continue
		}
		entry := saved.AccessEntry
		a.Entries = append(a.Entries, Mapping{
			PrincipalARN: entry.PrincipalARN, PrincipalID: saved.PrincipalID,
			Username: entry.Username, Groups: slices.Clone(entry.KubernetesGroups),
		})
		for _, policy := range saved.Policies {
			a.Grants = append(a.Grants, access.Grant{
				PrincipalARN: entry.PrincipalARN, PrincipalID: saved.PrincipalID,
				PolicyARN: policy.PolicyARN, Scope: cloneScope(policy.Scope),
			})
		}
	}
	return a, nil
}

func cloneScope(s access.Scope) access.Scope {
	s.Namespaces = slices.Clone(s.Namespaces)
	return s
}
