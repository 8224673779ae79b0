package emulator

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// seeded says what of a configuration is in the kept state: a digest for each user, role, identity provider and cluster
// that a start has put there. What callers of the IAM and EKS APIs make is not in it.
type seeded map[string]string

// ofOverlay is the digest of what an overlay brought. No configuration has it, so that it does not outlive a crash.
const ofOverlay = "overlay"

// digestOf tells values from others.
func digestOf(value any) string {
	raw, _ := json.Marshal(value) // of what the state file has too
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

func userKey(u iam.User) string { return "user/" + u.AccountID + "/" + strings.ToLower(u.Name) }
func roleKey(r iam.Role) string { return "role/" + r.AccountID + "/" + strings.ToLower(r.Name) }

func providerKey(p iam.OIDCProvider) string { return "oidc-provider/" + p.ARN("aws") } // of whatever partition

// keysOf are the keys of identities.
func keysOf(identities iam.Snapshot) []string {
	var keys []string
	for _, u := range identities.Users {
		keys = append(keys, userKey(u))
	}
	for _, r := range identities.Roles {
		keys = append(keys, roleKey(r))
	}
	for _, p := range identities.OIDCProviders {
		keys = append(keys, providerKey(p))
	}
	return keys
}

func (s seeded) note(keys []string, digest string) {
	for _, key := range keys {
		s[key] = digest
	}
}

func (s seeded) forget(keys []string) {
	for _, key := range keys {
		delete(s, key)
	}
}

const clusterPrefix = "cluster/"

func clusterKey(arn string) string { return clusterPrefix + arn }
func isClusterKey(key string) bool { return strings.HasPrefix(key, clusterPrefix) }

// reconcile is what IAM holds at a start, and the new record of what the configuration has put there. The configuration
// wins where it has changed since the last start: what is new or different in it replaces what is kept, and what is no
// longer in it goes. For the rest the kept state wins: what callers of the IAM API changed stays changed, and what they
// deleted stays deleted. Roles that are kept and trust somebody who goes name that one by the unique ID, as they do after a
// deletion.
func reconcile(partition string, saved iam.Snapshot, before seeded, wanted iam.Snapshot) (iam.Snapshot, seeded) {
	r := reconciliation{before: before, now: seeded{}}
	ids := idsOf(partition, saved)
	saved.Users = reconcileKind(&r, "user/", saved.Users, wanted.Users, userKey)
	saved.Roles = reconcileKind(&r, "role/", saved.Roles, wanted.Roles, roleKey)
	saved.OIDCProviders = reconcileKind(&r, "oidc-provider/", saved.OIDCProviders, wanted.OIDCProviders, providerKey)
	for arn := range idsOf(partition, saved) {
		delete(ids, arn) // it stays, or there is another one, whom the configuration puts in its place
	}
	saved.Roles = withIDs(saved.Roles, ids)
	return saved, r.now
}

// idsOf are unique IDs of users and roles, by ARN.
func idsOf(partition string, of iam.Snapshot) map[string]string {
	ids := map[string]string{}
	for _, u := range of.Users {
		ids[u.ARN(partition)] = u.UniqueID
	}
	for _, r := range of.Roles {
		ids[r.ARN(partition)] = r.UniqueID
	}
	return ids
}

// withIDs are roles that name some of those whom they trust by their unique IDs.
func withIDs(roles []iam.Role, ids map[string]string) []iam.Role {
	named := slices.Clone(roles)
	for i, role := range named {
		named[i].TrustPolicy = role.TrustPolicy.MapPrincipals(func(arn string) string { return cmp.Or(ids[arn], arn) })
	}
	return named
}

type reconciliation struct{ before, now seeded }

func reconcileKind[T any](r *reconciliation, prefix string, saved, wanted []T, key func(T) string) []T {
	result := slices.Clone(saved)
	drop := func(k string) { result = slices.DeleteFunc(result, func(t T) bool { return key(t) == k }) }
	for _, entry := range wanted {
		k, digest := key(entry), digestOf(entry)
		r.now[k] = digest
		if r.before[k] != digest {
			drop(k)
			result = append(result, entry)
		}
	}
	for k := range r.before {
		if _, still := r.now[k]; !still && strings.HasPrefix(k, prefix) {
			drop(k)
		}
	}
	return result
}

// clusterDigest tells apart what a configuration says about a cluster and is put to use when the cluster is made. Its
// manifests have a digest of their own.
func clusterDigest(c config.Cluster) string {
	c.Manifests, c.ManifestFiles, c.Files, c.Version, c.TokenCacheTTL = nil, nil, nil, "", 0
	return digestOf(c)
}
