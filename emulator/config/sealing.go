package config

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
)

// SealingKey is the key, of 32 bytes, that a new environment seals its STS sessions with.
//
// It must stay the same when an environment is removed and started again, even with other identities: the aws CLI keeps
// the sessions of profiles with role_arn in ~/.aws/cli/cache for an hour, by the role's ARN, and would go on with
// sessions that nobody could open. So it comes from the access keys of one user alone: the creator of the first cluster
// or, if that is a role, the user at the end of its source profiles. Whoever knows those keys becomes the creator, who is
// in system:masters, and wins little by making sessions; whoever does not cannot make any. (The keys that Load generates
// are known to everybody who has the file. Who wants them secret writes keys of their own.) Sessions end early only if
// that user or its keys change.
//
// Where no cluster has such a user with keys, the key comes from the access keys of all users together, so that no user
// can make sessions of another. Without any keys, everybody can know it.
func (e *Environment) SealingKey() []byte {
	mac := hmac.New(sha256.New, []byte("eksemu sealing key"))
	for _, key := range e.sealingKeys() {
		fmt.Fprintf(mac, "%s %s\n", key.ID, string(key.Secret))
	}
	return mac.Sum(nil)
}

// WithoutClusters is a copy that has no clusters, and the SealingKey that it has with them.
func (e *Environment) WithoutClusters() *Environment {
	alone := *e
	alone.Sealer, alone.Clusters = e.sealer(), nil
	return &alone
}

// sealingKeys are the access keys that protect sessions.
func (e *Environment) sealingKeys() []AccessKey {
	var all []AccessKey
	for _, user := range e.Users {
		if len(user.AccessKeys) > 0 && user.Name == e.sealer() {
			return user.AccessKeys
		}
		all = append(all, user.AccessKeys...)
	}
	return all
}

// sealer is the user whose keys protect sessions, or "" if no cluster leads to one.
func (e *Environment) sealer() string {
	if len(e.Clusters) == 0 {
		return e.Sealer
	}
	name := e.Clusters[0].Creator
	for range len(e.Roles) + 1 { // no chain of roles is longer
		if slices.ContainsFunc(e.Users, func(u User) bool { return u.Name == name }) {
			return name
		}
		i := slices.IndexFunc(e.Roles, func(r Role) bool { return r.Name == name })
		if i < 0 {
			break
		}
		name = e.Roles[i].SourceProfile
	}
	return ""
}
