package iam

import (
	"errors"
	"fmt"
)

// Why a change is refused, as far as the state of IAM is the reason. Errors that are one of these are an *[EntityError].
// [ErrNotFound] is among them.
var (
	ErrExists   = errors.New("exists already")
	ErrLimit    = errors.New("there are as many as there may be")
	ErrConflict = errors.New("is in use")
)

// EntityKind is what kind of thing of IAM something is.
type EntityKind string

// The kinds of things that a store holds.
const (
	KindUser          EntityKind = "user"
	KindRole          EntityKind = "role"
	KindPolicy        EntityKind = "policy"
	KindPolicyVersion EntityKind = "policy version"
	KindInlinePolicy  EntityKind = "inline policy"
	KindAttachment    EntityKind = "attached policy"
	KindAccessKey     EntityKind = "access key"
	KindMFADevice     EntityKind = "MFA device"
	KindOIDCProvider  EntityKind = "OIDC provider"
	KindTag           EntityKind = "tag"
)

// Conflict is what keeps something from being deleted.
type Conflict string

// What AWS has a text for.
const (
	ConflictInlinePolicies   Conflict = "it has inline policies"
	ConflictAttachedPolicies Conflict = "it has attached policies"
	ConflictAccessKeys       Conflict = "it has access keys"
	ConflictMFADevices       Conflict = "it has MFA devices"
	ConflictAttached         Conflict = "users or roles have it"
	ConflictVersions         Conflict = "it has other versions than the default one"
	ConflictDefaultVersion   Conflict = "it is the default version"
)

// EntityError is a change that the state of IAM does not allow, or something that is not there.
type EntityError struct {
	Kind EntityKind
	Name string // name, ID or ARN, as it was asked for
	Err  error  // [ErrNotFound], [ErrExists], [ErrLimit] or [ErrConflict]

	Quota    Quota    // of ErrLimit
	Conflict Conflict // of ErrConflict
}

func (e *EntityError) Error() string {
	text := fmt.Sprintf("%s %s: %s", e.Kind, e.Name, e.Err)
	switch {
	case e.Conflict != "":
		text += ": " + string(e.Conflict)
	case e.Quota != Quota{}:
		text += fmt.Sprintf(": %s: %d", e.Quota.Name, e.Quota.Max)
	}
	return text
}

func (e *EntityError) Unwrap() error { return e.Err }

func notFound(kind EntityKind, name string) error {
	return &EntityError{Kind: kind, Name: name, Err: ErrNotFound}
}

func exists(kind EntityKind, name string) error {
	return &EntityError{Kind: kind, Name: name, Err: ErrExists}
}

func conflict(kind EntityKind, name string, c Conflict) error {
	return &EntityError{Kind: kind, Name: name, Err: ErrConflict, Conflict: c}
}
