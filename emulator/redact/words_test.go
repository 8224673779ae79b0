package redact_test

import (
	"testing"

	"github.com/eksemu/eksemu/emulator/redact"
)

// What AWS says about secrets is no secret: its codes and sentences (spec/sts.md section 2.2) stay as they are.
func TestWordsOfAWSStay(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"400 InvalidIdentityToken: Incorrect token audience",
		"400 InvalidIdentityToken: Missing a required claim: aud",
		"InvalidIdentityToken: No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com",
		"InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
		"InvalidIdentityToken: OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
		"403 InvalidClientTokenId: The security token included in the request is invalid.",
		"403 ExpiredToken: The security token included in the request is expired",
		"ExpiredTokenException: Token expired: current date/time 1731098245 must be before the expiration date/time 1731095240",
		"ExpiredTokenException: Token too old: 441398",
		"MissingAuthenticationToken: Request is missing Authentication Token",
		"SignatureDoesNotMatch: Signature expired: 20220127T001427Z is now earlier than 20220127T014428Z (20220127T015928Z - 15 min.)",
		"SignatureDoesNotMatch: Signature not yet current: 20210112T194419Z is still later than 20210112T072625Z (20210112T071125Z + 15 min.)",
		"SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
		"IncompleteSignature: Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'X'",
		"AccessDenied: MultiFactorAuthentication failed with invalid MFA one time pass code. ",
		"AccessDenied: Cannot call GetSessionToken with session credentials",
	} {
		if got := redact.Text(text); got != text {
			t.Errorf("Text(%q) = %q", text, got)
		}
		if got := redact.Line(text); got != text {
			t.Errorf("Line(%q) = %q", text, got)
		}
	}
}
