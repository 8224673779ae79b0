package iam

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Bounds of a role's MaxSessionDuration (IAM API reference, CreateRole).
const (
	DefaultMaxSessionDuration = time.Hour
	maxSessionDurationLimit   = 12 * time.Hour
)

// maxAccessKeys is 4096 rather than AWS's two per user, so that fixtures can try key rotation at leisure; it
// only keeps a broken configuration from growing without end.
const maxAccessKeys = 4096

// maxDescription bounds a role's description in bytes; IAM's bound is a thousand characters (API reference, CreateRole).
const maxDescription = 4000

// AccessKey is a long-term access key.
type AccessKey struct {
	ID         string    `json:"id"`
	Secret     string    `json:"secret"`
	Inactive   bool      `json:"inactive,omitempty"`
	CreateDate time.Time `json:"createDate,omitzero"` // zero means when it is put
}

// Account is an account with its root user's access keys. An account exists as soon as it has a user or a
// role; it needs an Account only to have root keys.
type Account struct {
	ID         string      `json:"id"`
	AccessKeys []AccessKey `json:"accessKeys,omitempty"`
}

// User is an IAM user. Path "" means "/"; UniqueID "" lets the store choose; CreateDate zero means when it is put.
type User struct {
	AccountID  string      `json:"accountId"`
	Path       string      `json:"path"`
	Name       string      `json:"name"`
	UniqueID   string      `json:"uniqueId,omitempty"` // AIDA…
	CreateDate time.Time   `json:"createDate,omitzero"`
	Tags       []EntityTag `json:"tags,omitempty"`
	AccessKeys []AccessKey `json:"accessKeys,omitempty"`
	MFADevices []MFADevice `json:"mfaDevices,omitempty"`
	// What it may do: its own policies, and managed ones by ARN.
	Policies         []InlinePolicy `json:"policies,omitempty"`
	AttachedPolicies []string       `json:"attachedPolicies,omitempty"`
}

// Role is an IAM role. Path "" means "/"; UniqueID "" lets the store choose; CreateDate zero means when it is put;
// MaxSessionDuration 0 means [DefaultMaxSessionDuration].
type Role struct {
	AccountID          string        `json:"accountId"`
	Path               string        `json:"path"`
	Name               string        `json:"name"`
	UniqueID           string        `json:"uniqueId,omitempty"` // AROA…
	CreateDate         time.Time     `json:"createDate,omitzero"`
	Description        string        `json:"description,omitempty"`
	Tags               []EntityTag   `json:"tags,omitempty"`
	MaxSessionDuration time.Duration `json:"maxSessionDuration"` // nanoseconds in JSON
	TrustPolicy        Policy        `json:"trustPolicy"`        // who may assume it
	// What its sessions may do: its own policies, and managed ones by ARN.
	Policies         []InlinePolicy `json:"policies,omitempty"`
	AttachedPolicies []string       `json:"attachedPolicies,omitempty"`
}

// ARN is the user's ARN in a partition ("aws").
func (u User) ARN(partition string) string { return UserARN(partition, u.AccountID, u.Path, u.Name) }

// ARN is the role's ARN in a partition ("aws").
func (r Role) ARN(partition string) string { return RoleARN(partition, r.AccountID, r.Path, r.Name) }

func (u User) clone() User {
	u.Tags, u.AccessKeys, u.MFADevices = slices.Clone(u.Tags), slices.Clone(u.AccessKeys), slices.Clone(u.MFADevices)
	u.Policies, u.AttachedPolicies = slices.Clone(u.Policies), slices.Clone(u.AttachedPolicies)
	return u
}

func (r Role) clone() Role {
	r.Tags, r.Policies, r.AttachedPolicies = slices.Clone(r.Tags), slices.Clone(r.Policies), slices.Clone(r.AttachedPolicies)
	return r
}

func (a Account) clone() Account {
	a.AccessKeys = slices.Clone(a.AccessKeys)
	return a
}

func (u User) check() (ps Problems) {
	checkPrincipal("", u.AccountID, u.Path, u.Name, &ps)
	checkUniqueID(userIDPrefix, u.UniqueID, &ps)
	checkAccessKeys(u.AccessKeys, &ps)
	checkMFADevices(u.MFADevices, &ps)
	checkEntityTags(KindUser, u.Tags, &ps)
	checkInlinePolicies(u.Policies, &ps)
	return ps
}

func (r Role) check() (ps Problems) {
	checkPrincipal("", r.AccountID, r.Path, r.Name, &ps)
	checkUniqueID(roleIDPrefix, r.UniqueID, &ps)
	if r.MaxSessionDuration < DefaultMaxSessionDuration || r.MaxSessionDuration > maxSessionDurationLimit {
		ps.add("", "MaxSessionDuration %s is not between 1h and 12h", r.MaxSessionDuration)
	}
	if r.TrustPolicy.IsZero() {
		ps.add("trust policy", "missing: a role needs one that says who may assume it")
	} else {
		ps.under("trust policy", r.TrustPolicy.checkTrust())
	}
	if len(r.Description) > maxDescription {
		ps.add("", "description of %d bytes: at most %d", len(r.Description), maxDescription)
	}
	checkEntityTags(KindRole, r.Tags, &ps)
	checkInlinePolicies(r.Policies, &ps)
	return ps
}

func (a Account) check() (ps Problems) {
	checkAccountID(a.ID, "", &ps)
	checkAccessKeys(a.AccessKeys, &ps)
	return ps
}

func checkUniqueID(prefix, id string, ps *Problems) {
	if id != "" && !hasIDForm(prefix, id) {
		ps.add("", "unique ID %q is not %s and 17 of A-Z0-9", id, prefix)
	}
}

// checkAccessKeys names a key by its ID and never by its secret.
func checkAccessKeys(keys []AccessKey, ps *Problems) {
	if len(keys) > maxAccessKeys {
		ps.add("", "%d access keys: at most %d", len(keys), maxAccessKeys)
	}
	for _, key := range keys {
		at := fmt.Sprintf("access key %q", key.ID)
		if len(key.ID) < 16 || len(key.ID) > 128 || !onlyBytes(key.ID, isUpperAlphanumeric) {
			ps.add(at, "an access key ID is 16 to 128 of A-Z0-9")
		}
		if strings.HasPrefix(key.ID, temporaryKeyPrefix) {
			ps.add(at, "IDs with %s belong to sessions: use %s", temporaryKeyPrefix, accessKeyPrefix)
		}
		if key.Secret == "" {
			ps.add(at, "has no secret")
		}
	}
}

// CheckTrust says what keeps a policy from being a role's trust policy. The error is a [Problems].
func (p Policy) CheckTrust() error {
	if p.IsZero() {
		return Problems{{Message: "there is no policy"}}
	}
	return p.checkTrust().err()
}

// CheckIdentity says what keeps a policy from being a user's or role's own, or a managed one. The error is a [Problems].
func (p Policy) CheckIdentity() error {
	if p.IsZero() {
		return Problems{{Message: "there is no policy"}}
	}
	return p.checkIdentity().err()
}

// checkTrust holds what only a trust policy must have or lack (IAM User Guide, "Role trust policies").
func (p Policy) checkTrust() (ps Problems) {
	for i, s := range p.doc.statements {
		at := fmt.Sprintf("Statement[%d]", i)
		if s.principal == nil {
			ps.add(at, "has no Principal: a trust policy names who may assume the role")
		}
		if len(s.resources.list) > 0 {
			ps.add(at, "has a Resource: the resource of a trust policy is its role")
		}
	}
	return ps
}

// checkIdentity holds what only an identity policy must have or lack.
func (p Policy) checkIdentity() (ps Problems) {
	for i, s := range p.doc.statements {
		at := fmt.Sprintf("Statement[%d]", i)
		if s.principal != nil {
			ps.add(at, "has a Principal: the principal of an identity policy is who has it")
		}
		if len(s.resources.list) == 0 {
			ps.add(at, "has no Resource")
		}
	}
	return ps
}
