// Package stsfake is a fake AWS STS that really verifies signatures. It answers all operations of STS that unmodified
// clients call, and refuses what AWS refuses, with AWS's status, code and words.
//
// A Go test can serve it without anything else:
//
//	store, err := iam.NewStore(iam.Options{Now: time.Now})
//	// … store.PutUser, store.PutRole
//	gate := &stsfake.Gate{Store: store, Now: time.Now}
//	server := httptest.NewServer(stsfake.New(stsfake.Options{Gate: gate}))
//
// and point an SDK's STS client at server.URL. The examples of this package do that from beginning to end; package
// stsfaketest does it in one call.
//
// # The gate
//
// [Gate.Authenticate] answers the question who is calling, for STS and for every other AWS API that is
// emulated beside it. It composes sigv4, which checks signatures and knows no identities, and iam, which knows
// identities and no signatures, in the order that decides which answer a doubly broken request gets
// (spec/sts.md section 1.7).
//
// # Operations
//
//	GetCallerIdentity            for everybody with credentials
//	AssumeRole                   by trust and identity policies, with session policies and tags, MFA, chaining limits
//	AssumeRoleWithWebIdentity    unsigned; the token is verified by [Options.Issuers] (package webidentity)
//	GetSessionToken              for users and root, with MFA
//	GetFederationToken           for users and root who may, with session policies and tags
//	GetAccessKeyInfo             for everybody with credentials
//	DecodeAuthorizationMessage   for who may, of messages that iam.Store.SealMessage made
//	AssumeRoleWithSAML, AssumeRoot, GetDelegatedAccessToken, GetWebIdentityToken
//	                             checked, and then refused as AWS refuses who is not allowed to
//
// Each has a file with its members as the model has them and its checks in their order. Everything that is issued is
// sealed into the session token: the server keeps nothing.
//
// # Endpoints
//
// A request that arrives under an AWS host name must be signed for the region that the name stands for (see
// [ParseEndpoint]). Under any other name, such as 127.0.0.1:8080, it came to the direct endpoint, which takes
// every region unless [Gate.Region] names one. The Host header decides, so a server of several AWS host names has to
// refuse one that is not the name that the client connected to.
//
// # How exact it is
//
// Answers follow spec/sts.md section 2, byte for byte where a real answer was recorded. What is inferred is
// marked in a comment where it is decided; section 4.5 of that document lists the thin spots. What is not emulated and
// would change what a session may do is refused with the code NotEmulated, which is not AWS's, and never ignored:
// managed session policies (PolicyArns), context assertions (ProvidedContexts) and OAuth 2.0 access tokens (ProviderId).
package stsfake
