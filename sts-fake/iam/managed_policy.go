package iam

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ManagedPolicy is a policy of an account that users and roles may be attached to. Path "" means "/"; UniqueID "" lets the
// store choose; DefaultVersion "" means the newest.
type ManagedPolicy struct {
	AccountID      string          `json:"accountId"`
	Path           string          `json:"path"`
	Name           string          `json:"name"`
	UniqueID       string          `json:"uniqueId,omitempty"` // ANPA…
	Description    string          `json:"description,omitempty"`
	CreateDate     time.Time       `json:"createDate,omitzero"` // zero means when it is put
	Tags           []EntityTag     `json:"tags,omitempty"`
	Versions       []PolicyVersion `json:"versions"` // oldest first
	DefaultVersion string          `json:"defaultVersion,omitempty"`
	// LastVersion is the number of the newest version that there ever was: numbers are not used twice.
	LastVersion int `json:"lastVersion,omitempty"`
}

// PolicyVersion is a version of a managed policy. ID "" lets the store choose the next one.
type PolicyVersion struct {
	ID         string    `json:"id"` // "v1"
	Document   Policy    `json:"document"`
	CreateDate time.Time `json:"createDate,omitzero"` // zero means when it is put
}

// PolicyARN is the ARN of a managed policy. path begins and ends with a slash; accountID is "aws" for one of AWS.
func PolicyARN(partition, accountID, path, name string) string {
	return "arn:" + partition + ":iam::" + accountID + ":policy" + path + name
}

// ARN is the policy's ARN in a partition ("aws").
func (p ManagedPolicy) ARN(partition string) string {
	return PolicyARN(partition, p.AccountID, p.Path, p.Name)
}

// Version finds a version by its ID.
func (p ManagedPolicy) Version(id string) (PolicyVersion, bool) {
	i := p.index(id)
	if i < 0 {
		return PolicyVersion{}, false
	}
	return p.Versions[i], true
}

func (p ManagedPolicy) index(id string) int {
	return slices.IndexFunc(p.Versions, func(v PolicyVersion) bool { return v.ID == id })
}

// UpdateDate is when the newest version was made (IAM API reference, Policy).
func (p ManagedPolicy) UpdateDate() time.Time {
	if len(p.Versions) == 0 {
		return p.CreateDate
	}
	return p.Versions[len(p.Versions)-1].CreateDate
}

func (p ManagedPolicy) clone() ManagedPolicy {
	p.Tags, p.Versions = slices.Clone(p.Tags), slices.Clone(p.Versions)
	return p
}

// complete fills in what may be left out.
func (p ManagedPolicy) complete(now time.Time) ManagedPolicy {
	p = p.clone()
	for i, v := range p.Versions {
		if v.ID == "" {
			v.ID = "v" + strconv.Itoa(p.LastVersion+1)
		}
		if v.CreateDate.IsZero() {
			v.CreateDate = now
		}
		p.Versions[i] = v
		p.LastVersion = max(p.LastVersion, versionNumber(v.ID))
	}
	if p.DefaultVersion == "" && len(p.Versions) > 0 {
		p.DefaultVersion = p.Versions[len(p.Versions)-1].ID
	}
	return p
}

// versionNumber is the number of a version's ID, 0 for what is none.
func versionNumber(id string) int {
	digits, ok := strings.CutPrefix(id, "v")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 1 || digits != strconv.Itoa(n) {
		return 0
	}
	return n
}

func (p ManagedPolicy) check() (ps Problems) {
	checkAccountID(p.AccountID, "", &ps)
	checkPolicyName("", p.Name, &ps)
	if !isPath(p.Path) {
		ps.add("", "path %q is not / or /…/ in at most %d visible ASCII characters", p.Path, maxPathLength)
	}
	checkUniqueID(policyIDPrefix, p.UniqueID, &ps)
	checkEntityTags(KindPolicy, p.Tags, &ps)
	if p.index(p.DefaultVersion) < 0 {
		ps.add("", "has no version %q to be the default one", p.DefaultVersion)
	}
	for i, v := range p.Versions {
		at := fmt.Sprintf("version %q", v.ID)
		switch {
		case versionNumber(v.ID) == 0:
			ps.add(at, "is no version: they are v1, v2, …")
		case p.index(v.ID) != i:
			ps.add(at, "is there twice")
		}
		if v.Document.IsZero() {
			ps.add(at, "empty")
			continue
		}
		ps.under(at, v.Document.checkIdentity())
	}
	return ps
}

// Policy finds a managed policy by ARN, of the account or of AWS. The error is [ErrNotFound] if there is none. What
// policies of AWS allow is known for a few only ([Store.PolicyDocument]): the others have no versions.
func (s *Store) Policy(arn string) (ManagedPolicy, error) {
	p, ok := s.read().policy(arn)
	if !ok {
		return ManagedPolicy{}, notFound(KindPolicy, arn)
	}
	return p.clone(), nil
}

// Policies are all managed policies of accounts in the order of their ARNs.
func (s *Store) Policies() []ManagedPolicy { return s.read().allPolicies() }

// AWSPolicies are the policies of AWS whose documents are known here, in the order of their ARNs. There are many more.
func (s *Store) AWSPolicies() []ManagedPolicy {
	st := s.read()
	var out []ManagedPolicy
	for _, name := range slices.Sorted(maps.Keys(st.awsPolicies)) {
		slash := strings.LastIndexByte(name, '/') + 1
		p, _ := st.awsPolicy(PolicyARN(st.partition, awsAccount, name[:slash], name[slash:]))
		out = append(out, p)
	}
	return out
}

// PolicyDocument is what a managed policy says: its default version. It is false for a policy that does not exist,
// and for one of AWS whose document is not known here: users and roles may have that one, and it allows nothing.
func (s *Store) PolicyDocument(arn string) (Policy, bool) { return s.read().policyDocument(arn) }

// AttachedTo are the users and roles of an account that have a managed policy, in the order of their ARNs.
func (s *Store) AttachedTo(policyARN, accountID string) (users []User, roles []Role) {
	st := s.read()
	for _, u := range sortedValues(st.users) {
		if u.AccountID == accountID && slices.Contains(u.AttachedPolicies, policyARN) {
			users = append(users, u.clone())
		}
	}
	for _, r := range sortedValues(st.roles) {
		if r.AccountID == accountID && slices.Contains(r.AttachedPolicies, policyARN) {
			roles = append(roles, st.shown(r))
		}
	}
	return users, roles
}

func (st *state) policy(arn string) (ManagedPolicy, bool) {
	if p, ok := st.policies[arn]; ok {
		return p, true
	}
	return st.awsPolicy(arn)
}

func (st *state) policyDocument(arn string) (Policy, bool) {
	p, ok := st.policy(arn)
	if !ok {
		return Policy{}, false
	}
	v, ok := p.Version(p.DefaultVersion)
	return v.Document, ok
}

func (st *state) allPolicies() []ManagedPolicy {
	policies := sortedValues(st.policies)
	for i := range policies {
		policies[i] = policies[i].clone()
	}
	return policies
}

func (st *state) putPolicy(p ManagedPolicy, ps *Problems) {
	if p.Path == "" {
		p.Path = "/"
	}
	arn := p.ARN(st.partition)
	p.CreateDate = st.date(p.CreateDate, st.policies[arn].CreateDate)
	p = p.complete(st.at)
	at := "policy " + arn
	before := len(*ps)
	ps.under(at, p.check())
	if len(*ps) > before {
		return
	}
	p.UniqueID = st.claim(at, arn, policyKind, policyIDPrefix, principalName{p.AccountID, p.Path, p.Name, p.UniqueID}, ps)
	st.policies[arn] = p
}

// checkAttached reports attached policies that do not exist, or are attached twice.
func (st *state) checkAttached(at string, arns []string, ps *Problems) {
	for i, arn := range arns {
		if _, ok := st.policy(arn); !ok {
			ps.add(at, "the attached policy %s does not exist: create it first", arn)
		}
		if slices.Contains(arns[:i], arn) {
			ps.add(at, "the policy %s is attached twice", arn)
		}
	}
}
