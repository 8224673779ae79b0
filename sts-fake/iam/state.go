package iam

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// state is everything the store knows. A state that readers see never changes: a change is made on a copy,
// which takes the old one's place if nothing is wrong with it.
type state struct {
	partition string
	at        time.Time                // when it was made: whole seconds, UTC
	accounts  map[string]Account       // by ID
	users     map[string]User          // by ARN
	roles     map[string]Role          // by ARN; trust policies name users and roles by unique ID
	policies  map[string]ManagedPolicy // by ARN
	deleted   map[string]int           // by nameKey: how many things of that name are gone
	providers map[string]OIDCProvider  // by ARN

	awsPolicies map[string]Policy // by path and name; never changes

	names   map[string]string   // nameKey → ARN
	ids     map[string]holder   // by unique ID
	keys    map[string]keyOwner // by access key ID
	devices map[string]string   // serial number of an MFA device → ARN of its user
}

// holder is who has a unique ID: a user, role or policy.
type holder struct{ kind, arn, accountID, name string }

// keyOwner is what a request needs to know of a long-term key, and of the user or root user of an account that has it.
type keyOwner struct {
	secret           string
	accountID        string
	arn              string
	userID           string // unique ID of a user, account ID of a root user
	inactive, isRoot bool
}

func newState(partition string, ofAWS map[string]Policy) *state {
	return &state{
		partition: partition, awsPolicies: ofAWS, policies: map[string]ManagedPolicy{},
		accounts: map[string]Account{}, users: map[string]User{}, roles: map[string]Role{}, deleted: map[string]int{},
		providers: map[string]OIDCProvider{},
		names:     map[string]string{}, ids: map[string]holder{}, keys: map[string]keyOwner{}, devices: map[string]string{},
	}
}

func (st *state) clone(at time.Time) *state {
	return &state{
		partition: st.partition, at: at, awsPolicies: st.awsPolicies, policies: maps.Clone(st.policies),
		accounts: maps.Clone(st.accounts), users: maps.Clone(st.users), roles: maps.Clone(st.roles), deleted: maps.Clone(st.deleted),
		providers: maps.Clone(st.providers),
		names:     maps.Clone(st.names), ids: maps.Clone(st.ids), keys: maps.Clone(st.keys), devices: maps.Clone(st.devices),
	}
}

// date is a date that was given, or the one that the same thing has already, or that of this state.
func (st *state) date(given, before time.Time) time.Time {
	switch {
	case !given.IsZero():
		return given.UTC().Truncate(time.Second)
	case !before.IsZero():
		return before
	}
	return st.at
}

// Kinds of what has names.
const (
	userKind   = "user"
	roleKind   = "role"
	policyKind = "policy"
)

// nameKey identifies a name: users, roles and policies have a namespace each per account, which ignores case and paths
// (IAM API reference, CreateUser: "names are not distinguished by case").
func nameKey(kind, accountID, name string) string {
	return kind + "/" + accountID + "/" + strings.ToLower(name)
}

func (st *state) putAccount(a Account, ps *Problems) {
	at := "account " + a.ID
	ps.under(at, a.check())
	arn := RootARN(st.partition, a.ID)
	st.putKeys(at, a.AccessKeys, keyOwner{accountID: a.ID, arn: arn, userID: a.ID, isRoot: true}, ps)
	st.accounts[a.ID] = a.clone()
}

func (st *state) putUser(u User, ps *Problems) {
	if u.Path == "" {
		u.Path = "/"
	}
	arn := u.ARN(st.partition)
	at := "user " + arn
	before := len(*ps)
	ps.under(at, u.check())
	if len(*ps) > before {
		return
	}
	u = u.clone()
	u.UniqueID = st.claim(at, arn, userKind, userIDPrefix, principalName{u.AccountID, u.Path, u.Name, u.UniqueID}, ps)
	u.CreateDate = st.date(u.CreateDate, st.users[arn].CreateDate)
	u.Policies = nameInlinePolicies(u.Policies)
	st.checkAttached(at, u.AttachedPolicies, ps)
	for i, key := range u.AccessKeys {
		u.AccessKeys[i].CreateDate = st.date(key.CreateDate, keyDate(st.users[arn].AccessKeys, key.ID))
	}
	st.putKeys(at, u.AccessKeys, keyOwner{accountID: u.AccountID, arn: arn, userID: u.UniqueID}, ps)
	st.putDevices(at, u.MFADevices, arn, ps)
	st.users[arn] = u
}

// putRole saves a role whose trust policy still has ARNs: [state.resolve] comes after all roles are in.
func (st *state) putRole(r Role, ps *Problems) string {
	if r.Path == "" {
		r.Path = "/"
	}
	if r.MaxSessionDuration == 0 {
		r.MaxSessionDuration = DefaultMaxSessionDuration
	}
	arn := r.ARN(st.partition)
	at := "role " + arn
	before := len(*ps)
	ps.under(at, r.check())
	if len(*ps) > before {
		return ""
	}
	r = r.clone()
	r.UniqueID = st.claim(at, arn, roleKind, roleIDPrefix, principalName{r.AccountID, r.Path, r.Name, r.UniqueID}, ps)
	r.CreateDate = st.date(r.CreateDate, st.roles[arn].CreateDate)
	r.Policies = nameInlinePolicies(r.Policies)
	st.checkAttached(at, r.AttachedPolicies, ps)
	st.roles[arn] = r
	return arn
}

type principalName struct{ accountID, path, name, uniqueID string }

// claim takes a principal's name and unique ID, and returns the ID: the one it has already, the one that was
// given, or the one derived from its name and how often that name was deleted.
func (st *state) claim(at, arn, kind, prefix string, p principalName, ps *Problems) string {
	key := nameKey(kind, p.accountID, p.name)
	if other, taken := st.names[key]; taken && other != arn {
		ps.add(at, "the name is taken by %s: names are unique in an account whatever their path and case", other)
		return ""
	}
	id := p.uniqueID
	if id == "" {
		id = st.idOf(arn)
	}
	if id == "" {
		id = uniqueID(prefix, p.accountID, p.path, p.name, st.deleted[key])
	}
	if had := st.idOf(arn); had != "" && had != id {
		ps.add(at, "has the unique ID %s, which does not change: delete it first to make a new one", had)
	}
	if other, taken := st.ids[id]; taken && other.arn != arn {
		ps.add(at, "the unique ID %s is taken by %s", id, other.arn)
	}
	st.names[key], st.ids[id] = arn, holder{kind, arn, p.accountID, p.name}
	return id
}

func (st *state) idOf(arn string) string {
	if u, ok := st.users[arn]; ok {
		return u.UniqueID
	}
	if r, ok := st.roles[arn]; ok {
		return r.UniqueID
	}
	return st.policies[arn].UniqueID
}

// keyDate is when a key was made, if it is among keys.
func keyDate(keys []AccessKey, id string) time.Time {
	if i := indexKey(keys, id); i >= 0 {
		return keys[i].CreateDate
	}
	return time.Time{}
}

// putKeys makes keys the only ones of their owner.
func (st *state) putKeys(at string, keys []AccessKey, owner keyOwner, ps *Problems) {
	st.dropKeys(owner.arn)
	for _, key := range keys {
		if other, taken := st.keys[key.ID]; taken {
			ps.add(at, "the access key ID %s is taken by %s", key.ID, other.arn)
			continue
		}
		owner.secret, owner.inactive = key.Secret, key.Inactive
		st.keys[key.ID] = owner
	}
}

func (st *state) dropKeys(arn string) {
	maps.DeleteFunc(st.keys, func(_ string, o keyOwner) bool { return o.arn == arn })
}

// putDevices makes MFA devices the only ones of a user.
func (st *state) putDevices(at string, devices []MFADevice, arn string, ps *Problems) {
	st.dropDevices(arn)
	for _, device := range devices {
		if other, taken := st.devices[device.SerialNumber]; taken {
			ps.add(at, "the MFA device %s is taken by %s", device.SerialNumber, other)
			continue
		}
		st.devices[device.SerialNumber] = arn
	}
}

func (st *state) dropDevices(arn string) {
	for _, device := range st.users[arn].MFADevices {
		delete(st.devices, device.SerialNumber)
	}
}

// resolve turns the users and roles that a role's trust policy names into their unique IDs. AWS refuses to
// save a policy with a principal that does not exist ("Invalid principal in policy"). Bare unique IDs are kept
// as they are, which AWS refuses too: a saved state may have them, for principals that were deleted since. Principals of
// another partition do not exist here, whatever they are.
func (st *state) resolve(roleARN string, ps *Problems) {
	r := st.roles[roleARN]
	r.TrustPolicy = st.resolvePolicy("role "+roleARN, r.TrustPolicy, ps)
	st.roles[roleARN] = r
}

func (st *state) resolvePolicy(at string, trust Policy, ps *Problems) Policy {
	if trust.IsZero() {
		return trust // which is reported elsewhere
	}
	for _, name := range trust.principalARNs() {
		if st.foreign(name) {
			ps.addPrincipal(at, name, "is of another partition than "+strconv.Quote(st.partition)+": write its ARN with that")
		}
	}
	return trust.MapPrincipals(func(name string) string {
		if !lasting(name) || st.foreign(name) {
			return name
		}
		if id := st.idOf(name); id != "" {
			return id
		}
		ps.addPrincipal(at, name, "does not exist: create it first, or trust its account")
		return name
	})
}

// foreign says whether an ARN is of another partition.
func (st *state) foreign(name string) bool {
	arn, ok := ParseARN(name)
	return ok && arn.Partition != st.partition
}

// shown is a role as people see it: with ARNs in the trust policy for the principals that still exist.
func (st *state) shown(r Role) Role {
	r = r.clone()
	r.TrustPolicy = r.TrustPolicy.MapPrincipals(func(name string) string {
		if h, ok := st.ids[name]; ok {
			return h.arn
		}
		return name
	})
	return r
}

// remove deletes a user, role or policy that there is, and remembers that its name had another life.
func (st *state) remove(arn string) {
	delete(st.ids, st.idOf(arn))
	key := st.keyOf(arn)
	delete(st.names, key)
	st.dropDevices(arn)
	delete(st.users, arn)
	delete(st.roles, arn)
	delete(st.policies, arn)
	st.dropKeys(arn)
	st.deleted[key]++
}

// keyOf is the nameKey of a user, role or policy.
func (st *state) keyOf(arn string) string {
	if u, ok := st.users[arn]; ok {
		return nameKey(userKind, u.AccountID, u.Name)
	}
	if r, ok := st.roles[arn]; ok {
		return nameKey(roleKind, r.AccountID, r.Name)
	}
	return nameKey(policyKind, st.policies[arn].AccountID, st.policies[arn].Name)
}

func (st *state) allUsers() []User {
	users := sortedValues(st.users)
	for i := range users {
		users[i] = users[i].clone()
	}
	return users
}

func (st *state) allRoles() []Role {
	roles := sortedValues(st.roles)
	for i := range roles {
		roles[i] = st.shown(roles[i])
	}
	return roles
}

func sortedValues[V any](m map[string]V) []V {
	out := make([]V, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[key])
	}
	return out
}
