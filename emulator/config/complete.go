package config

import (
	"fmt"

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
	v.partition = env.Partition()
	own := env.identities()
	v.completeIdentities(&own, env)
	for i := range env.Clusters {
		v.completeCluster(&env.Clusters[i], i)
	}
}

// completeIdentities fills in identities that belong to env, or that will be merged into it, except for access
// keys: see generateKeys.
func (v *validator) completeIdentities(o *Overlay, env *Environment) {
	v.defaultAccount = env.Account
	for i := range o.Users {
		user := &o.Users[i]
		v.fill(&user.Path, DefaultPath, "users", i, "path")
		v.fill(&user.Account, env.Account, "users", i, "account")
		v.completeMFA(user.MFADevices, user.Account, []any{"users", i})
		for k := range user.AccessKeys {
			if key := &user.AccessKeys[k]; key.Status == "" {
				key.Status = KeyActive
			}
		}
	}
	for i := range o.Roles {
		role := &o.Roles[i]
		v.fill(&role.Path, DefaultPath, "roles", i, "path")
		v.fill(&role.Account, env.Account, "roles", i, "account")
		v.fill(&role.SourceProfile, env.sourceFor(role.Name), "roles", i, "sourceProfile")
		if role.MaxSessionDuration == 0 && !v.written("roles", i, "maxSessionDuration") {
			role.MaxSessionDuration = DefaultMaxSessionDuration
		}
		role.TrustPolicy = env.fillIn(role.TrustPolicy)
	}
	for i := range o.OIDCProviders {
		provider := &o.OIDCProviders[i]
		v.fill(&provider.Account, env.Account, "oidcProviders", i, "account")
		if issuer, ok := env.Issuer(provider.Cluster); ok {
			v.fill(&provider.URL, issuer, "oidcProviders", i, "url")
		}
	}
}

func (v *validator) completeCluster(cluster *Cluster, i int) {
	v.fill(&cluster.Version, v.opts.KubernetesVersion, "clusters", i, "version")
	v.fill(&cluster.AuthenticationMode, AuthenticationModeConfigMap, "clusters", i, "authenticationMode")
	if cluster.TokenCacheTTL == 0 && !v.written("clusters", i, "tokenCacheTTL") { // a scenario's comes without a file
		cluster.TokenCacheTTL = DefaultTokenCacheTTL
	}
}

// fill sets an empty field that was not written.
func (v *validator) fill(field *string, value string, path ...any) {
	if *field == "" && !v.written(path...) {
		*field = value
	}
}

// generateKeys gives a key to every user that has no list of keys. The same user always gets the same key. keys
// are the access key IDs that are taken already, with whose they are.
func (v *validator) generateKeys(users []User, keys map[string]string) {
	for i := range users {
		user := &users[i]
		if user.AccessKeys != nil {
			continue
		}
		key, err := iam.FixtureAccessKey(user.Account, "user"+user.Path+user.Name)
		if err != nil {
			continue // the account is wrong, which has been reported
		}
		if other, taken := keys[key.ID]; taken && other != user.Name {
			v.report("give that user another one", fmt.Sprintf("the generated key %s of this user is one of %s", key.ID, other), "users", i)
		}
		user.AccessKeys = []AccessKey{{ID: key.ID, Secret: Secret(key.Secret), Status: KeyActive}}
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
