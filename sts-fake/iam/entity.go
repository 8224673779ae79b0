package iam

import "slices"

// entity is a user, role, policy or identity provider, with what they have in common. Those that cannot have something have
// a nil pointer.
type entity struct {
	kind     EntityKind
	tags     *[]EntityTag
	inline   *[]InlinePolicy
	attached *[]string
}

// quotas of the policies that a user or role may have.
func (e entity) policyQuotas(q quotas) (inlineSize, attachments Quota) {
	if e.kind == KindUser {
		return q.userPolicySize, q.userAttachments
	}
	return q.rolePolicySize, q.roleAttachments
}

// edit changes what an entity has by its ARN. The error is [ErrNotFound] of kind, if there is none; what edit says; or a
// [Problems].
func (s *Store) edit(kind EntityKind, arn string, edit func(*state, entity) error) error {
	return s.change(func(st *state) error {
		var ps Problems
		var err error
		if u, ok := st.users[arn]; ok {
			u = u.clone()
			err = edit(st, entity{KindUser, &u.Tags, &u.Policies, &u.AttachedPolicies})
			st.putUser(u, &ps)
		} else if r, ok := st.roles[arn]; ok {
			r = r.clone()
			err = edit(st, entity{KindRole, &r.Tags, &r.Policies, &r.AttachedPolicies})
			st.putRole(r, &ps)
		} else if p, ok := st.policies[arn]; ok {
			p = p.clone()
			err = edit(st, entity{kind: KindPolicy, tags: &p.Tags})
			st.putPolicy(p, &ps)
		} else if p, ok := st.providers[arn]; ok {
			p = p.clone()
			err = edit(st, entity{kind: KindOIDCProvider, tags: &p.Tags})
			st.putOIDCProvider(p, &ps)
		} else {
			return notFound(kind, arn)
		}
		if err != nil {
			return err
		}
		return ps.err()
	})
}

// kindOf is what an ARN is of, as far as its form tells.
func kindOf(text string) EntityKind {
	arn, _ := ParseARN(text)
	for _, kind := range []struct {
		prefix string
		kind   EntityKind
	}{{"user/", KindUser}, {"policy/", KindPolicy}, {"oidc-provider/", KindOIDCProvider}} {
		if len(arn.Resource) >= len(kind.prefix) && arn.Resource[:len(kind.prefix)] == kind.prefix {
			return kind.kind
		}
	}
	return KindRole
}

// Tag puts tags on a user, role, policy or identity provider, over those with the same keys. Errors: [ErrNotFound],
// [ErrLimit], or a [Problems] if keys are reserved or there twice.
func (s *Store) Tag(arn string, tags []EntityTag) error {
	return s.edit(kindOf(arn), arn, func(_ *state, e entity) error {
		var ps Problems
		checkEntityTags(e.kind, tags, &ps)
		if err := ps.err(); err != nil {
			return err
		}
		merged := mergeTags(e.kind, *e.tags, tags)
		if q := defaultQuotas().tags; len(merged) > q.Max {
			return q.over(KindTag, tags[len(tags)-1].Key)
		}
		*e.tags = merged
		return nil
	})
}

// Untag takes tags off a user, role, policy or identity provider. Keys that it does not have do not matter. The error is
// [ErrNotFound] if there is no such thing.
func (s *Store) Untag(arn string, keys []string) error {
	return s.edit(kindOf(arn), arn, func(_ *state, e entity) error {
		*e.tags = removeTags(e.kind, *e.tags, keys)
		return nil
	})
}

// PutInlinePolicy gives a user or role a policy of its own, in the place of the one with the same name. Errors:
// [ErrNotFound], [ErrLimit], or a [Problems].
func (s *Store) PutInlinePolicy(arn string, p InlinePolicy) error {
	return s.editPrincipal(arn, func(_ *state, e entity) error {
		list := slices.Clone(*e.inline)
		if i := indexPolicy(list, p.Name); i >= 0 {
			list[i] = p
		} else {
			list = append(list, p)
		}
		size := 0
		for _, p := range list {
			size += policySize(p.Document)
		}
		if q, _ := e.policyQuotas(defaultQuotas()); size > q.Max {
			return q.over(KindInlinePolicy, p.Name)
		}
		*e.inline = list
		return nil
	})
}

// DeleteInlinePolicy takes a policy of its own from a user or role. The error is [ErrNotFound] if it has none of that
// name, or does not exist.
func (s *Store) DeleteInlinePolicy(arn, name string) error {
	return s.editPrincipal(arn, func(_ *state, e entity) error {
		i := indexPolicy(*e.inline, name)
		if i < 0 {
			return notFound(KindInlinePolicy, name)
		}
		*e.inline = slices.Delete(*e.inline, i, i+1)
		return nil
	})
}

// AttachPolicy attaches a managed policy to a user or role; one that is attached already stays so. Errors:
// [ErrNotFound] of the user, the role or the policy, and [ErrLimit].
func (s *Store) AttachPolicy(arn, policyARN string) error {
	return s.editPrincipal(arn, func(st *state, e entity) error {
		if !st.attachable(arn, policyARN) {
			return notFound(KindPolicy, policyARN)
		}
		if slices.Contains(*e.attached, policyARN) {
			return nil
		}
		if _, q := e.policyQuotas(defaultQuotas()); len(*e.attached) >= q.Max {
			return q.over(KindAttachment, policyARN)
		}
		*e.attached = append(*e.attached, policyARN)
		return nil
	})
}

// attachable says whether a policy is AWS's, or of the same account as a user or role. That IAM knows no policies of other
// accounts here is inferred.
func (st *state) attachable(arn, policyARN string) bool {
	p, ok := st.policy(policyARN)
	principal, _ := ParseARN(arn)
	return ok && (p.AccountID == awsAccount || p.AccountID == principal.AccountID)
}

// DetachPolicy detaches a managed policy from a user or role. The error is [ErrNotFound] if it is not attached.
func (s *Store) DetachPolicy(arn, policyARN string) error {
	return s.editPrincipal(arn, func(_ *state, e entity) error {
		i := slices.Index(*e.attached, policyARN)
		if i < 0 {
			return notFound(KindAttachment, policyARN)
		}
		*e.attached = slices.Delete(*e.attached, i, i+1)
		return nil
	})
}

// editPrincipal is edit for users and roles only.
func (s *Store) editPrincipal(arn string, edit func(*state, entity) error) error {
	return s.edit(kindOf(arn), arn, func(st *state, e entity) error {
		if e.inline == nil {
			return notFound(KindRole, arn)
		}
		return edit(st, e)
	})
}
