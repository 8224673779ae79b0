package sigv4

import "testing"

// What must not be shown: among it each parameter of STS that is a proof of something [D] (the service model).
func TestSecretNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"X-Amz-Security-Token": true, "x-amz-signature": true, "authorization": true, "Cookie": true,
		"WebIdentityToken": true, "SAMLAssertion": true, "TokenCode": true, "TradeInToken": true,
		"ProvidedContexts.member.1.ContextAssertion": true, "ProvidedContexts.member.12.ContextAssertion": true,
		"ProvidedContexts.member.1.ProviderArn": false, "Tags.member.1.Key": false, "X-Amz-Date": false, "": false, ".": false,
	} {
		if got := isSecret(name); got != want {
			t.Errorf("%q: got %t", name, got)
		}
	}
}
