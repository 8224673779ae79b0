package webidentity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
	"github.com/go-jose/go-jose/v4/jwt"
)

// MaxTokenLength is the number of characters that a token may have (the STS model's clientTokenType; spec/sts.md
// section 4.2).
const MaxTokenLength = 20000

// MaxTokenAge is how long after its issue ("iat") a token is accepted, whatever its expiry. AWS has such a bound and
// says "Token too old" (spec/sts.md section 2.2), but not what it is: 24 hours is this package's, the longest
// life that EKS gives a service account's token.
const MaxTokenAge = 24 * time.Hour

// Why a token is refused, beside [ExpiredError], [NotYetValidError], [TooOldError] and [MissingClaimError].
var (
	ErrMalformed = errors.New("not a JSON Web Token with a signature by RS256, RS384, RS512, ES256, ES384 or ES512")
	ErrSignature = errors.New("the signature was not made by a key of the issuer")
	ErrAudience  = errors.New("the token is for another audience")
)

// MissingClaimError is a token without a claim that it must have.
type MissingClaimError struct{ Claim string } // "aud"

func (e *MissingClaimError) Error() string { return fmt.Sprintf("the token has no claim %q", e.Claim) }

// ExpiredError is a token that is over: its "exp" is not after the current time.
type ExpiredError struct{ Now, Expiry time.Time }

func (e *ExpiredError) Error() string {
	return fmt.Sprintf("the token expired at %s: get a new one", e.Expiry.UTC().Format(time.RFC3339))
}

// NotYetValidError is a token whose "nbf" is after the current time.
type NotYetValidError struct{ Now, NotBefore time.Time }

func (e *NotYetValidError) Error() string {
	return fmt.Sprintf("the token is not valid before %s", e.NotBefore.UTC().Format(time.RFC3339))
}

// TooOldError is a token that was issued more than [MaxTokenAge] ago.
type TooOldError struct{ Age time.Duration }

func (e *TooOldError) Error() string {
	return fmt.Sprintf("the token was issued %s ago, more than %s: get a new one", e.Age.Truncate(time.Second), MaxTokenAge)
}

// Token is a token that was read and not yet verified.
type Token struct {
	signed *jwt.JSONWebToken
	issuer string
}

// Parse reads a token. The error is [ErrMalformed], or a *[MissingClaimError] if it names no issuer.
func Parse(text string) (*Token, error) {
	if len(text) > MaxTokenLength {
		return nil, fmt.Errorf("%w: more than %d characters", ErrMalformed, MaxTokenLength)
	}
	signed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512,
	})
	if err != nil {
		return nil, ErrMalformed // the library's error may quote the token
	}
	var claimed struct {
		Issuer string `json:"iss"`
	}
	if err := signed.UnsafeClaimsWithoutVerification(&claimed); err != nil {
		return nil, fmt.Errorf("%w: its claims are no JSON object with texts and times where they belong", ErrMalformed)
	}
	if claimed.Issuer == "" {
		return nil, &MissingClaimError{"iss"}
	}
	return &Token{signed, claimed.Issuer}, nil
}

// Issuer is who the token says has issued it: the URL in its "iss" claim.
func (t *Token) Issuer() string { return t.issuer }

// Verify checks the token's signature by the issuer's keys, and its times by now. Only then are its claims to be
// believed; whom they are for is left to [Claims.AudienceIn].
//
// thumbprints are those of the identity provider that stands for the issuer: see [Issuer].
//
// The error is [ErrSignature], [ErrMalformed], a *[MissingClaimError] ("exp", "iat" or "sub"), an *[ExpiredError], a
// *[NotYetValidError], a *[TooOldError], or what keys says about the issuer.
//
// A token is over at the second of its "exp", as the recorded text of AWS has it ("must be before"; spec/sts.md section
// 2.2). The order of the checks is inferred.
func (t *Token) Verify(ctx context.Context, keys Keys, thumbprints []string, now time.Time) (Claims, error) {
	set, err := keys.Keys(ctx, Issuer{t.issuer, thumbprints})
	if err != nil {
		return Claims{}, fmt.Errorf("keys of %q: %w", t.issuer, err)
	}
	candidates, err := t.candidates(set)
	if err != nil {
		return Claims{}, fmt.Errorf("keys of %q: %w", t.issuer, err)
	}
	for _, key := range candidates {
		var claims map[string]json.RawMessage
		if err := t.signed.Claims(key.Public().Key, &claims); err != nil {
			continue // another key may have signed it; no claim is read unless the signature is good
		}
		return readClaims(claims, now)
	}
	return Claims{}, fmt.Errorf("verify a token of %q: %w", t.issuer, ErrSignature)
}

// candidates are the keys of a set that may have signed the token: with its key ID if it names one, for its algorithm
// and not for encryption. The error is [ErrNoKey] if there is none.
func (t *Token) candidates(set jose.JSONWebKeySet) ([]jose.JSONWebKey, error) {
	header := t.signed.Headers[0]
	var found []jose.JSONWebKey
	for _, key := range set.Keys {
		if header.KeyID != "" && key.KeyID != header.KeyID {
			continue
		}
		if key.Use == "enc" || key.Algorithm != "" && key.Algorithm != header.Algorithm {
			continue
		}
		found = append(found, key)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%w: key ID %q, algorithm %s", ErrNoKey, header.KeyID, header.Algorithm)
	}
	return found, nil
}
