package iam

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// state is everything the store knows. A state that readers see never changes: a change is made on a copy,
// which takes the old one's place if nothing is wrong with it.
type state struct {
	partition string
	accounts  map[string]Account      // by ID
	users     map[string]User         // by ARN
	roles     map[string]Role         // by ARN; trust policies name users and roles by unique ID
	deleted   map[string]int          // by nameKey: how many principals of that name are gone
	providers map[string]OIDCProvider // by ARN

	names   map[string]string   // nameKey → ARN
	ids     map[string]string   // unique ID → ARN
	keys    map[string]keyOwner // by access key ID
	devices map[string]string   // serial number of an MFA device → ARN of its user
}

// keyOwner is a long-term key with the ARN of the user, or of the account's root, that has it.
type keyOwner struct {
	key       AccessKey
	accountID string
	arn       string
	root      bool
}

func newState(partition string) *state {
	return &state{
		partition: partition,
		accounts:  map[string]Account{}, users: map[string]User{}, roles: map[string]Role{}, deleted: map[string]int{},
		providers: map[string]OIDCProvider{},
		names:     map[string]string{}, ids: map[string]string{}, keys: map[string]keyOwner{}, devices: map[string]string{},
	}
}

func (st *state) clone() *state {
	return &state{
		partition: st.partition,
		accounts:  maps.Clone(st.accounts), users: maps.Clone(st.users), roles: maps.Clone(st.roles), deleted: maps.Clone(st.deleted),
		providers: maps.Clone(st.providers),
		names:     maps.Clone(st.names), ids: maps.Clone(st.ids), keys: maps.Clone(st.keys), devices: maps.Clone(st.devices),
	}
}

// nameKey identifies a name: users and roles have a namespace each per account, which ignores case and paths
// (IAM API reference, CreateUser: "names are not distinguished by case").
func nameKey(kind, accountID, name string) string {
	return kind + "/" + accountID + "/" + strings.ToLower(name)
}

func (st *state) putAccount(a Account, ps *Problems) {
	at := "account " + a.ID
	ps.under(at, a.check())
	arn := RootARN(st.partition, a.ID)
	st.putKeys(at, a.AccessKeys, keyOwner{accountID: a.ID, arn: arn, root: true}, ps)
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
	u.UniqueID = st.claim(at, arn, "user", userIDPrefix, principalName{u.AccountID, u.Path, u.Name, u.UniqueID}, ps)
	st.putKeys(at, u.AccessKeys, keyOwner{accountID: u.AccountID, arn: arn}, ps)
	st.putDevices(at, u.MFADevices, arn, ps)
	st.users[arn] = u.clone()
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
	r.UniqueID = st.claim(at, arn, "role", roleIDPrefix, principalName{r.AccountID, r.Path, r.Name, r.UniqueID}, ps)
	st.roles[arn] = r.clone()
	return arn
}

type principalName struct{ accountID, path, name, uniqueID string }

// claim takes a principal's name and unique ID, and returns the ID: the one it has already, the one that was
// given, or the one derived from its name and how often that name was deleted.
func (st *state) claim(at, arn, kind, prefix string, p principalName, ps *Problems) string {
	key := nameKey(kind, p.accountID, p.name)
	if holder, taken := st.names[key]; taken && holder != arn {
		ps.add(at, "the name is taken by %s: names are unique in an account whatever their path and case", holder)
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
	if holder, taken := st.ids[id]; taken && holder != arn {
		ps.add(at, "the unique ID %s is taken by %s", id, holder)
	}
	st.names[key], st.ids[id] = arn, arn
	return id
}

func (st *state) idOf(arn string) string {
	if u, ok := st.users[arn]; ok {
		return u.UniqueID
	}
	return st.roles[arn].UniqueID
}

// putKeys makes keys the only ones of their owner.
func (st *state) putKeys(at string, keys []AccessKey, owner keyOwner, ps *Problems) {
	st.dropKeys(owner.arn)
	for _, key := range keys {
		if other, taken := st.keys[key.ID]; taken {
			ps.add(at, "the access key ID %s is taken by %s", key.ID, other.arn)
			continue
		}
		owner.key = key
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
	for _, name := range r.TrustPolicy.principalARNs() {
		if st.foreign(name) {
			ps.add("role "+roleARN, "trust policy: principal %s is of another partition than %q: write its ARN with that", name, st.partition)
		}
	}
	r.TrustPolicy = r.TrustPolicy.mapPrincipals(func(name string) string {
		if !lasting(name) || st.foreign(name) {
			return name
		}
		if id := st.idOf(name); id != "" {
			return id
		}
		ps.add("role "+roleARN, "trust policy: principal %s does not exist: create it first, or trust its account", name)
		return name
	})
	st.roles[roleARN] = r
}

// foreign says whether an ARN is of another partition.
func (st *state) foreign(name string) bool {
	arn, ok := ParseARN(name)
	return ok && arn.Partition != st.partition
}

// shown is a role as people see it: with ARNs in the trust policy for the principals that still exist.
func (st *state) shown(r Role) Role {
	r = r.clone()
	r.TrustPolicy = r.TrustPolicy.mapPrincipals(func(name string) string {
		if arn, ok := st.ids[name]; ok {
			return arn
		}
		return name
	})
	return r
}

// remove deletes a user or role and remembers that its name had another life.
func (st *state) remove(arn string) error {
	id := st.idOf(arn)
	if id == "" {
		return fmt.Errorf("delete %s: %w", arn, ErrNotFound)
	}
	delete(st.ids, id)
	kind, name, accountID := "role", st.roles[arn].Name, st.roles[arn].AccountID
	if u, ok := st.users[arn]; ok {
		kind, name, accountID = "user", u.Name, u.AccountID
	}
	key := nameKey(kind, accountID, name)
	delete(st.names, key)
	st.dropDevices(arn)
	delete(st.users, arn)
	delete(st.roles, arn)
	st.dropKeys(arn)
	st.deleted[key]++
	return nil
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
