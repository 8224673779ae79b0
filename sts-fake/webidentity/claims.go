package webidentity

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4/json" // refuses an object that names a member twice
	"github.com/go-jose/go-jose/v4/jwt"
)

// Names of the claims by which an issuer passes session tags and a source identity on to AWS (IAM User Guide, "Pass
// session tags in AWS STS", section AssumeRoleWithWebIdentity; "Monitor and control actions taken with assumed roles").
const (
	tagsClaim           = "https://aws.amazon.com/tags"
	sourceIdentityClaim = "https://aws.amazon.com/source_identity"
)

// Claims are what a verified token says.
type Claims struct {
	Issuer  string
	Subject string
	// Audience is whom the token is for: the "azp" claim if there is one, else "aud". That azp comes first is inferred
	// (spec/sts.md section 4.4 has it from memory). OriginalAudience is "aud" then, and empty otherwise.
	Audience         []string
	OriginalAudience []string
	SourceIdentity   string
	Tags             []Tag // in the order of their keys
	// Methods is "amr": how the user authenticated.
	Methods []string
}

// Tag is a session tag that a token carries.
type Tag struct {
	Key, Value string
	Transitive bool
}

// AudienceIn finds the audience of a token that is among client IDs. The error is a *[MissingClaimError] or
// [ErrAudience].
func (c Claims) AudienceIn(clientIDs []string) (string, error) {
	if len(c.Audience) == 0 {
		return "", &MissingClaimError{"aud"}
	}
	i := slices.IndexFunc(c.Audience, func(audience string) bool { return slices.Contains(clientIDs, audience) })
	if i < 0 {
		return "", ErrAudience
	}
	return c.Audience[i], nil
}

// readClaims reads the claims of a token whose signature is good, and checks its times.
func readClaims(raw map[string]json.RawMessage, now time.Time) (Claims, error) {
	var c Claims
	var aud, amr jwt.Audience // one text or a list of them
	var azp string
	var expires, issued, notBefore *int64 // whole seconds: AWS takes integers only (STS API reference, WebIdentityToken)
	var tags tagClaim
	for _, claim := range []struct {
		name string
		into any
	}{
		{"iss", &c.Issuer},
		{"sub", &c.Subject},
		{"aud", &aud},
		{"azp", &azp},
		{"amr", &amr},
		{"exp", &expires},
		{"iat", &issued},
		{"nbf", &notBefore},
		{sourceIdentityClaim, &c.SourceIdentity},
		{tagsClaim, &tags},
	} {
		value, ok := raw[claim.name]
		if !ok {
			continue
		}
		if err := json.Unmarshal(value, claim.into); err != nil {
			return Claims{}, fmt.Errorf("%w: claim %q has a value of the wrong type", ErrMalformed, claim.name)
		}
	}
	c.Audience, c.Methods = aud, amr
	if azp != "" && len(aud) > 0 {
		c.Audience, c.OriginalAudience = []string{azp}, aud
	}
	if err := checkTimes(now, expires, issued, notBefore); err != nil {
		return Claims{}, err
	}
	if c.Subject == "" {
		return Claims{}, &MissingClaimError{"sub"}
	}
	var err error
	c.Tags, err = tags.list()
	return c, err
}

// checkTimes judges a token by the clock. OpenID Connect demands exp and iat; that AWS refuses a token without them in
// the words for another missing claim is inferred.
func checkTimes(now time.Time, expires, issued, notBefore *int64) error {
	switch {
	case expires == nil:
		return &MissingClaimError{"exp"}
	case issued == nil:
		return &MissingClaimError{"iat"}
	}
	if now.Unix() >= *expires {
		return &ExpiredError{now, time.Unix(*expires, 0)}
	}
	if notBefore != nil && now.Unix() < *notBefore {
		return &NotYetValidError{now, time.Unix(*notBefore, 0)}
	}
	if oldest := now.Add(-MaxTokenAge).Unix(); *issued < oldest {
		return &TooOldError{now.Sub(time.Unix(*issued, 0))}
	}
	return nil
}

// tagClaim is the value of the claim with the session tags.
type tagClaim struct {
	Principal  map[string]jwt.Audience `json:"principal_tags"`
	Transitive []string                `json:"transitive_tag_keys"`
}

// list reads the tags. The guide's values are lists of one text, and a bare text is taken as well. What AWS makes of
// several values, or of a transitive key without a tag, is not known: both are [ErrMalformed] here.
func (c tagClaim) list() ([]Tag, error) {
	for _, key := range c.Transitive {
		if _, ok := c.Principal[key]; !ok {
			return nil, fmt.Errorf("%w: claim %q has a transitive key without a tag", ErrMalformed, tagsClaim)
		}
	}
	var tags []Tag
	for _, key := range slices.Sorted(maps.Keys(c.Principal)) {
		if len(c.Principal[key]) != 1 {
			return nil, fmt.Errorf("%w: claim %q has a tag without exactly one value", ErrMalformed, tagsClaim)
		}
		tags = append(tags, Tag{key, c.Principal[key][0], slices.Contains(c.Transitive, key)})
	}
	return tags, nil
}
