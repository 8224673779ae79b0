package config

import (
	"fmt"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// Seed puts the users, roles, access keys, MFA devices, policies and identity providers of the environment into an
// IAM store, all of them or none. The same environment always gets the same unique IDs and keys. The store must be of
// the environment's partition.
func (e *Environment) Seed(store *iam.Store) error { return e.identities().Seed(store) }

// Snapshot is what [Environment.Seed] puts into a store.
func (e *Environment) Snapshot() (iam.Snapshot, error) { return snapshotOf(e.identities()) }

// Snapshot is what [Overlay.Seed] puts into a store.
func (o Overlay) Snapshot() (iam.Snapshot, error) { return snapshotOf(o) }

// Seed puts the identities of the overlay into an IAM store that has those of its environment already. They have
// to be complete: take them from [Environment.Added].
func (o Overlay) Seed(store *iam.Store) error {
	snapshot, err := snapshotOf(o)
	if err != nil {
		return fmt.Errorf("seed the IAM store: %w", err)
	}
	if err := store.Load(snapshot); err != nil {
		return fmt.Errorf("seed the IAM store: %w", err)
	}
	return nil
}

// snapshotOf translates identities into those of the IAM package.
func snapshotOf(o Overlay) (iam.Snapshot, error) {
	var snapshot iam.Snapshot
	for _, user := range o.Users {
		policies, err := parsePolicies(user.Policies)
		if err != nil {
			return iam.Snapshot{}, fmt.Errorf("user %q: %w", user.Name, err)
		}
		translated := iam.User{AccountID: user.Account, Path: user.Path, Name: user.Name, Policies: policies, MFADevices: mfaOf(user.MFADevices)}
		for _, key := range user.AccessKeys {
			translated.AccessKeys = append(translated.AccessKeys,
				iam.AccessKey{ID: key.ID, Secret: string(key.Secret), Inactive: key.Status == KeyInactive})
		}
		snapshot.Users = append(snapshot.Users, translated)
	}
	for _, role := range o.Roles {
		trust, err := iam.ParsePolicy([]byte(role.TrustPolicy))
		if err != nil {
			return iam.Snapshot{}, fmt.Errorf("trust policy of role %q: %w", role.Name, err)
		}
		policies, err := parsePolicies(role.Policies)
		if err != nil {
			return iam.Snapshot{}, fmt.Errorf("role %q: %w", role.Name, err)
		}
		snapshot.Roles = append(snapshot.Roles, iam.Role{AccountID: role.Account, Path: role.Path, Name: role.Name,
			MaxSessionDuration: role.MaxSessionDuration, TrustPolicy: trust, Policies: policies})
	}
	for _, provider := range o.OIDCProviders {
		snapshot.OIDCProviders = append(snapshot.OIDCProviders, provider.translated())
	}
	return snapshot, nil
}

func parsePolicies(policies []Policy) ([]iam.InlinePolicy, error) {
	var parsed []iam.InlinePolicy
	for _, policy := range policies {
		one, err := iam.ParsePolicy([]byte(policy.Document))
		if err != nil {
			return nil, fmt.Errorf("policy %q: %w", policy.Name, err)
		}
		parsed = append(parsed, iam.InlinePolicy{Name: policy.Name, Document: one})
	}
	return parsed, nil
}
