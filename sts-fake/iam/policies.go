package iam

import "slices"

// CreatePolicy makes a managed policy of one version. Errors: [ErrExists], [ErrLimit], or a [Problems].
func (s *Store) CreatePolicy(p ManagedPolicy) (ManagedPolicy, error) {
	err := s.change(func(st *state) error {
		if _, taken := st.names[nameKey(policyKind, p.AccountID, p.Name)]; taken {
			return exists(KindPolicy, p.Name)
		}
		q := defaultQuotas()
		if count(st.policies, func(v ManagedPolicy) bool { return v.AccountID == p.AccountID }) >= q.policies.Max {
			return q.policies.over(KindPolicy, p.Name)
		}
		for _, v := range p.Versions {
			if policySize(v.Document) > q.policySize.Max {
				return q.policySize.over(KindPolicy, p.Name)
			}
		}
		var ps Problems
		st.putPolicy(p, &ps)
		return ps.err()
	})
	if err != nil {
		return ManagedPolicy{}, err
	}
	st := s.read()
	return st.policies[st.names[nameKey(policyKind, p.AccountID, p.Name)]].clone(), nil
}

// DeletePolicy deletes a managed policy of an account that nobody has, and that has one version left, as IAM's does.
// Errors: [ErrNotFound] and [ErrConflict].
func (s *Store) DeletePolicy(arn string) error {
	return s.change(func(st *state) error {
		p, ok := st.policies[arn]
		has := func(attached []string) bool { return slices.Contains(attached, arn) }
		switch {
		case !ok:
			return notFound(KindPolicy, arn)
		case count(st.users, func(u User) bool { return has(u.AttachedPolicies) })+count(st.roles, func(r Role) bool { return has(r.AttachedPolicies) }) > 0:
			return conflict(KindPolicy, arn, ConflictAttached)
		case len(p.Versions) > 1:
			return conflict(KindPolicy, arn, ConflictVersions)
		}
		st.remove(arn)
		return nil
	})
}

// CreatePolicyVersion adds a version to a managed policy of an account. Errors: [ErrNotFound], [ErrLimit], or a
// [Problems].
func (s *Store) CreatePolicyVersion(arn string, document Policy, setDefault bool) (PolicyVersion, error) {
	var made PolicyVersion
	err := s.editPolicy(arn, func(st *state, p *ManagedPolicy) error {
		q := defaultQuotas()
		switch {
		case len(p.Versions) >= q.policyVersions.Max:
			return q.policyVersions.over(KindPolicyVersion, arn)
		case policySize(document) > q.policySize.Max:
			return q.policySize.over(KindPolicy, arn)
		}
		p.Versions = append(p.Versions, PolicyVersion{Document: document})
		*p = p.complete(st.at)
		made = p.Versions[len(p.Versions)-1]
		if setDefault {
			p.DefaultVersion = made.ID
		}
		return nil
	})
	return made, err
}

// SetDefaultPolicyVersion makes a version of a managed policy the one that counts. The error is [ErrNotFound] of the
// policy or the version.
func (s *Store) SetDefaultPolicyVersion(arn, version string) error {
	return s.editPolicy(arn, func(_ *state, p *ManagedPolicy) error {
		if p.index(version) < 0 {
			return notFound(KindPolicyVersion, version)
		}
		p.DefaultVersion = version
		return nil
	})
}

// DeletePolicyVersion deletes a version of a managed policy that is not the default one. Errors: [ErrNotFound] of the
// policy or the version, and [ErrConflict].
func (s *Store) DeletePolicyVersion(arn, version string) error {
	return s.editPolicy(arn, func(_ *state, p *ManagedPolicy) error {
		i := p.index(version)
		switch {
		case i < 0:
			return notFound(KindPolicyVersion, version)
		case version == p.DefaultVersion:
			return conflict(KindPolicyVersion, version, ConflictDefaultVersion)
		}
		p.Versions = slices.Delete(p.Versions, i, i+1)
		return nil
	})
}

func (s *Store) editPolicy(arn string, edit func(*state, *ManagedPolicy) error) error {
	return s.change(func(st *state) error {
		p, ok := st.policies[arn]
		if !ok {
			return notFound(KindPolicy, arn)
		}
		p = p.clone()
		if err := edit(st, &p); err != nil {
			return err
		}
		var ps Problems
		st.putPolicy(p, &ps)
		return ps.err()
	})
}
