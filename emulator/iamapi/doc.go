// Package iamapi answers the AWS IAM API for the identities of an environment: users and their access keys, roles,
// inline and managed policies, OpenID Connect providers, tags. It is the part that tools need which set a stage for
// EKS (the AWS CLI, SDKs, Terraform's aws_iam_* resources) and nothing beyond: groups, instance profiles, passwords
// and certificates are lists that are always empty, or operations that there are not.
//
// What is changed here counts at once: the store ([iam.Store]) is the one that STS and every other API ask who a
// caller is and what its policies allow. A deleted user's keys and a deleted role's sessions are dead with the
// answer.
//
// Whoever has an identity of the account may call, until [Options].Enforce says that policies decide.
//
// Texts are AWS's where a comment or the test beside it names a record; most are from localstack's recordings of AWS
// in 2026 (tests/aws/services/iam/*.snapshot.json of github.com/localstack/localstack). Comments mark the others as
// inferred, or as ours.
package iamapi
