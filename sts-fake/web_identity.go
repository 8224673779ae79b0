package stsfake

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
	"github.com/eksemu/eksemu/sts-fake/webidentity"
)

// webIdentity is the bearer of a verified token.
type webIdentity struct {
	claims   webidentity.Claims
	audience string // that the provider takes
	provider string // its ARN
	tags     []iam.Tag
}

// verifyWebIdentity verifies the token of a request, for roles of an account (spec/sts.md section 4.4). The checks come
// in this order, which is inferred: it is a token, the account has a provider for its issuer, the issuer has signed it, its
// times, its audience, and what it says for AWS. Before the second one nobody is asked for anything.
func (s *Server) verifyWebIdentity(r *request, accountID string) (webIdentity, error) {
	token, err := webidentity.Parse(r.params.Get("WebIdentityToken"))
	if err != nil {
		return webIdentity{}, refuseToken(err)
	}
	provider, err := s.gate.Store.OIDCProvider(accountID, token.Issuer())
	if errors.Is(err, iam.ErrNotFound) {
		return webIdentity{}, invalidIdentityToken("No OpenIDConnect provider found in your account for "+token.Issuer(), err)
	}
	if err != nil {
		return webIdentity{}, err
	}
	claims, err := token.Verify(r.http.Context(), s.issuers, provider.Thumbprints, s.gate.Now())
	if err != nil {
		return webIdentity{}, refuseToken(err)
	}
	audience, err := claims.AudienceIn(provider.ClientIDs)
	if err != nil {
		return webIdentity{}, refuseToken(err)
	}
	tags, err := claimedTags(claims)
	if err != nil {
		return webIdentity{}, err
	}
	return webIdentity{claims, audience, provider.ARN(s.gate.Store.Partition()), tags}, nil
}

// claimedTags are the session tags that a token carries. They and the source identity are held against the model as
// parameters are, and refused in the same words: what AWS says is not known.
func claimedTags(claims webidentity.Claims) ([]iam.Tag, error) {
	var v awsmodel.Checker
	if claims.SourceIdentity != "" {
		v.Text(claims.SourceIdentity, "sourceIdentity", sourceIdentityType)
	}
	v.Count(len(claims.Tags), "tags", tagListType)
	var tags []iam.Tag
	for i, tag := range claims.Tags {
		v.Text(tag.Key, fmt.Sprintf("tags.%d.member.key", i+1), tagKeyType)
		v.Text(tag.Value, fmt.Sprintf("tags.%d.member.value", i+1), tagValueType)
		tags = append(tags, iam.Tag(tag))
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	_, err := tagsByKey(tags)
	return tags, err
}

// principal is the bearer as trust policies see it: by the claims that the IAM User Guide lists for OIDC federation
// (reference_policies_iam-condition-keys).
func (w webIdentity) principal() iam.WebIdentity {
	claims := map[string][]string{"aud": {w.audience}, "sub": {w.claims.Subject}}
	if len(w.claims.OriginalAudience) > 0 {
		claims["oaud"] = w.claims.OriginalAudience
	}
	if len(w.claims.Methods) > 0 {
		claims["amr"] = w.claims.Methods
	}
	return iam.WebIdentity{ProviderARN: w.provider, Issuer: w.claims.Issuer, Claims: claims}
}

// refuseToken puts what package webidentity says about a token into AWS's words (spec/sts.md section 2.2). Recorded
// are those for an expired and an old token, a missing audience, a wrong one, a key that is not to be had, and a
// certificate that nobody trusts. That of a token that is none is from memory. Not AWS's word are those for a wrong
// signature and for a token that is not valid yet, and the same sentence for other claims than the audience.
//
// An issuer that does not answer, or not in time, is one whose key is not to be had (AWS re:Post Knowledge Center,
// "iam-sts-invalididentitytoken"). When STS says IDPCommunicationError, which its model has, is not on record: only a
// [Fault] says it here.
func refuseToken(err error) error {
	var (
		missing *webidentity.MissingClaimError
		expired *webidentity.ExpiredError
		early   *webidentity.NotYetValidError
		old     *webidentity.TooOldError
	)
	switch {
	case errors.As(err, &expired):
		return expiredWebIdentity("Token expired: current date/time %d must be before the expiration date/time %d", expired.Now.Unix(), expired.Expiry.Unix())
	case errors.As(err, &old):
		return expiredWebIdentity("Token too old: %d", int64(old.Age.Seconds()))
	case errors.As(err, &early):
		return invalidIdentityToken("Token is not valid yet", err)
	case errors.As(err, &missing):
		return invalidIdentityToken("Missing a required claim: "+missing.Claim, err)
	case errors.Is(err, webidentity.ErrAudience):
		return invalidIdentityToken("Incorrect token audience", err)
	case errors.Is(err, webidentity.ErrMalformed):
		return invalidIdentityToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)", err)
	case errors.Is(err, webidentity.ErrSignature):
		return invalidIdentityToken("The signature of the ID Token provided is not valid", err)
	case errors.Is(err, webidentity.ErrCertificate):
		return invalidIdentityToken("OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint", err)
	case errors.Is(err, webidentity.ErrNoKey), errors.Is(err, webidentity.ErrUnknownIssuer), errors.Is(err, webidentity.ErrUnreachable):
		return invalidIdentityToken("Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements", err)
	}
	return err
}

func invalidIdentityToken(message string, reason error) error {
	return &explained{&awsquery.Error{Status: http.StatusBadRequest, Code: "InvalidIdentityToken", Message: message}, reason.Error()}
}

// expiredWebIdentity is not the ExpiredToken of session credentials, which has status 403.
func expiredWebIdentity(format string, args ...any) error {
	return &awsquery.Error{Status: http.StatusBadRequest, Code: "ExpiredTokenException", Message: fmt.Sprintf(format, args...)}
}
