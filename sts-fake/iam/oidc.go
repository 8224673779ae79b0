package iam

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Bounds of an OIDC provider (IAM API reference, CreateOpenIDConnectProvider).
const (
	maxProviderURL  = 255
	maxClientIDs    = 100
	maxClientID     = 255
	maxThumbprints  = 5
	thumbprintChars = 40
)

// OIDCProvider is an identity provider whose tokens an account's roles may be assumed with
// (AssumeRoleWithWebIdentity).
type OIDCProvider struct {
	AccountID string `json:"accountId"`
	// URL is the issuer, as the tokens' iss claim has it: https://…
	URL string `json:"url"`
	// ClientIDs are the audiences that tokens may be for.
	ClientIDs []string `json:"clientIds,omitempty"`
	// Thumbprints are the SHA-1 fingerprints, in hex, of the certificates that the issuer's chain may end in if it leads to
	// no authority that is trusted anyway.
	Thumbprints []string    `json:"thumbprints,omitempty"`
	CreateDate  time.Time   `json:"createDate,omitzero"` // zero means when it is put
	Tags        []EntityTag `json:"tags,omitempty"`
}

// Name is the issuer without its scheme: host and path, which is what ARNs and condition keys have.
func (p OIDCProvider) Name() string { return issuerName(p.URL) }

// ARN is the provider's ARN in a partition ("aws").
func (p OIDCProvider) ARN(partition string) string {
	return OIDCProviderARN(partition, p.AccountID, p.URL)
}

// OIDCProviderARN is the ARN of an account's provider for an issuer, with or without its scheme.
func OIDCProviderARN(partition, accountID, issuer string) string {
	return "arn:" + partition + ":iam::" + accountID + ":oidc-provider/" + issuerName(issuer)
}

func issuerName(issuer string) string { return strings.TrimPrefix(issuer, "https://") }

func (p OIDCProvider) clone() OIDCProvider {
	p.ClientIDs, p.Thumbprints, p.Tags = slices.Clone(p.ClientIDs), slices.Clone(p.Thumbprints), slices.Clone(p.Tags)
	return p
}

func (p OIDCProvider) check() (ps Problems) {
	checkAccountID(p.AccountID, "", &ps)
	checkEntityTags(KindOIDCProvider, p.Tags, &ps)
	if problem := issuerProblem(p.URL); problem != "" {
		ps.add("", "URL %q %s", p.URL, problem)
	}
	if len(p.ClientIDs) > maxClientIDs {
		ps.add("", "%d client IDs: at most %d", len(p.ClientIDs), maxClientIDs)
	}
	for _, id := range p.ClientIDs {
		if id == "" || len(id) > maxClientID {
			ps.add("", "client ID %q is not 1 to %d characters", id, maxClientID)
		}
	}
	if len(p.Thumbprints) > maxThumbprints {
		ps.add("", "%d thumbprints: at most %d", len(p.Thumbprints), maxThumbprints)
	}
	for _, thumbprint := range p.Thumbprints {
		if len(thumbprint) != thumbprintChars || !onlyBytes(thumbprint, isHex) {
			ps.add("", "thumbprint %q is not %d hexadecimal digits", thumbprint, thumbprintChars)
		}
	}
	return ps
}

// issuerProblem is what is wrong with an issuer's URL. AWS allows no port either (CreateOpenIDConnectProvider); here
// one is allowed, because a test's own issuer seldom has 443.
func issuerProblem(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || !strings.HasPrefix(text, "https://"):
		return "is no https:// URL"
	case len(text) > maxProviderURL:
		return fmt.Sprintf("has more than %d characters", maxProviderURL)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(text, "#") || u.User != nil:
		return "has more than a host and a path"
	}
	return ""
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }

// PutOIDCProvider creates an OIDC provider, or replaces the one with the same ARN. The error is a [Problems].
func (s *Store) PutOIDCProvider(p OIDCProvider) error {
	return s.Load(Snapshot{OIDCProviders: []OIDCProvider{p}})
}

// DeleteOIDCProvider deletes an OIDC provider. Sessions that its tokens were exchanged for stay. The error is
// [ErrNotFound] if there is none.
func (s *Store) DeleteOIDCProvider(arn string) error {
	return s.change(func(st *state) error {
		if _, ok := st.providers[arn]; !ok {
			return notFound(KindOIDCProvider, arn)
		}
		delete(st.providers, arn)
		return nil
	})
}

// CreateOIDCProvider makes an OIDC provider. Errors: [ErrExists], [ErrLimit], or a [Problems].
func (s *Store) CreateOIDCProvider(p OIDCProvider) error {
	return s.change(func(st *state) error {
		q := defaultQuotas()
		if _, taken := st.providers[p.ARN(st.partition)]; taken {
			return exists(KindOIDCProvider, p.URL)
		}
		if len(p.ClientIDs) > q.clientIDs.Max {
			return q.clientIDs.over(KindOIDCProvider, p.URL)
		}
		if count(st.providers, func(v OIDCProvider) bool { return v.AccountID == p.AccountID }) >= q.providers.Max {
			return q.providers.over(KindOIDCProvider, p.URL)
		}
		var ps Problems
		st.putOIDCProvider(p, &ps)
		return ps.err()
	})
}

// SetThumbprints gives an OIDC provider other thumbprints. Errors: [ErrNotFound], or a [Problems].
func (s *Store) SetThumbprints(arn string, thumbprints []string) error {
	return s.editProvider(arn, func(p *OIDCProvider) error {
		p.Thumbprints = slices.Clone(thumbprints)
		return nil
	})
}

// AddClientID adds an audience to an OIDC provider; one that it has already stays as it is. Errors: [ErrNotFound],
// [ErrLimit], or a [Problems].
func (s *Store) AddClientID(arn, clientID string) error {
	return s.editProvider(arn, func(p *OIDCProvider) error {
		if slices.Contains(p.ClientIDs, clientID) {
			return nil
		}
		if q := defaultQuotas().clientIDs; len(p.ClientIDs) >= q.Max {
			return q.over(KindOIDCProvider, arn)
		}
		p.ClientIDs = append(p.ClientIDs, clientID)
		return nil
	})
}

// RemoveClientID takes an audience from an OIDC provider; one that it does not have does not matter (IAM API reference,
// RemoveClientIDFromOpenIDConnectProvider). The error is [ErrNotFound] if there is no such provider.
func (s *Store) RemoveClientID(arn, clientID string) error {
	return s.editProvider(arn, func(p *OIDCProvider) error {
		p.ClientIDs = slices.DeleteFunc(p.ClientIDs, func(id string) bool { return id == clientID })
		return nil
	})
}

func (s *Store) editProvider(arn string, edit func(*OIDCProvider) error) error {
	return s.change(func(st *state) error {
		p, ok := st.providers[arn]
		if !ok {
			return notFound(KindOIDCProvider, arn)
		}
		p = p.clone()
		if err := edit(&p); err != nil {
			return err
		}
		var ps Problems
		st.putOIDCProvider(p, &ps)
		return ps.err()
	})
}

// OIDCProvider finds an account's provider for an issuer, with or without its scheme. Host and path are compared byte
// by byte (as OpenID Connect Discovery section 4.3 does; that IAM does is inferred). The error is [ErrNotFound] if
// there is none.
func (s *Store) OIDCProvider(accountID, issuer string) (OIDCProvider, error) {
	p, ok := s.read().providers[OIDCProviderARN(s.partition, accountID, issuer)]
	if !ok {
		return OIDCProvider{}, notFound(KindOIDCProvider, OIDCProviderARN(s.partition, accountID, issuer))
	}
	return p.clone(), nil
}

// OIDCProviders are all OIDC providers in the order of their ARNs.
func (s *Store) OIDCProviders() []OIDCProvider { return s.read().allOIDCProviders() }

func (st *state) allOIDCProviders() []OIDCProvider {
	providers := sortedValues(st.providers)
	for i := range providers {
		providers[i] = providers[i].clone()
	}
	return providers
}

func (st *state) putOIDCProvider(p OIDCProvider, ps *Problems) {
	arn := p.ARN(st.partition)
	ps.under("OIDC provider "+arn, p.check())
	p.CreateDate = st.date(p.CreateDate, st.providers[arn].CreateDate)
	st.providers[arn] = p.clone()
}
