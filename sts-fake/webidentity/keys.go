package webidentity

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// Why an issuer's keys are not to be had.
var (
	// ErrUnknownIssuer is an issuer that a source of keys does not have. [First] then asks the next source.
	ErrUnknownIssuer = errors.New("no such issuer is declared")
	// ErrUnreachable is an issuer that does not answer, or answers with a server's error: trying again may help.
	ErrUnreachable = errors.New("the issuer cannot be reached")
	// ErrCertificate is an issuer that shows certificates of no authority that is trusted, and of no thumbprint.
	ErrCertificate = errors.New("the issuer's certificate is of no authority that is trusted here, and no thumbprint of its provider is of its chain")
	// ErrNoKey is an issuer that answers, but not with the key that is needed.
	ErrNoKey = errors.New("the issuer publishes no such key")
)

// Issuer is an issuer whose keys are asked for.
type Issuer struct {
	// URL names the issuer, as tokens have it: https://…
	URL string
	// Thumbprints are the SHA-1 fingerprints, in hex, of certificates that the issuer's chain may end in where the chain
	// leads to no authority that is trusted anyway.
	Thumbprints []string
}

// Keys is a source of issuers' keys. Keys finds the public keys of an issuer. The error is [ErrUnknownIssuer],
// [ErrUnreachable], [ErrCertificate] or [ErrNoKey]. It must be safe for concurrent use.
type Keys interface {
	Keys(ctx context.Context, issuer Issuer) (jose.JSONWebKeySet, error)
}

// Static are keys that are at hand, by issuer. It must not change while it is in use. Nil has none.
type Static map[string]jose.JSONWebKeySet

// Keys finds the keys of an issuer, or [ErrUnknownIssuer].
func (s Static) Keys(_ context.Context, issuer Issuer) (jose.JSONWebKeySet, error) {
	set, ok := s[issuer.URL]
	if !ok {
		return jose.JSONWebKeySet{}, fmt.Errorf("%q: %w", issuer.URL, ErrUnknownIssuer)
	}
	return set, nil
}

// First asks sources in order and takes the answer of the first one that knows the issuer.
func First(sources ...Keys) Keys { return first(sources) }

type first []Keys

func (f first) Keys(ctx context.Context, issuer Issuer) (jose.JSONWebKeySet, error) {
	for _, source := range f {
		set, err := source.Keys(ctx, issuer)
		if !errors.Is(err, ErrUnknownIssuer) {
			return set, err
		}
	}
	return jose.JSONWebKeySet{}, fmt.Errorf("%q: %w", issuer.URL, ErrUnknownIssuer)
}
