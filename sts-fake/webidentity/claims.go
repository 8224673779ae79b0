package webidentity

import (
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4/json" // refuses an object that names a member twice
	"github.com/go-jose/go-jose/v4/jwt"
)

// sourceIdentityClaim is the claim by which an issuer passes a source identity on to AWS (IAM User Guide, "Monitor and
// control actions taken with assumed roles").
const sourceIdentityClaim = "https://aws.amazon.com/source_identity"

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
	} {
		if err := readClaim(raw, claim.name, claim.into); err != nil {
			return Claims{}, err
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
	c.Tags, err = readTags(raw)
	return c, err
}

// readClaim reads one claim, if the token has it.
func readClaim(raw map[string]json.RawMessage, name string, into any) error {
	value, ok := raw[name]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(value, into); err != nil {
		return fmt.Errorf("%w: claim %q has a value of the wrong type", ErrMalformed, name)
	}
	return nil
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
