package config

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
)

// SealingKey is the key, of 32 bytes, that a new environment seals its STS sessions with. It comes from the users'
// secret access keys: who knows none of them cannot make a session, and the same file always has the same key. The
// latter matters because the aws CLI keeps the sessions of profiles with role_arn in ~/.aws/cli/cache for an hour, by
// the role's ARN: an environment that was removed and started again would meet sessions that it could not open.
func (e *Environment) SealingKey() []byte {
	mac := hmac.New(sha256.New, []byte("eksemu sealing key"))
	for _, user := range e.Users {
		for _, key := range user.AccessKeys {
			fmt.Fprintf(mac, "%s %s\n", key.ID, string(key.Secret))
		}
	}
	return mac.Sum(nil)
}
