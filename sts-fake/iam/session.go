package iam

import (
	"fmt"
	"strings"
	"time"
)

// Limits of sessions (spec/sts.md section 4.2).
const (
	MinSessionDuration         = 15 * time.Minute
	DefaultSessionDuration     = time.Hour      // of a role
	MaxSessionDuration         = 12 * time.Hour // of a role
	DefaultUserSessionDuration = 12 * time.Hour // of GetSessionToken and GetFederationToken
	MaxUserSessionDuration     = 36 * time.Hour // same
	MaxRootSessionDuration     = time.Hour      // same, for a root user

	minSessionName   = 2
	maxSessionName   = 64
	maxFederatedName = 32
)

// Tag is a session tag. A transitive one passes on to the sessions that this session goes on to assume.
type Tag struct {
	Key, Value string
	Transitive bool
}

// Reserved says whether a tag's key or value begins with "aws:", which is AWS's own: nobody else may pass such a tag (IAM
// User Guide, id_tags, "Rules for tagging in IAM and AWS STS"). That it is so in every case for keys, which do not
// distinguish it, and as written for values, is inferred.
func (t Tag) Reserved() bool {
	const prefix = "aws:"
	return strings.HasPrefix(strings.ToLower(t.Key), prefix) || strings.HasPrefix(t.Value, prefix)
}

// SessionOptions are what a session may have beside its name. The zero value is a session with nothing of it.
type SessionOptions struct {
	// Duration is how long the session lasts. 0 means [DefaultSessionDuration] for a role, and
	// [DefaultUserSessionDuration] for users.
	Duration time.Duration
	// SourceIdentity is of role sessions only.
	SourceIdentity string
	// Tags are of role sessions and federated users only. Their keys are not empty, and differ by more than case.
	Tags []Tag
	// Policies are the session policies, of role sessions and federated users only: the session may do nothing that
	// none of them allows.
	Policies []Policy
	// MFATime is when the caller proved to have its MFA device; zero if it did not. Of user sessions only.
	MFATime time.Time
	// FederatedProvider is the ARN of the OIDC provider whose token the session is given for. Of role sessions only.
	FederatedProvider string
	// Age is how long ago the session began. Of one that is older than its Duration the credentials have expired.
	Age time.Duration
	// MinimumTokenSize is the number of characters that the session token has at least: shorter ones are padded. That
	// AWS's MinimumSessionTokenSize does this is inferred from its name. At most [MaxSessionTokenLength].
	MinimumTokenSize int
}

// Credentials are a session's keys.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	Expiration      time.Time // whole seconds, UTC
}

// TokenTooLargeError is a session whose tags and policies do not fit into a session token.
type TokenTooLargeError struct {
	Percent int // of [MaxSessionTokenLength]: above 100
}

func (e *TokenTooLargeError) Error() string {
	return fmt.Sprintf("the session token would have %d%% of the %d characters that are allowed: use fewer or shorter tags and policies", e.Percent, MaxSessionTokenLength)
}

// PackedPercent is how much of a session token tags and policies take, in percent of [MaxSessionTokenLength] and
// rounded up. AWS's packing is not public: the figure is this package's own.
func PackedPercent(tags []Tag, policies []Policy) int {
	if len(tags) == 0 && len(policies) == 0 {
		return 0
	}
	r := record{tags: tags}
	if err := r.setPolicies(policies); err != nil {
		return 0 // a Policy that was parsed can be written
	}
	return percentOfToken(len(pack(r.encode())) - len(pack(record{}.encode())))
}

// maxName is the longest name that a session has. A user session has none.
func (k sessionKind) maxName() int {
	if k == federatedSession {
		return maxFederatedName
	}
	return maxSessionName
}

func (k sessionKind) maxDuration() time.Duration {
	if k == roleSession {
		return MaxSessionDuration
	}
	return MaxUserSessionDuration
}

func checkSession(kind sessionKind, name string, o SessionOptions) error {
	var ps Problems
	if kind != userSession {
		checkSessionText("session name", name, kind.maxName(), &ps)
	}
	if o.SourceIdentity != "" {
		checkSessionText("source identity", o.SourceIdentity, maxSessionName, &ps)
	}
	if o.Duration < MinSessionDuration || o.Duration > kind.maxDuration() {
		ps.add("duration", "%s is not between %s and %s", o.Duration, MinSessionDuration, kind.maxDuration())
	}
	if o.MinimumTokenSize < 0 || o.MinimumTokenSize > MaxSessionTokenLength {
		ps.add("minimum token size", "%d is not between 0 and %d", o.MinimumTokenSize, MaxSessionTokenLength)
	}
	checkTags(o.Tags, &ps)
	for i, policy := range o.Policies {
		if policy.IsZero() {
			ps.add(fmt.Sprintf("session policy %d", i+1), "empty")
			continue
		}
		ps.under(fmt.Sprintf("session policy %d", i+1), policy.checkIdentity())
	}
	return ps.err()
}

// checkTags holds what policies need of tags to tell them apart. How long and how many they may be is left to STS.
func checkTags(tags []Tag, ps *Problems) {
	seen := map[string]bool{}
	for _, tag := range tags {
		at, key := fmt.Sprintf("tag %q", tag.Key), strings.ToLower(tag.Key)
		switch {
		case tag.Key == "":
			ps.add(at, "has no key")
		case tag.Reserved():
			ps.add(at, `begins with "aws:", which is reserved`)
		case seen[key]:
			ps.add(at, "is there twice: keys do not distinguish case")
		}
		seen[key] = true
	}
}

func checkSessionText(what, text string, limit int, ps *Problems) {
	if len(text) < minSessionName || len(text) > limit || !isName(text) {
		ps.add(what, "%q is not %d to %d letters, digits or _+=,.@-", text, minSessionName, limit)
	}
}
