// Package explain turns the events of a trace into answers to "why Unauthorized?", "why no?" and "why yes?".
//
// kubectl shows the same "You must be logged in to the server (Unauthorized)" for every refusal of a token, and
// a bare "no" for every missing permission. What differs is the hop that decided:
//
//	client → token → sts → mapper → apiserver → system:masters → node → rbac → access-policy
//
// The first hops find out who is asking. aws-iam-authenticator checks the form of the token (token), sends the
// presigned GetCallerIdentity request in it to AWS (sts) and looks the ARN up in its mappings (mapper); the API
// server verifies everything else, such as service account tokens and client certificates, itself (apiserver). If one
// of them refuses, the outcome is [Unauthorized]. The authorizers then answer in their order: the group
// system:masters, the Node authorizer, RBAC, EKS access policies. One that allows ends the chain ([Allowed]);
// if none does, the answer is no ([Denied]).
//
// Everything here is a pure function of its events: no clock, no files, no network. [Explain] correlates an
// audit event with the TokenReview that authenticated it by time (for a refusal) or by user (for a success,
// which the API server may have cached), and a TokenReview with its STS call and log lines by the token's
// fingerprint. The texts that are recognised are those of aws-iam-authenticator v0.7.18 (pkg/token/token.go,
// pkg/server/server.go, pkg/mapper), kube-apiserver v1.37 and the STS answers of spec/sts.md §2.2; [Causes] lists them.
//
// A verdict never holds a bearer token, a signature or a session token, even if an event should.
package explain
