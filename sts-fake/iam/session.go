package iam

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Limits of a session (spec/sts.md section 4.2).
const (
	MinSessionDuration     = 15 * time.Minute
	DefaultSessionDuration = time.Hour
	MaxSessionDuration     = 12 * time.Hour
	minSessionName         = 2
	maxSessionName         = 64
)

// tagSpace is the number of bytes that a session's tags may take in its record. With the longest session name
// and source identity the record then still fits into a token of [MaxSessionTokenLength] characters. The limit is
// ours, not AWS's, whose own packing is not public and which since 2026-09-14 bounds the whole token by 4096 bytes
// instead (spec/sts.md section 2.2): AWS may take tags that are refused here, and the other way round.
const tagSpace = 860

// Tag is a session tag. A transitive one passes on to the sessions that this session goes on to assume.
type Tag struct {
	Key, Value string
	Transitive bool
}

// SessionOptions are what a role session may have beside its name. Duration 0 means [DefaultSessionDuration].
type SessionOptions struct {
	Duration       time.Duration
	SourceIdentity string
	Tags           []Tag
}

// Credentials are a session's keys.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	Expiration      time.Time // whole seconds, UTC
}

// TagsTooLargeError is a set of session tags that does not fit into a session token.
type TagsTooLargeError struct {
	Percent int // of the allotted space
}

func (e *TagsTooLargeError) Error() string {
	return fmt.Sprintf("session tags take %d%% of the space for them (%d bytes): use fewer or shorter ones", e.Percent, tagSpace)
}

// PackedTagsPercent is how much of the space for session tags they take, in percent, rounded up. AWS's packing
// is not public: the figure is this package's own.
func PackedTagsPercent(tags []Tag) int {
	var r record
	r.setTags(tags)
	size := 0
	for _, text := range append(r.Tags, r.Transitive...) {
		size += len(encodeJSON(text)) + 1 // and a comma
	}
	return (size*100 + tagSpace - 1) / tagSpace
}

// record is what a session token carries: as JSON with names of one letter.
type record struct {
	RoleID         string   `json:"r"` // AROA…
	Name           string   `json:"n"`
	Expires        int64    `json:"e"` // seconds since 1970
	SourceIdentity string   `json:"s,omitempty"`
	Tags           []string `json:"t,omitempty"` // key, value, key, value, …
	Transitive     []string `json:"x,omitempty"` // same, for transitive tags
}

func (r *record) setTags(tags []Tag) {
	for _, tag := range tags {
		if tag.Transitive {
			r.Transitive = append(r.Transitive, tag.Key, tag.Value)
		} else {
			r.Tags = append(r.Tags, tag.Key, tag.Value)
		}
	}
}

func (r *record) tags() []Tag {
	var out []Tag
	for i := 0; i+1 < len(r.Tags); i += 2 {
		out = append(out, Tag{r.Tags[i], r.Tags[i+1], false})
	}
	for i := 0; i+1 < len(r.Transitive); i += 2 {
		out = append(out, Tag{r.Transitive[i], r.Transitive[i+1], true})
	}
	return out
}

// encodeJSON encodes what cannot fail, strings and records, without escapes for HTML.
func encodeJSON(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // strings and numbers always encode
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// IssueRoleSession makes a session of a role without asking who wants it: [Store.AuthorizeAssumeRole] does
// that. It is also how EC2 instance profiles and AWS services get theirs. The role's MaxSessionDuration is not
// looked at, as only AssumeRole is bound by it. The error is [ErrNotFound], a *[TagsTooLargeError], or a
// [Problems] for a name, duration or source identity out of bounds.
func (s *Store) IssueRoleSession(roleARN, sessionName string, o SessionOptions) (Credentials, Caller, error) {
	role, err := s.Role(roleARN)
	if err != nil {
		return Credentials{}, Caller{}, fmt.Errorf("issue a session: %w", err)
	}
	if o.Duration == 0 {
		o.Duration = DefaultSessionDuration
	}
	if err := checkSession(sessionName, o); err != nil {
		return Credentials{}, Caller{}, fmt.Errorf("issue a session of %s: %w", roleARN, err)
	}
	expires := s.now().Add(o.Duration).UTC().Truncate(time.Second)
	r := record{RoleID: role.UniqueID, Name: sessionName, Expires: expires.Unix(), SourceIdentity: o.SourceIdentity}
	r.setTags(o.Tags)
	credentials, err := s.sealRecord(role.AccountID, r)
	if err != nil {
		return Credentials{}, Caller{}, fmt.Errorf("issue a session of %s: %w", roleARN, err)
	}
	return credentials, s.sessionCaller(role, credentials.AccessKeyID, r), nil
}

func checkSession(name string, o SessionOptions) error {
	var ps Problems
	for _, text := range []struct{ what, value string }{{"session name", name}, {"source identity", o.SourceIdentity}} {
		if text.value == "" && text.what == "source identity" {
			continue
		}
		if len(text.value) < minSessionName || len(text.value) > maxSessionName || !isName(text.value) {
			ps.add(text.what, "%q is not %d to %d letters, digits or _+=,.@-", text.value, minSessionName, maxSessionName)
		}
	}
	if o.Duration < MinSessionDuration || o.Duration > MaxSessionDuration {
		ps.add("duration", "%s is not between %s and %s", o.Duration, MinSessionDuration, MaxSessionDuration)
	}
	if err := ps.err(); err != nil {
		return err
	}
	if percent := PackedTagsPercent(o.Tags); percent > 100 {
		return &TagsTooLargeError{percent}
	}
	return nil
}

func (s *Store) sealRecord(accountID string, r record) (Credentials, error) {
	var random [8]byte
	if _, err := io.ReadFull(s.random, random[:]); err != nil {
		return Credentials{}, fmt.Errorf("draw an access key ID: %w", err)
	}
	id, err := NewAccessKeyID(temporaryKeyPrefix, accountID, binary.BigEndian.Uint64(random[:]))
	if err != nil {
		return Credentials{}, err
	}
	token, err := s.sealer.seal(s.random, id, encodeJSON(r))
	if err != nil {
		return Credentials{}, err
	}
	return Credentials{id, s.sealer.secret(token), token, time.Unix(r.Expires, 0).UTC()}, nil
}
