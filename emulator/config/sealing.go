package config

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
)

// SealingKey is the key, of 32 bytes, that a new environment seals its STS sessions with.
//
// It must stay the same when an environment is removed and started again, even with other identities: the aws CLI keeps
// the sessions of profiles with role_arn in ~/.aws/cli/cache for an hour, by the role's ARN, and would go on with
// sessions that nobody could open. So it comes from the access keys of one user alone, that of [Environment.DefaultIdentity],
// or the first one with keys if that is none: who creates the cluster. Whoever knows those keys is in system:masters
// already and wins nothing by making sessions; whoever does not cannot make any. (The keys that Load generates are known
// to everybody who has the file. Who wants them secret writes keys of their own.) Sessions end early only if that user or
// its keys change; without any keys, everybody can know the key.
func (e *Environment) SealingKey() []byte {
	mac := hmac.New(sha256.New, []byte("eksemu sealing key"))
	for _, key := range e.sealer().AccessKeys {
		fmt.Fprintf(mac, "%s %s\n", key.ID, string(key.Secret))
	}
	return mac.Sum(nil)
}

// sealer is the user whose keys protect sessions.
func (e *Environment) sealer() User {
	var first User
	for _, user := range e.Users {
		if len(user.AccessKeys) == 0 {
			continue
		}
		if user.Name == e.DefaultIdentity() {
			return user
		}
		if first.Name == "" {
			first = user
		}
	}
	return first
}
