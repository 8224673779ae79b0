package iam

import (
	"strings"
	"unicode"
)

// Quota is a bound that AWS puts on an account (IAM User Guide, reference_iam-quotas, where each has its default). What is
// put into a store by [Store.Load], or by a method whose name begins with Put, is not held to it, so that
// a test can have more.
type Quota struct {
	Name string // as AWS's messages have it, where it is recorded
	Max  int
}

// quotas are those that the store's methods hold changes to. AccessKeysPerUser, PoliciesPerRole, PolicySize,
// ACLSizePerRole and ClientIdsPerOpenIdConnectProvider are recorded names (see package iamapi); those of the others are
// inferred from them, or made up where AWS's message does not name the quota.
type quotas struct {
	users, roles, policies, providers Quota
	accessKeys                        Quota
	userAttachments, roleAttachments  Quota
	userPolicySize, rolePolicySize    Quota // of all inline policies together
	policySize, trustPolicySize       Quota
	policyVersions, tags, clientIDs   Quota
}

func defaultQuotas() quotas {
	return quotas{
		users: Quota{"UsersPerAccount", 5000}, roles: Quota{"RolesPerAccount", 1000},
		policies: Quota{"PoliciesPerAccount", 1500}, providers: Quota{"OpenIdConnectProvidersPerAccount", 100},
		accessKeys:      Quota{"AccessKeysPerUser", 2},
		userAttachments: Quota{"PoliciesPerUser", 10}, roleAttachments: Quota{"PoliciesPerRole", 10},
		userPolicySize: Quota{QuotaUserPolicySize, 2048}, rolePolicySize: Quota{QuotaRolePolicySize, 10240},
		policySize: Quota{"PolicySize", 6144}, trustPolicySize: Quota{"ACLSizePerRole", 2048},
		policyVersions: Quota{QuotaPolicyVersions, 5}, tags: Quota{QuotaTags, 50},
		clientIDs: Quota{"ClientIdsPerOpenIdConnectProvider", maxClientIDs},
	}
}

// Names of quotas whose messages do not name them.
const (
	QuotaUserPolicySize = "user policy size"
	QuotaRolePolicySize = "role policy size"
	QuotaPolicyVersions = "versions of a policy"
	QuotaTags           = "tags"
)

// over says that a kind of things would be too many, or too large, with one more.
func (q Quota) over(kind EntityKind, name string) error {
	return &EntityError{Kind: kind, Name: name, Err: ErrLimit, Quota: q}
}

// policySize is what a document counts for: white space does not (reference_iam-quotas, "IAM and STS character limits").
func policySize(p Policy) int {
	return len(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, p.Text()))
}
