// Package stsfake is a fake AWS STS that really verifies signatures. It answers GetCallerIdentity and
// AssumeRole, and refuses what AWS refuses, with AWS's status, code and words.
//
// A Go test can serve it without anything else:
//
//	store, err := iam.NewStore(iam.Options{Now: time.Now})
//	// … store.PutUser, store.PutRole
//	gate := &stsfake.Gate{Store: store, Now: time.Now}
//	server := httptest.NewServer(stsfake.New(stsfake.Options{Gate: gate}))
//
// and point an SDK's STS client at server.URL. The example of this package does that from beginning to end.
//
// # The gate
//
// [Gate.Authenticate] answers the question who is calling, for STS and for every other AWS API that is
// emulated beside it. It composes sigv4, which checks signatures and knows no identities, and iam, which knows
// identities and no signatures, in the order that decides which answer a doubly broken request gets
// (spec/sts.md section 1.7).
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
// marked in a comment where it is decided; section 4.5 of that document lists the thin spots. Session policies
// (Policy, PolicyArns) are refused, not ignored.
package stsfake
