package explain

// Fixes that several refusals of a token share.
const (
	fixUseEKSClient = "Let a client that knows EKS make the token, and pass it on unchanged:\n" +
		"aws eks get-token --cluster-name {cluster:sh}"
	fixNoSTSEndpoint = "Make the token without a custom STS endpoint; redirect the network instead (HTTPS_PROXY):\n" +
		"unset AWS_ENDPOINT_URL AWS_ENDPOINT_URL_STS\n" +
		"aws eks get-token --cluster-name {cluster:sh}"
	fixRegion = "Make the token with a region of the cluster's own partition:\n" +
		"aws --region REGION eks get-token --cluster-name {cluster:sh}"
	fixClientClock = "Set the clock of the machine that makes the token, then get a new token:\n" +
		"sudo timedatectl set-ntp true"
	fixSigner = "Presign with the SDK's own SigV4 presigner, which makes the URL that STS expects, or use:\n" +
		"aws eks get-token --cluster-name {cluster:sh}"
)

// tokenCauses are the refusals of a token's form, in the words of (tokenVerifier).Verify in
// aws-iam-authenticator v0.7.18, pkg/token/token.go. STS is not asked. A wording that contains another
// one comes first.
func tokenCauses() []Cause {
	return []Cause{
		token("token-too-large", "the token is longer than the 4096 bytes that the authenticator reads", fixUseEKSClient, "token is too large"),
		token("token-prefix", `the bearer token is not an EKS token: those start with "k8s-aws-v1." (an expired service account token or a stray OIDC token ends here too)`,
			fixUseEKSClient, `token is missing expected {prefix} prefix`),
		token("token-base64", "what follows the token's prefix is not unpadded URL-safe base64, as when it is cut off, encoded twice or still has its padding",
			"Encode the presigned URL with the URL-safe alphabet and no `=` at the end (base64.RawURLEncoding in Go), or use:\naws eks get-token --cluster-name {cluster:sh}",
			"illegal base64 data at input byte {byte}"),
		token("token-request", "the authenticator could not make an HTTP request of the URL in the token", fixSigner, "error creating HTTP request: {error}"),
		token("token-url", "what the token encodes is not a URL", fixSigner, "not properly formatted: parse "),
		token("token-no-url", "what the token encodes is no URL, as when it was encoded twice",
			"Encode the presigned URL once (base64.RawURLEncoding in Go), put k8s-aws-v1. before it once, or use:\naws eks get-token --cluster-name {cluster:sh}",
			`unexpected scheme "" in pre-signed URL`),
		token("token-scheme", "the token is presigned for a {scheme} URL, and the authenticator calls nothing but https: a custom STS endpoint was in force when it was made",
			fixNoSTSEndpoint, `unexpected scheme "{scheme}" in pre-signed URL`),
		token("token-global-endpoint", "the token is presigned for the global endpoint sts.amazonaws.com, which the partition {partition} does not have",
			fixRegion, "global endpoint unsupported in partition {partition}"),
		token("token-region-format", "the second part of the token's host name cannot be a region", fixRegion, "invalid region identifier format provided: {region}"),
		token("token-host-format", "the token's host name has too few parts to be an STS endpoint: a custom STS endpoint was in force when it was made", fixNoSTSEndpoint,
			"could not parse region for pre-signed URL {host}, {error}", "invalid host format, too few labels: {host}", "invalid host format: {host}", "host is empty"),
		token("token-host", "the token is presigned for {host}, which is no STS endpoint: AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_STS was in force when it was made",
			fixNoSTSEndpoint, `unexpected hostname "{host}" in pre-signed URL`),
		token("token-partition", "the token is presigned for {host}, an STS endpoint of another partition than the cluster's ({partition})", fixRegion,
			"partition {partition} does not support hostname {host}"),
		token("token-partition-unknown", "the authenticator is configured with the partition {partition}, which does not exist",
			"Start the authenticator with --partition aws, aws-cn or aws-us-gov.", "partition {partition} not valid"),
		token("token-path", "the presigned URL has another path than /", fixSigner, "unexpected path in pre-signed URL"),
		token("token-query", "the query string of the presigned URL cannot be parsed", fixSigner, "malformed query parameter"),
		token("token-duplicate-parameter", "the presigned URL has the parameter {parameter} twice", fixSigner, "duplicate query parameter found: {parameter}"),
		token("token-unknown-parameter", "the presigned URL has the parameter {parameter}, which no GetCallerIdentity request of EKS has", fixSigner,
			"non-whitelisted query parameter {parameter}"),
		token("token-repeated-parameter", "a parameter of the presigned URL has several values", fixSigner, "query parameter with multiple values not supported"),
		token("token-action", "the presigned URL is for another action than GetCallerIdentity", fixSigner, "unexpected action parameter in pre-signed URL"),
		token("token-cluster-header", "the presigned URL does not sign the header x-k8s-aws-id, which binds a token to one cluster",
			"Sign the header x-k8s-aws-id: {cluster} with the URL, or use:\naws eks get-token --cluster-name {cluster:sh}",
			"client did not sign the x-k8s-aws-id header in the pre-signed URL"),
		token("token-expires", "X-Amz-Expires of the presigned URL is missing or not between 0 and 900 seconds",
			"Presign with X-Amz-Expires=60. The token lives 15 minutes whatever it says.", "invalid X-Amz-Expires parameter in pre-signed URL: {expires}"),
	}
}

// tokenTimeCauses are the refusals of a token's date, and of a token for any other reason.
func tokenTimeCauses() []Cause {
	return []Cause{
		token("token-date-missing", "the presigned URL has no X-Amz-Date", fixSigner, "X-Amz-Date parameter must be present in pre-signed URL"),
		token("token-date-format", "X-Amz-Date of the presigned URL is {date}, not a time like 20060102T150405Z", fixSigner, "error parsing X-Amz-Date parameter {date} into format {format}: {error}"),
		token("token-expired", "the token was signed {age} before the authenticator saw it, {over} past the 15 minutes that a token lives",
			"Get a new token for every run instead of storing one; kubectl does so itself with an exec plugin:\n"+
				"aws eks update-kubeconfig --name {cluster:sh}\n"+
				"# if the token was new, the clock of the machine that made it is slow:\n"+
				"sudo timedatectl set-ntp true",
			"X-Amz-Date parameter is expired (15 minute expiration) {date}"),
		token("token-format", "the authenticator refused the token's form", fixUseEKSClient, "input token was not properly formatted: {error}"),
	}
}

// token makes a cause of the hop that reads the token.
func token(id, sentence, fix string, says ...string) Cause {
	return Cause{ID: id, Outcome: Unauthorized, Hop: HopToken, Says: says, Sentence: sentence, Fix: fix}
}
