package config

import (
	"fmt"
	"regexp"
	"time"

	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// The character rules of IAM API reference, CreateUser, CreateRole and PutUserPolicy. The longest policy name
// has 128 characters there, the longest user or role name 64.
var (
	namePattern       = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]{1,64}$`)
	policyNamePattern = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]{1,128}$`)
	pathPattern       = regexp.MustCompile(`^/([\x21-\x7e]{1,510}/)?$`)
	externalIDPattern = regexp.MustCompile(`^[A-Za-z0-9_+=,.@:/-]{2,}$`) // spec/sts.md section 4.2
	// The API says 16 to 128 word characters; long-term IDs are AKIA and 16 (IAM User Guide, unique identifiers).
	keyIDPattern = regexp.MustCompile(`^AKIA[A-Z0-9]{16}$`)
	// Inferred from the keys in AWS's documentation: no rule about secrets is published.
	secretPattern     = regexp.MustCompile(`^[A-Za-z0-9/+=]{40}$`)
	instanceIDPattern = regexp.MustCompile(`^i-([0-9a-f]{8}|[0-9a-f]{17})$`)
	dnsNamePattern    = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)
)

const (
	maxExternalID         = 1224           // spec/sts.md section 4.2
	maxAccessKeys         = 2              // IAM User Guide, quotas: access keys of a user
	maxDNSName            = 253            // RFC 1035, without the final dot
	minMaxSessionDuration = time.Hour      // IAM API reference, CreateRole
	maxMaxSessionDuration = 12 * time.Hour // same
)

// identities checks identities that are added to those that exist, and generates their keys. env has the clusters.
func (v *validator) identities(env *Environment, existing, added Overlay) {
	v.adopt(existing)
	for i, user := range added.Users {
		v.claim(KindUser, user.Account, user.Name, "users", i, "name")
	}
	for i, role := range added.Roles {
		v.claim(KindRole, role.Account, role.Name, "roles", i, "name")
	}
	for i, instance := range added.Instances {
		v.claim(KindInstance, "", instance.ID, "instances", i, "id")
	}
	keys := map[string]string{}
	for _, user := range existing.Users {
		for _, key := range user.AccessKeys {
			keys[key.ID] = user.Name
		}
	}
	serials := serialsOf(existing.Users)
	for i, user := range added.Users {
		v.user(user, keys, "users", i)
		v.mfaDevices(user, serials, []any{"users", i})
	}
	v.generateKeys(added.Users, keys)
	for i, role := range added.Roles {
		v.role(role, "roles", i)
		v.issuerPlaceholders(env, role, []any{"roles", i})
		v.mfaSerial(role, serials, []any{"roles", i})
	}
	v.oidcProviders(env, existing.OIDCProviders, added.OIDCProviders)
	v.sourceCycles(existing.Roles, added.Roles)
	v.instances(existing.Instances, added.Instances)
	v.rehearse(existing, added)
}

// principal checks what users and roles have in common.
func (v *validator) principal(account, path, name string, at []any) {
	if name != "" && !namePattern.MatchString(name) {
		v.report("use 1 to 64 letters, digits and _+=,.@-", fmt.Sprintf("%q is not an IAM name", name), sub(at, "name")...)
	}
	if !pathPattern.MatchString(path) {
		v.report(`write "/" or one such as "/team/", of at most 512 visible ASCII characters`,
			fmt.Sprintf("%q is not an IAM path", path), sub(at, "path")...)
	}
	if account != v.defaultAccount { // which has been checked
		v.account(account, sub(at, "account")...)
	}
}

func (v *validator) user(user User, keys map[string]string, at ...any) {
	v.principal(user.Account, user.Path, user.Name, at)
	if len(user.AccessKeys) > maxAccessKeys {
		v.report("remove the others", fmt.Sprintf("%d access keys, and IAM allows %d", len(user.AccessKeys), maxAccessKeys), sub(at, "accessKeys")...)
	}
	for i, key := range user.AccessKeys {
		v.accessKey(key, user.Name, keys, sub(at, "accessKeys", i))
	}
	v.policies(user.Policies, at)
}

func (v *validator) accessKey(key AccessKey, user string, keys map[string]string, at []any) {
	id := sub(at, "id")
	switch other, taken := keys[key.ID]; {
	case key.ID == "":
		v.report("write one, or leave accessKeys out to get one", "no id", id...)
	case !keyIDPattern.MatchString(key.ID):
		v.report("write AKIA and 16 upper-case letters or digits", fmt.Sprintf("%q is not the ID of a long-term access key", shown(key.ID)), id...)
	case taken:
		v.report("write another", fmt.Sprintf("%s is an access key of %s already", key.ID, other), id...)
	default:
		keys[key.ID] = user
	}
	if !secretPattern.MatchString(string(key.Secret)) {
		v.report("write 40 characters of letters, digits and /+=", "not a secret access key", sub(at, "secret")...)
	}
	if key.Status != KeyActive && key.Status != KeyInactive {
		v.report(strictyaml.DidYouMean(string(key.Status), []string{string(KeyActive), string(KeyInactive)}),
			fmt.Sprintf("%q is not a status of an access key", shown(string(key.Status))), sub(at, "status")...)
	}
}

func (v *validator) role(role Role, at ...any) {
	v.principal(role.Account, role.Path, role.Name, at)
	if d := role.MaxSessionDuration; d < minMaxSessionDuration || d > maxMaxSessionDuration {
		v.report("write 1h to 12h", fmt.Sprintf("%s is not a duration that IAM allows", d), sub(at, "maxSessionDuration")...)
	}
	v.trustPolicy(role.TrustPolicy, sub(at, "trustPolicy"))
	v.policies(role.Policies, at)
	source := sub(at, "sourceProfile")
	switch {
	case role.SourceProfile == "":
		v.report("add a user, or name the identity that assumes this role", "nobody to assume this role", source...)
	case role.SourceProfile == role.Name:
		v.report("name the user that assumes it", "a role cannot be its own source", source...)
	case v.doc == nil || v.written(source...):
		v.reference(role.SourceProfile, []IdentityKind{KindUser, KindRole, KindInstance}, source...)
	}
	if id := role.ExternalID; id != "" && (len(id) > maxExternalID || !externalIDPattern.MatchString(id)) {
		v.report("use 2 to 1224 letters, digits and _+=,.@:/-", fmt.Sprintf("%q is not an external ID", role.ExternalID), sub(at, "externalId")...)
	}
}

// sourceCycles reports roles that only each other could assume: no profile in such a ring has credentials.
func (v *validator) sourceCycles(existing, added []Role) {
	sources := map[string]string{}
	for _, role := range append(existing[:len(existing):len(existing)], added...) {
		sources[role.Name] = role.SourceProfile
	}
	for i, role := range added {
		name := role.SourceProfile
		for range sources {
			if name == role.Name {
				break
			}
			name = sources[name]
		}
		if name == role.Name && name != "" && role.SourceProfile != role.Name {
			v.report("name a user as the source of one of them",
				fmt.Sprintf("%q leads back to this role: nobody has credentials to begin with", role.SourceProfile), "roles", i, "sourceProfile")
		}
	}
}

func (v *validator) instances(existing, added []Instance) {
	hosts := map[string]string{}
	for _, instance := range existing {
		hosts[instance.PrivateDNSName] = instance.ID
	}
	for i, instance := range added {
		if instance.ID != "" && !instanceIDPattern.MatchString(instance.ID) {
			v.report("write i- and 17 (or 8) hexadecimal digits", fmt.Sprintf("%q is not an instance ID", instance.ID), "instances", i, "id")
		}
		v.reference(instance.Role, []IdentityKind{KindRole}, "instances", i, "role")
		host := instance.PrivateDNSName
		other, taken := hosts[host]
		switch {
		case len(host) > maxDNSName || !dnsNamePattern.MatchString(host):
			v.report(`write one such as "ip-192-168-12-34.us-west-2.compute.internal"`,
				fmt.Sprintf("%q is not a DNS name", host), "instances", i, "privateDnsName")
		case taken:
			v.report("write another", fmt.Sprintf("%s has this name already", other), "instances", i, "privateDnsName")
		}
		hosts[host] = instance.ID
	}
}
