package config

import (
	"fmt"
	"strings"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// complete fills in what a file leaves out.
func (v *validator) complete(env *Environment) {
	if !v.written("account") {
		env.Account = DefaultAccount
	}
	if !v.written("region") {
		env.Region = DefaultRegion
	}
	own := env.identities()
	v.completeIdentities(&own, env)
	for i := range env.Clusters {
		v.completeCluster(&env.Clusters[i], i)
	}
}

// completeIdentities fills in identities that belong to env, or that will be merged into it.
func (v *validator) completeIdentities(o *Overlay, env *Environment) {
	for i := range o.Users {
		user := &o.Users[i]
		v.fill(&user.Path, DefaultPath, "users", i, "path")
		v.fill(&user.Account, env.Account, "users", i, "account")
		user.completeKeys()
	}
	for i := range o.Roles {
		role := &o.Roles[i]
		v.fill(&role.Path, DefaultPath, "roles", i, "path")
		v.fill(&role.Account, env.Account, "roles", i, "account")
		v.fill(&role.SourceProfile, env.sourceFor(role.Name), "roles", i, "sourceProfile")
		if role.MaxSessionDuration == 0 && !v.written("roles", i, "maxSessionDuration") {
			role.MaxSessionDuration = DefaultMaxSessionDuration
		}
	}
}

func (v *validator) completeCluster(cluster *Cluster, i int) {
	v.fill(&cluster.Version, v.opts.KubernetesVersion, "clusters", i, "version")
	v.fill(&cluster.AuthenticationMode, AuthenticationModeConfigMap, "clusters", i, "authenticationMode")
	if !v.written("clusters", i, "tokenCacheTTL") {
		cluster.TokenCacheTTL = DefaultTokenCacheTTL
	}
}

// fill sets an empty field that was not written.
func (v *validator) fill(field *string, value string, path ...any) {
	if *field == "" && !v.written(path...) {
		*field = value
	}
}

// completeKeys generates the key of a user that has no list of keys. The same user always gets the same key.
func (u *User) completeKeys() {
	for i := range u.AccessKeys {
		if u.AccessKeys[i].Status == "" {
			u.AccessKeys[i].Status = KeyActive
		}
	}
	if u.AccessKeys != nil {
		return
	}
	u.AccessKeys = []AccessKey{}
	// Account, path and name must be right for this; the checks that follow report what is not.
	if key, err := iam.FixtureAccessKey(u.Account, fmt.Sprintf("user%s%s/0", u.Path, strings.ToLower(u.Name))); err == nil {
		u.AccessKeys = append(u.AccessKeys, AccessKey{ID: key.ID, Secret: Secret(key.Secret), Status: KeyActive})
	}
}

// sourceFor is the identity that assumes a role when the file does not say: the creator of the first cluster,
// or the first user where that is the role itself.
func (e *Environment) sourceFor(role string) string {
	if len(e.Clusters) > 0 && e.Clusters[0].Creator != "" && e.Clusters[0].Creator != role {
		return e.Clusters[0].Creator
	}
	if len(e.Users) > 0 {
		return e.Users[0].Name
	}
	return ""
}
