package iam

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// ErrNotFound is something that the store does not have: see [EntityError].
var ErrNotFound = errors.New("does not exist")

// Options are what a [Store] needs from outside.
type Options struct {
	// Partition is the first part of every ARN. "" means "aws".
	Partition string
	// SealingKey is 32 random bytes that protect session tokens. Stores that share it verify each other's
	// sessions. nil makes a key of Rand's: sessions then end with the store.
	SealingKey []byte
	// Now is the clock that sessions expire by; needed.
	Now func() time.Time
	// Rand makes nonces and access key IDs of sessions. nil means crypto/rand, and only tests should have another:
	// a nonce that comes twice breaks the protection of both tokens.
	Rand io.Reader
	// Save keeps a new state before it becomes visible: its error refuses the change, of which nothing remains. It must not
	// use the store. Nil keeps nothing. What [Store.Load] puts into the store is saved as well.
	Save func(Snapshot) error
}

// Store holds accounts, users, roles, policies and OIDC providers, and issues and opens sessions. It is safe for
// concurrent use. Make one with [NewStore].
type Store struct {
	partition string
	now       func() time.Time
	random    io.Reader
	sealer    sealer
	save      func(Snapshot) error

	mu    sync.Mutex // of who changes the state
	state atomic.Pointer[state]
}

// NewStore makes an empty store.
func NewStore(o Options) (*Store, error) {
	if o.Now == nil {
		return nil, errors.New("make an IAM store: Options.Now is nil: pass time.Now or a clock of your own")
	}
	if o.Partition == "" {
		o.Partition = "aws"
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.SealingKey == nil {
		o.SealingKey = make([]byte, sealingKeySize)
		if _, err := io.ReadFull(o.Rand, o.SealingKey); err != nil {
			return nil, fmt.Errorf("make an IAM store: draw a sealing key: %w", err)
		}
	}
	sealer, err := newSealer(o.SealingKey)
	if err != nil {
		return nil, fmt.Errorf("make an IAM store: %w", err)
	}
	ofAWS, err := awsPolicies()
	if err != nil {
		return nil, fmt.Errorf("make an IAM store: %w", err)
	}
	s := &Store{partition: o.Partition, now: o.Now, random: o.Rand, sealer: sealer, save: o.Save}
	s.state.Store(newState(o.Partition, ofAWS))
	return s, nil
}

// Snapshot is the content of a store, for saving and loading. It holds the access keys' secrets and
// the MFA devices' seeds.
type Snapshot struct {
	Accounts      []Account       `json:"accounts,omitempty"`
	Policies      []ManagedPolicy `json:"policies,omitempty"`
	Users         []User          `json:"users,omitempty"`
	Roles         []Role          `json:"roles,omitempty"`
	OIDCProviders []OIDCProvider  `json:"oidcProviders,omitempty"`
	// Deleted counts the users, roles and policies that are gone, by "user/ACCOUNT/name", "role/…" or "policy/…" in
	// lower case. It is what gives a recreated one a new unique ID after a restart.
	Deleted map[string]int `json:"deleted,omitempty"`
}

// Snapshot is everything the store holds, in a stable order.
func (s *Store) Snapshot() Snapshot { return s.read().snapshot() }

func (st *state) snapshot() Snapshot {
	accounts := sortedValues(st.accounts)
	for i := range accounts {
		accounts[i] = accounts[i].clone()
	}
	return Snapshot{
		Accounts: accounts, Policies: st.allPolicies(), Users: st.allUsers(), Roles: st.allRoles(),
		OIDCProviders: st.allOIDCProviders(), Deleted: maps.Clone(st.deleted),
	}
}

// Load puts everything of a snapshot into the store, beside what is there, or nothing of it if anything is
// wrong: the error is a [Problems] with all of it. Roles may trust each other, and themselves, in any order.
func (s *Store) Load(from Snapshot) error {
	return s.change(func(st *state) error { return st.load(from) })
}

// load is Load, in a state that nobody sees yet.
func (st *state) load(from Snapshot) error {
	var ps Problems
	for name, count := range from.Deleted {
		st.deleted[name] = max(count, st.deleted[name])
	}
	for _, a := range from.Accounts {
		st.putAccount(a, &ps)
	}
	for _, p := range from.Policies {
		st.putPolicy(p, &ps)
	}
	for _, u := range from.Users {
		st.putUser(u, &ps)
	}
	var arns []string
	for _, r := range from.Roles {
		if arn := st.putRole(r, &ps); arn != "" {
			arns = append(arns, arn)
		}
	}
	for _, arn := range arns {
		st.resolve(arn, &ps)
	}
	for _, p := range from.OIDCProviders {
		st.putOIDCProvider(p, &ps)
	}
	return ps.err()
}

// Restore makes a snapshot everything that the store has, or leaves the store as it is if anything is wrong: the error is a
// [Problems] with all of it.
func (s *Store) Restore(from Snapshot) error {
	return s.change(func(st *state) error {
		fresh := newState(st.partition, st.awsPolicies)
		fresh.at = st.at
		*st = *fresh
		return st.load(from)
	})
}

// PutAccount creates an account's root user or replaces its access keys.
func (s *Store) PutAccount(a Account) error { return s.Load(Snapshot{Accounts: []Account{a}}) }

// PutUser creates a user, or changes the one with the same ARN, and returns it with its path and unique ID
// filled in. The ID is derived from account, path and name, so that the same configuration always has the
// same; after a deletion the next one of that name gets another. The error is a [Problems].
func (s *Store) PutUser(u User) (User, error) {
	if u.Path == "" {
		u.Path = "/"
	}
	if err := s.Load(Snapshot{Users: []User{u}}); err != nil {
		return User{}, err
	}
	return s.User(u.ARN(s.partition))
}

// PutRole creates a role, or changes the one with the same ARN, as [Store.PutUser] does for users. Users and
// roles that its trust policy names must exist: they are saved by their unique IDs. (That a role may trust
// itself from the start is a convenience: AWS wants it created first.)
func (s *Store) PutRole(r Role) (Role, error) {
	if r.Path == "" {
		r.Path = "/"
	}
	if err := s.Load(Snapshot{Roles: []Role{r}}); err != nil {
		return Role{}, err
	}
	return s.Role(r.ARN(s.partition))
}

// DeleteUser deletes a user with its access keys and policies, whatever it has. The error is [ErrNotFound] if there
// is none.
func (s *Store) DeleteUser(arn string) error {
	return s.change(func(st *state) error {
		if _, ok := st.users[arn]; !ok {
			return notFound(KindUser, arn)
		}
		st.remove(arn)
		return nil
	})
}

// DeleteRole deletes a role, whatever it has; its sessions are refused from then on. The error is [ErrNotFound] if
// there is none.
func (s *Store) DeleteRole(arn string) error {
	return s.change(func(st *state) error {
		if _, ok := st.roles[arn]; !ok {
			return notFound(KindRole, arn)
		}
		st.remove(arn)
		return nil
	})
}

// User finds a user by ARN. The error is [ErrNotFound] if there is none.
func (s *Store) User(arn string) (User, error) {
	u, ok := s.read().users[arn]
	if !ok {
		return User{}, notFound(KindUser, arn)
	}
	return u.clone(), nil
}

// Role finds a role by ARN, path included. The error is [ErrNotFound] if there is none. Its trust policy has
// bare unique IDs where a principal was deleted since it was saved.
func (s *Store) Role(arn string) (Role, error) {
	st := s.read()
	r, ok := st.roles[arn]
	if !ok {
		return Role{}, notFound(KindRole, arn)
	}
	return st.shown(r), nil
}

// Users are all users in the order of their ARNs.
func (s *Store) Users() []User { return s.read().allUsers() }

// Roles are all roles in the order of their ARNs, as [Store.Role] shows them.
func (s *Store) Roles() []Role { return s.read().allRoles() }

// Partition is the first part of every ARN of this store: "aws".
func (s *Store) Partition() string { return s.partition }

func (s *Store) read() *state { return s.state.Load() }

// change applies a change to a copy of the state, and keeps the copy if there was no error and it could be saved.
func (s *Store) change(apply func(*state) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.read().clone(s.now().UTC().Truncate(time.Second))
	if err := apply(next); err != nil {
		return err
	}
	if s.save != nil {
		if err := s.save(next.snapshot()); err != nil {
			return fmt.Errorf("save the state of IAM, of which nothing was changed: %w", err)
		}
	}
	s.state.Store(next)
	return nil
}
