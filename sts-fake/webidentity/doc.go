// Package webidentity verifies the tokens of OpenID Connect identity providers, the way AWS STS does for
// AssumeRoleWithWebIdentity: JSON Web Tokens that are signed by an issuer which publishes its keys.
//
// # How a token is verified
//
// [Parse] splits a token and reads its claims, which prove nothing yet: only [Token.Issuer] is given out, so that the
// caller can look up whether it trusts that issuer at all. Then [Token.Verify] asks for the issuer's keys, checks the
// signature, and only after that gives out the [Claims]:
//
//	token, err := webidentity.Parse(text)
//	// … is there an identity provider for token.Issuer()?
//	claims, err := token.Verify(ctx, keys, provider.Thumbprints, now)
//	audience, err := claims.AudienceIn(clientIDs)
//
// The order matters: nobody can make this package ask a host for keys that the caller has not looked up first.
//
// # Where keys come from
//
// [Keys] is a source of keys. [Static] has them at hand: the issuers that an environment declares, without any network.
// [Discovery] fetches them as AWS does, from the discovery document at ISSUER/.well-known/openid-configuration and the
// key set that it points to. [First] asks several sources in order.
//
// # What is accepted
//
// Signatures by RS256, RS384, RS512, ES256, ES384 and ES512, which are those of AWS (STS API reference,
// AssumeRoleWithWebIdentity, WebIdentityToken). No token chooses its own way of verification: "none" and the HMAC
// algorithms are refused before any key is looked at, keys that a token brings along in its header are not used, and a
// key that names an algorithm is good for that one only.
//
// Errors never contain the token, nor any part of it but issuer, key ID and names of claims.
package webidentity
