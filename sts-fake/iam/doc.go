// Package iam is the identity half of a fake AWS: who exists, what their keys are, and who may do what. It holds
// accounts, users, roles, OIDC providers, trust policies and identity policies in a [Store], and it issues and opens
// sessions.
//
// # Changes
//
// [Store.Load] and the methods that begin with Put take what a configuration says, and refuse what cannot be. Those that
// are named like IAM's operations ([Store.CreateUser], [Store.AttachPolicy], [Store.DeleteRoleIfBare]) refuse what IAM
// refuses as well, with an [EntityError]: names that are taken, quotas, deletions of what is in use. Every change
// happens as a whole or not at all, and [Options].Save can keep it.
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
// and protect nothing. A user may have MFA devices, whose codes [TOTP] makes and [Store.VerifyMFA] checks.
//
// # Sessions
//
// There are three kinds: of a role ([Store.IssueRoleSession]), of a user or root itself
// ([Store.IssueUserSession], GetSessionToken), and of a federated user ([Store.IssueFederatedSession],
// GetFederationToken). None of them is kept. The session token is the session: an encrypted and authenticated
// record of the principal's unique ID, the secret access key, the session's name, expiry, source identity, tags
// and policies, bound to its access key ID. Any store with the same sealing key and the same principals can
// verify a session that another one issued, and a million sessions take no memory.
//
// [Store.Credential] opens a session, or finds a long-term key: every request pays for it, so that it takes no
// lock and reads a state that does not change. [Store.SealMessage] seals what DecodeAuthorizationMessage opens.
//
// # Policies
//
// Users and roles have policies of their own, and managed ones, of their account or of AWS. What one of AWS's
// allows is known for the few in [Store.PolicyDocument]: any other may be attached and allows nothing.
//
// [ParsePolicy] reads a policy document strictly and lists everything that is wrong with it. What the package
// could not evaluate (a condition operator, a value that is not of its operator's kind) is an error there, and
// never a condition that quietly holds or fails. It knows every condition operator, policy variables, and
// principals of all kinds.
//
// Three functions ask policies: [Store.AuthorizeAssumeRole], with the trust policy of the role, the caller's
// identity policies and its session policies; [Store.AuthorizeWebIdentity], for whoever has a token of an OIDC
// provider, with the trust policy alone; and [Store.Authorize], for what no resource has a policy for. An
// [AccessDeniedError] says which of them decided, which AWS tells nobody.
//
// The rules follow spec/sts.md section 4 and the IAM User Guide, whose pages comments name by the last part of
// their address. Where the project has no evidence of what AWS does, a comment says that the rule is inferred.
package iam
