package config

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// rehearse seeds an IAM store that is thrown away, and reports what it refuses about policies: a trust policy
// without a Principal, an identity policy with one, a principal that does not exist. Policies that do not parse
// have been reported and are left out, as are identities that IAM has no place for.
func (v *validator) rehearse(existing, added Overlay) {
	if v.names.incomplete {
		return // a principal that seems not to exist may be the one without a name
	}
	index := map[string][]any{} // "role ARN", as the store calls it, to the path of the role
	partition := v.partition
	users, roles := soundUsers(existing.Users), soundRoles(existing.Roles)
	for i, user := range added.Users {
		if sound := soundUsers([]User{user}); len(sound) > 0 {
			users = append(users, sound...)
			index["user "+iam.UserARN(partition, user.Account, user.Path, user.Name)] = []any{"users", i}
		}
	}
	for i, role := range added.Roles {
		if sound := soundRoles([]Role{role}); len(sound) > 0 {
			roles = append(roles, sound...)
			index["role "+iam.RoleARN(partition, role.Account, role.Path, role.Name)] = []any{"roles", i}
		}
	}
	for _, problem := range refusals(partition, Overlay{Users: users, Roles: roles}) {
		v.refusal(problem, index)
	}
}

// refusals is what an IAM store says to identities.
func refusals(partition string, o Overlay) iam.Problems {
	store, err := iam.NewStore(iam.Options{Partition: partition, SealingKey: make([]byte, 32), Now: func() time.Time { return time.Time{} }})
	if err != nil {
		return iam.Problems{{Message: err.Error()}}
	}
	snapshot, err := snapshotOf(o)
	if err != nil {
		return iam.Problems{{Message: err.Error()}}
	}
	var problems iam.Problems
	if err := store.Load(snapshot); err != nil && !errors.As(err, &problems) {
		return iam.Problems{{Message: err.Error()}}
	}
	return problems
}

// refusal places a problem of the store, which is about "role ARN", then "trust policy" or "policy 2", then a
// statement. Anything but policies has been checked before.
func (v *validator) refusal(problem iam.Problem, index map[string][]any) {
	parts := strings.SplitN(problem.Path+": "+problem.Message, ": ", 3)
	at, known := index[parts[0]]
	if !known || len(parts) < 3 {
		return
	}
	number, isPolicy := strings.CutPrefix(parts[1], "policy ")
	n, err := strconv.Atoi(number)
	switch {
	case parts[1] == "trust policy":
		at = sub(at, "trustPolicy")
	case isPolicy && err == nil:
		at = sub(at, "policies", n-1, "document")
	default:
		return
	}
	message := parts[2]
	if place, rest, found := strings.Cut(message, ": "); found && strings.HasPrefix(place, "Statement") {
		at, message = sub(at, policyPath(place)...), rest
	}
	v.report("", message, at...)
}

// soundUsers are the users that an IAM store can hold, without keys, and with harmless policies in place of
// those that do not parse.
func soundUsers(users []User) []User {
	var sound []User
	for _, user := range users {
		if isPrincipal(user.Account, user.Path, user.Name) {
			user.AccessKeys, user.MFADevices, user.Policies = nil, nil, soundPolicies(user.Policies)
			sound = append(sound, user)
		}
	}
	return sound
}

func soundRoles(roles []Role) []Role {
	var sound []Role
	for _, role := range roles {
		if isPrincipal(role.Account, role.Path, role.Name) {
			role.MaxSessionDuration, role.Policies = 0, soundPolicies(role.Policies)
			role.TrustPolicy = soundPolicy(role.TrustPolicy, `"Principal":"*"`)
			sound = append(sound, role)
		}
	}
	return sound
}

// soundPolicies are policies without their names, which have been checked: the store counts them instead.
func soundPolicies(policies []Policy) []Policy {
	sound := slices.Clone(policies)
	for i := range sound {
		sound[i].Name = ""
		sound[i].Document = soundPolicy(sound[i].Document, `"Resource":"*"`)
	}
	return sound
}

// soundPolicy is a policy, or one with the given element if it does not parse.
func soundPolicy(document PolicyDocument, element string) PolicyDocument {
	if _, err := iam.ParsePolicy([]byte(document)); err == nil {
		return document
	}
	return PolicyDocument(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",` + element + `}}`)
}

func isPrincipal(account, path, name string) bool {
	return accountPattern.MatchString(account) && pathPattern.MatchString(path) && namePattern.MatchString(name)
}
