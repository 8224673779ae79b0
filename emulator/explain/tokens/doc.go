// Package tokens takes EKS bearer tokens apart without asking anybody.
//
// A token is a promise to prove who its holder is: "k8s-aws-v1." and, in base64url without padding, the URL of a presigned
// GetCallerIdentity request. Much of what can be wrong with one can be seen in it. [Dissect] makes the checks of
// aws-iam-authenticator v0.7.18 (pkg/token/token.go, Verify) in their order and says what it would say, then those
// of STS that take no secret (package sigv4, which has them from spec/sts.md §1.7). The first check that refuses decides,
// as it does there; the others are made all the same, as far as can be, because a token that was built wrongly seldom has
// only one fault.
//
// What is left for STS to decide: whether the key exists, whether the session has expired, and whether the signature is
// right, also for the cluster. Nothing here can tell, and nothing says so.
//
// A report holds neither the token nor its signature nor its session token.
package tokens
