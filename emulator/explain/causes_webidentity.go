package explain

// webIdentityCauses are the refusals of AssumeRoleWithWebIdentity, with which a pod gets the credentials of its IAM role
// (spec/sts.md §2.2). Where a text is not AWS's word, package stsfake says so.
func webIdentityCauses() []Cause {
	unknown := func(id, sentence, fix string, says ...string) Cause {
		return Cause{ID: id, Outcome: Unauthorized, Says: says, Sentence: sentence, Fix: fix}
	}
	return []Cause{
		unknown("no-oidc-provider", "the account of the role has no IAM OIDC provider for {issuer}, who issued the token",
			"Make one (EKS makes none by itself), in eksemu under oidcProviders in the environment file:\n"+
				"aws iam create-open-id-connect-provider --url {issuer:sh} --client-id-list sts.amazonaws.com",
			"InvalidIdentityToken: No OpenIDConnect provider found in your account for {issuer}"),
		unknown("web-identity-audience", "the token is for somebody else: its audience is none of the client IDs of the account's OIDC provider",
			"Ask for a token for one of the provider's client IDs, for service accounts sts.amazonaws.com:\n"+
				"kubectl create token NAME --audience sts.amazonaws.com",
			"InvalidIdentityToken: Incorrect token audience"),
		unknown("web-identity-claim", "the token does not say what STS needs to know: it has no claim {claim}",
			"Have the issuer put the claim into its tokens.", "InvalidIdentityToken: Missing a required claim: {claim}"),
		unknown("web-identity-expired", "the token is over",
			"Get a new one. In a pod the kubelet does so: read the file that AWS_WEB_IDENTITY_TOKEN_FILE names before each call.",
			"ExpiredToken: Token expired: current date/time {now}", "ExpiredToken: Token too old: {age}"),
		unknown("web-identity-keys", "STS did not get the key that the token names from its issuer: the issuer does not publish it, or did not answer STS within five seconds",
			"Look at what the issuer publishes, from outside its network, at ISSUER/.well-known/openid-configuration and the jwks_uri in it.",
			"InvalidIdentityToken: Couldn't retrieve verification key from your identity provider"),
		unknown("web-identity-certificate", "STS does not trust the certificate that the token's issuer shows: no public authority vouches for it, and its thumbprint is not the provider's",
			"Give the issuer a certificate of a public authority, or the provider the thumbprint that the issuer's chain has now:\n"+
				"aws iam update-open-id-connect-provider-thumbprint --open-id-connect-provider-arn ARN --thumbprint-list THUMBPRINT",
			"InvalidIdentityToken: OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"),
		unknown("web-identity-issuer", "STS could not reach the issuer of the token", "Retry; if it stays, see to it that the issuer answers within five seconds.",
			"IDPCommunicationError: {message}"),
		unknown("web-identity-invalid", "the token is not one that STS can trust: its form or its signature is wrong",
			"Pass the token of a service account or an ID token, as it was issued.", "InvalidIdentityToken: {message}"),
		{ID: "web-identity-denied", Outcome: Denied, Says: []string{"Not authorized to perform sts:AssumeRoleWithWebIdentity"},
			Sentence: "the token is good, but the role does not exist or its trust policy does not allow this token: its provider, its subject or its audience; AWS does not say which",
			Fix: "Allow the token's subject in the role's trust policy:\n" +
				`{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::ACCOUNT:oidc-provider/ISSUER"}, "Action": "sts:AssumeRoleWithWebIdentity",` + "\n" +
				` "Condition": {"StringEquals": {"ISSUER:sub": "system:serviceaccount:NAMESPACE:NAME", "ISSUER:aud": "sts.amazonaws.com"}}}`},
	}
}

// mfaCauses are the refusals of one-time codes (spec/sts.md §2.2).
func mfaCauses() []Cause {
	return []Cause{
		{ID: "mfa-code", Outcome: Denied, Says: []string{"MultiFactorAuthentication failed with invalid MFA one time pass code"},
			Sentence: "the code is not the one that the MFA device of {arn} shows now",
			Fix:      "Type the code that the device shows (in eksemu `eksemu mfa` does), each one once, and set the device's clock if that does not help."},
		{ID: "mfa-device", Outcome: Denied, Says: []string{"MultiFactorAuthentication failed, unable to validate MFA code"},
			Sentence: "{arn} has no MFA device with the serial number of the request",
			Fix:      "Use one of the caller's own devices, also as mfa_serial in the profile:\naws iam list-mfa-devices"},
	}
}
