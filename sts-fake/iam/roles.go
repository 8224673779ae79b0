package iam

import "time"

// RoleNamed finds a role of an account by name, as [Store.UserNamed] does. The error is [ErrNotFound] if there is none.
func (s *Store) RoleNamed(accountID, name string) (Role, error) {
	st := s.read()
	r, ok := st.roles[st.names[nameKey(roleKind, accountID, name)]]
	if !ok {
		return Role{}, notFound(KindRole, name)
	}
	return st.shown(r), nil
}

// CreateRole makes a role. Users and roles that its trust policy names must exist; the role itself does not yet, as at AWS.
// Errors: [ErrExists], [ErrLimit], or a [Problems], in which [Problem].Principal is the first principal that does
// not exist.
func (s *Store) CreateRole(r Role) (Role, error) {
	if r.Path == "" {
		r.Path = "/"
	}
	err := s.change(func(st *state) error {
		if _, taken := st.names[nameKey(roleKind, r.AccountID, r.Name)]; taken {
			return exists(KindRole, r.Name)
		}
		q := defaultQuotas()
		if count(st.roles, func(v Role) bool { return v.AccountID == r.AccountID }) >= q.roles.Max {
			return q.roles.over(KindRole, r.Name)
		}
		if policySize(r.TrustPolicy) > q.trustPolicySize.Max {
			return q.trustPolicySize.over(KindRole, r.Name)
		}
		var ps Problems
		st.resolvePolicy("role "+r.ARN(st.partition), r.TrustPolicy, &ps)
		if err := ps.err(); err != nil {
			return err
		}
		if arn := st.putRole(r, &ps); arn != "" {
			st.resolve(arn, &ps)
		}
		return ps.err()
	})
	if err != nil {
		return Role{}, err
	}
	return s.RoleNamed(r.AccountID, r.Name)
}

// RoleUpdate is what changes in a role: nil keeps what it has.
type RoleUpdate struct {
	Description        *string
	MaxSessionDuration *time.Duration
	TrustPolicy        *Policy
}

// UpdateRole changes a role. Errors: [ErrNotFound], [ErrLimit], or a [Problems], as those of [Store.CreateRole].
func (s *Store) UpdateRole(arn string, update RoleUpdate) error {
	return s.change(func(st *state) error {
		r, ok := st.roles[arn]
		if !ok {
			return notFound(KindRole, arn)
		}
		if update.Description != nil {
			r.Description = *update.Description
		}
		if update.MaxSessionDuration != nil {
			r.MaxSessionDuration = *update.MaxSessionDuration
		}
		if update.TrustPolicy != nil {
			r.TrustPolicy = *update.TrustPolicy
			if q := defaultQuotas().trustPolicySize; policySize(r.TrustPolicy) > q.Max {
				return q.over(KindRole, r.Name)
			}
		}
		var ps Problems
		if st.putRole(r, &ps) != "" {
			st.resolve(arn, &ps)
		}
		return ps.err()
	})
}

// DeleteRoleIfBare deletes a role that has no policies left, as IAM's DeleteRole does. Errors: [ErrNotFound] and
// [ErrConflict].
func (s *Store) DeleteRoleIfBare(arn string) error {
	return s.change(func(st *state) error {
		r, ok := st.roles[arn]
		switch {
		case !ok:
			return notFound(KindRole, arn)
		case len(r.AttachedPolicies) > 0:
			return conflict(KindRole, r.Name, ConflictAttachedPolicies)
		case len(r.Policies) > 0:
			return conflict(KindRole, r.Name, ConflictInlinePolicies)
		}
		st.remove(arn)
		return nil
	})
}
