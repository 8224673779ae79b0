// Package iam is the identity half of a fake AWS: who exists, what their keys are, and who may assume which
// role. It holds accounts, users, roles, trust policies and identity policies in a [Store], and it issues and
// opens role sessions.
//
// # Principals and their IDs
//
// A user or role has an ARN, which names it, and a unique ID (AIDA… or AROA…), which is it. A principal that
// is deleted and created again under the same name has the same ARN and another unique ID. Everything that
// lasts refers to the unique ID: a session, and a role's trust policy once it is saved. That is why a
// recreated user is not trusted by a role that trusted its predecessor. Such a policy then shows the bare ID
// in place of the ARN, as AWS's does.
//
// # Keys
//
// An access key ID encodes its account (see [FixtureAccessKey] and [NewAccessKeyID]). Fixture keys are derived
// from names with a public label, so that the same configuration always has the same keys: they are test data
// and protect nothing.
//
// # Sessions
//
// [Store.IssueRoleSession] keeps nothing. The session token is the session: an encrypted and authenticated
// record of the role's unique ID, the session's name, expiry, source identity and tags, bound to its access
// key ID. The secret access key is derived from the token. Any store with the same sealing key and the same
// roles can verify a session that another one issued.
//
// # Policies
//
// [ParsePolicy] reads a policy document strictly and lists everything that is wrong with it. What the package
// could not evaluate (a condition operator, a policy variable) is an error there, and never a condition that
// quietly holds or fails. [Store.AuthorizeAssumeRole] evaluates the policies for sts:AssumeRole.
//
// The rules follow spec/sts.md section 4 and the IAM User Guide. Where the project has no evidence of what AWS
// does, a comment says so.
package iam
