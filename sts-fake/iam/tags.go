package iam

import (
	"fmt"
	"slices"
	"strings"
)

// EntityTag is a tag of a user, role, policy or identity provider. Those of a session are [Tag].
type EntityTag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// foldsTags says whether the keys of a kind's tags ignore case: those of users and roles do, and keep the case that they
// were written with; others tell "a" from "A" (recorded by localstack from AWS in 2026, test_iam_roles.snapshot.json
// and test_iam_policies.snapshot.json; for identity providers it is inferred from policies).
func (k EntityKind) foldsTags() bool { return k == KindUser || k == KindRole }

func (k EntityKind) sameTag(a, b string) bool {
	return a == b || k.foldsTags() && strings.EqualFold(a, b)
}

// DuplicateTag is a key that a list has twice, or "".
func DuplicateTag(kind EntityKind, tags []EntityTag) string {
	for i, tag := range tags {
		if slices.ContainsFunc(tags[:i], func(t EntityTag) bool { return kind.sameTag(t.Key, tag.Key) }) {
			return tag.Key
		}
	}
	return ""
}

func checkEntityTags(kind EntityKind, tags []EntityTag, ps *Problems) {
	for _, tag := range tags {
		at := fmt.Sprintf("tag %q", tag.Key)
		switch {
		case tag.Key == "":
			ps.add(at, "has no key")
		case (Tag{Key: tag.Key, Value: tag.Value}).Reserved():
			ps.add(at, `begins with "aws:", which is reserved`)
		}
	}
	if key := DuplicateTag(kind, tags); key != "" {
		ps.add(fmt.Sprintf("tag %q", key), "is there twice")
	}
}

// mergeTags puts tags over those that are there.
func mergeTags(kind EntityKind, have, more []EntityTag) []EntityTag {
	out := slices.Clone(have)
	for _, tag := range more {
		out = slices.DeleteFunc(out, func(t EntityTag) bool { return kind.sameTag(t.Key, tag.Key) })
		out = append(out, tag)
	}
	return out
}

func removeTags(kind EntityKind, have []EntityTag, keys []string) []EntityTag {
	return slices.DeleteFunc(slices.Clone(have), func(t EntityTag) bool {
		return slices.ContainsFunc(keys, func(key string) bool { return kind.sameTag(t.Key, key) })
	})
}
