package explain

// transportCauses are the failures of the authenticator's call to STS, other than STS's own refusals, in the
// words of aws-iam-authenticator v0.7.18, pkg/token/token.go, and of Go's net packages.
func transportCauses() []Cause {
	const fixNetwork = "From the authenticator's network, reach the STS endpoint of the token's region (VPC endpoint, NAT gateway or proxy):\n" +
		"curl -sS https://{host:sh}/"
	return []Cause{
		sts("sts-throttled", "STS throttled the authenticator's GetCallerIdentity, so the token could not be checked this time",
			"Retry after a moment. Reuse a token for its 14 minutes instead of making one per request.", "sts getCallerIdentity was throttled: {error}"),
		sts("sts-timeout", "STS did not answer the authenticator within 10 seconds", fixNetwork, "Client.Timeout exceeded", "context deadline exceeded", "i/o timeout"),
		sts("sts-untrusted-certificate", "the authenticator does not trust the certificate that the STS endpoint showed, as behind a TLS-intercepting proxy",
			"Give the authenticator the certificate authority (it reads SSL_CERT_FILE, not AWS_CA_BUNDLE):\nexport SSL_CERT_FILE=/path/to/ca-bundle.pem", "x509: {error}", "tls: {error}"),
		sts("sts-unreachable", "the authenticator could not reach STS", fixNetwork, "error during GET: {error} on {region} endpoint"),
		sts("sts-truncated-answer", "the connection to STS broke before the whole answer had arrived", "Retry; if it stays, look at the proxy between the authenticator and STS.", "error reading HTTP result: {error}"),
		sts("sts-unusable-answer", "STS answered 200, but not with an identity that the authenticator can use",
			"Something between the authenticator and STS answers in its place; look at the proxy.",
			"sts getCallerIdentity failed: invalid character {error}", "sts getCallerIdentity failed: unexpected end of JSON input", "sts getCallerIdentity failed: json: {error}",
			"sts getCallerIdentity failed: arn '{arn}' {error}", "malformed UserID {userid}", "sts getCallerIdentity failed: unrecognized resource {error}",
			"sts getCallerIdentity failed: assumed-role arn {error}", "is not a valid service for identities"),
	}
}

// stsSignatureCauses are the refusals of a signature and of its time (spec/sts.md §2.2). All texts here and in the
// next three functions are written "CODE: message", CODE by commonCode.
func stsSignatureCauses() []Cause {
	return []Cause{
		sts("signature-expired", "the request was signed at {date}, {skew} before the {now} of AWS's clock and more than the 15 minutes that AWS allows",
			fixClientClock, "SignatureDoesNotMatch: Signature expired: {date} is now earlier than {limit} ({now} - 15 min.)"),
		sts("signature-not-yet-current", "the request was signed at {date}, {skew} after the {now} of AWS's clock: the signer's clock is fast by more than the 15 minutes that AWS allows",
			fixClientClock, "SignatureDoesNotMatch: Signature not yet current: {date} is still later than {limit} ({now} + 15 min.)"),
		sts("host-not-signed", "the signature does not cover the host name", fixSigner, "must be a 'SignedHeader' in the AWS Authorization"),
		// Not AWS's word for STS: the text is known from DynamoDB in 2013 (spec/sts.md §2.2, uncertain).
		sts("signed-twice", "the request is signed twice, in its query string and in its Authorization header", "Keep one of the two signatures.", "SignatureDoesNotMatch: Found both "),
		sts("signature-mismatch", "STS computed another signature for {key}: the token was signed with a wrong secret key, or for another cluster than {cluster} (the authenticator replaces the signed cluster name by its own, so STS cannot tell the two apart)",
			"Check that the secret key works, then that the token names this cluster, in the kubeconfig's exec plugin too:\n"+
				"aws sts get-caller-identity\n"+
				"aws eks get-token --cluster-name {cluster:sh}\n"+
				"aws eks update-kubeconfig --name {cluster:sh}",
			"SignatureDoesNotMatch: The request signature we calculated does not match"),
	}
}

// stsScopeCauses are the refusals of the credential scope, X-Amz-Credential's KEY/DATE/REGION/SERVICE/aws4_request.
func stsScopeCauses() []Cause {
	return []Cause{
		sts("scope-region", "the signature is scoped to another region than the endpoint's, as when a regional signature goes to the global endpoint",
			"Sign for the region of the endpoint; clients do so with:\nexport AWS_STS_REGIONAL_ENDPOINTS=regional", "Credential should be scoped to a valid region"),
		sts("scope-service", "the signature is scoped to another service than the one that was called", fixSigner, "Credential should be scoped to correct service"),
		sts("scope-terminator", "the credential scope does not end in aws4_request", fixSigner, "Credential should be scoped with a valid terminator"),
		sts("scope-date", "the date in the credential scope is not the date of the request", fixSigner, "Date in Credential scope does not match"),
	}
}

// stsKeyCauses are the refusals of the access key and the session token.
func stsKeyCauses() []Cause {
	const fixNewKey = "Use a key that exists and is active, and check which one the client takes (environment variables beat AWS_PROFILE):\n" +
		"aws configure list\n" +
		"aws sts get-caller-identity"
	return []Cause{
		sts("unknown-access-key", "AWS refuses {key} as unknown or inactive: it was mistyped, deleted or deactivated, or belongs to another partition", fixNewKey,
			"InvalidClientTokenId: The security token included in the request is invalid."),
		sts("invalid-session-token", "the session token that goes with {key} is not one that AWS issued for it, or this region is not enabled for the account",
			"Use access key, secret key and session token of the same credentials:\naws configure list", "InvalidClientTokenId: The security token included in the request is invalid"),
		sts("deleted-access-key", "{key} no longer exists", fixNewKey, "InvalidClientTokenId: The AWS access key provided does not exist in our records."),
		sts("session-expired", "the temporary credentials that signed the request have expired", "Assume the role or sign in again, then get a new token:\naws sso login", "ExpiredToken: {message}"),
		sts("region-disabled", "STS is not activated in the region of the endpoint for this account", "Activate the region for STS in the account settings of the IAM console, or make the token with another region.", "RegionDisabled: {message}"),
	}
}

// stsRequestCauses are the refusals of an incompletely signed request, and any other refusal by STS.
func stsRequestCauses() []Cause {
	return []Cause{
		sts("missing-authentication", "the request reached AWS without a SigV4 signature", fixSigner, "MissingAuthenticationToken: {message}"),
		sts("credential-format", "X-Amz-Credential does not have the five parts KEY/DATE/REGION/SERVICE/aws4_request", fixSigner, "Credential must have exactly 5 slash-delimited elements"),
		sts("signature-parameters", "parameters of the signature are missing from the request", fixSigner, "IncompleteSignature: AWS query-string parameters must include", "IncompleteSignature: Authorization header requires"),
		sts("signature-algorithm", "the request is signed with an algorithm that AWS does not offer here", fixSigner, "IncompleteSignature: Unsupported AWS 'algorithm': {algorithm}"),
		sts("signature-date-format", "the date of the signature is not in ISO 8601 basic format, like 20060102T150405Z", fixSigner, "IncompleteSignature: Date must be in ISO-8601 'basic format'"),
		// Inferred for STS: recorded at API Gateway only (spec/sts.md §2.2, [I]).
		sts("authorization-header", "the Authorization header is not well-formed", fixSigner, "in Authorization header", "IncompleteSignature: Authorization header must begin"),
		sts("incomplete-signature", "the request is not completely signed", fixSigner, "IncompleteSignature: {message}"),
		// Not AWS's word: AWS's own pages and other implementations disagree about status and text (spec/sts.md §2.2).
		sts("malformed-query", "the query string has a broken percent escape", fixSigner, "MalformedQueryString: {message}"),
		sts("sts-unavailable", "STS could not answer ({status})", "Retry; AWS's health dashboard tells about outages.", "ServiceUnavailable: {message}", "InternalFailure: {message}", "(expected 200, got 50", "(expected 200, got 51", "(expected 200, got 52"),
		sts("sts-refused", "STS refused the request that the token holds", fixSigner, "sts getCallerIdentity failed: {error}"),
	}
}

// sts makes a cause of the hop that asks STS.
func sts(id, sentence, fix string, says ...string) Cause {
	return Cause{ID: id, Outcome: Unauthorized, Hop: HopSTS, Says: says, Sentence: sentence, Fix: fix}
}
