package iam

import "slices"

// UserNamed finds a user of an account by name, whatever its path and the case of the name. The error is [ErrNotFound] if
// there is none. (That IAM finds names in another case than they were made with is inferred from their being unique
// regardless of it.)
func (s *Store) UserNamed(accountID, name string) (User, error) {
	st := s.read()
	u, ok := st.users[st.names[nameKey(userKind, accountID, name)]]
	if !ok {
		return User{}, notFound(KindUser, name)
	}
	return u.clone(), nil
}

// CreateUser makes a user. Errors: [ErrExists], [ErrLimit], or a [Problems].
func (s *Store) CreateUser(u User) (User, error) {
	err := s.change(func(st *state) error {
		if _, taken := st.names[nameKey(userKind, u.AccountID, u.Name)]; taken {
			return exists(KindUser, u.Name)
		}
		if q := defaultQuotas().users; count(st.users, func(v User) bool { return v.AccountID == u.AccountID }) >= q.Max {
			return q.over(KindUser, u.Name)
		}
		var ps Problems
		st.putUser(u, &ps)
		return ps.err()
	})
	if err != nil {
		return User{}, err
	}
	return s.UserNamed(u.AccountID, u.Name)
}

// RenameUser gives a user another path and name; "" keeps the present one. The user keeps its unique ID, its keys and
// sessions and everything else, and roles that trust it do so still. Errors: [ErrNotFound], [ErrExists], or a [Problems].
func (s *Store) RenameUser(arn, path, name string) error {
	return s.change(func(st *state) error {
		u, ok := st.users[arn]
		if !ok {
			return notFound(KindUser, arn)
		}
		old := nameKey(userKind, u.AccountID, u.Name)
		if path != "" {
			u.Path = path
		}
		if name != "" {
			u.Name = name
		}
		if holder, taken := st.names[nameKey(userKind, u.AccountID, u.Name)]; taken && holder != arn {
			return exists(KindUser, u.Name)
		}
		if nameKey(userKind, u.AccountID, u.Name) != old {
			st.deleted[old]++ // so that the next user of that name gets an ID of its own
		}
		st.dropDevices(arn)
		st.dropKeys(arn)
		delete(st.users, arn)
		delete(st.names, old)
		delete(st.ids, u.UniqueID)
		var ps Problems
		st.putUser(u, &ps)
		return ps.err()
	})
}

// DeleteUserIfBare deletes a user that has no access keys, policies and MFA devices left, as IAM's DeleteUser does. Errors:
// [ErrNotFound] and [ErrConflict]. Which of several things in the way IAM names is not known.
func (s *Store) DeleteUserIfBare(arn string) error {
	return s.change(func(st *state) error {
		u, ok := st.users[arn]
		switch {
		case !ok:
			return notFound(KindUser, arn)
		case len(u.AccessKeys) > 0:
			return conflict(KindUser, u.Name, ConflictAccessKeys)
		case len(u.MFADevices) > 0:
			return conflict(KindUser, u.Name, ConflictMFADevices)
		case len(u.AttachedPolicies) > 0:
			return conflict(KindUser, u.Name, ConflictAttachedPolicies)
		case len(u.Policies) > 0:
			return conflict(KindUser, u.Name, ConflictInlinePolicies)
		}
		st.remove(arn)
		return nil
	})
}

// CreateAccessKey gives a user one more access key. Errors: [ErrNotFound], [ErrLimit], or a [Problems].
func (s *Store) CreateAccessKey(userARN string, key AccessKey) (AccessKey, error) {
	err := s.editUser(userARN, func(u *User) error {
		if q := defaultQuotas().accessKeys; len(u.AccessKeys) >= q.Max {
			return q.over(KindAccessKey, u.Name)
		}
		u.AccessKeys = append(u.AccessKeys, key)
		return nil
	})
	if err != nil {
		return AccessKey{}, err
	}
	u, err := s.User(userARN)
	if err != nil {
		return AccessKey{}, err
	}
	key.CreateDate = keyDate(u.AccessKeys, key.ID)
	return key, nil
}

// SetAccessKey makes an access key of a user active or inactive, at once. The error is [ErrNotFound] if the user has no
// such key.
func (s *Store) SetAccessKey(userARN, keyID string, inactive bool) error {
	return s.editUser(userARN, func(u *User) error {
		i := indexKey(u.AccessKeys, keyID)
		if i < 0 {
			return notFound(KindAccessKey, keyID)
		}
		u.AccessKeys[i].Inactive = inactive
		return nil
	})
}

// DeleteAccessKey deletes an access key of a user: nothing that it signs is accepted any more. The error is [ErrNotFound]
// if the user has no such key.
func (s *Store) DeleteAccessKey(userARN, keyID string) error {
	return s.editUser(userARN, func(u *User) error {
		i := indexKey(u.AccessKeys, keyID)
		if i < 0 {
			return notFound(KindAccessKey, keyID)
		}
		u.AccessKeys = slices.Delete(u.AccessKeys, i, i+1)
		return nil
	})
}

// AccessKeyOwner is the ARN of whose access key it is: a user's, or the root user's of an account. It is false for a key
// that does not exist.
func (s *Store) AccessKeyOwner(keyID string) (arn string, ok bool) {
	owner, ok := s.read().keys[keyID]
	return owner.arn, ok
}

// DeleteMFADevice takes an MFA device from a user; nothing of it remains. The error is [ErrNotFound] if the user has no
// such device.
func (s *Store) DeleteMFADevice(userARN, serialNumber string) error {
	return s.editUser(userARN, func(u *User) error {
		i := slices.IndexFunc(u.MFADevices, func(d MFADevice) bool { return d.SerialNumber == serialNumber })
		if i < 0 {
			return notFound(KindMFADevice, serialNumber)
		}
		u.MFADevices = slices.Delete(u.MFADevices, i, i+1)
		return nil
	})
}

func indexKey(keys []AccessKey, id string) int {
	return slices.IndexFunc(keys, func(k AccessKey) bool { return k.ID == id })
}

func (s *Store) editUser(arn string, edit func(*User) error) error {
	return s.change(func(st *state) error {
		u, ok := st.users[arn]
		if !ok {
			return notFound(KindUser, arn)
		}
		u = u.clone()
		if err := edit(&u); err != nil {
			return err
		}
		var ps Problems
		st.putUser(u, &ps)
		return ps.err()
	})
}

// count is how many values of a map have something.
func count[V any](m map[string]V, has func(V) bool) int {
	n := 0
	for _, v := range m {
		if has(v) {
			n++
		}
	}
	return n
}
