// Package sigv4 verifies AWS Signature Version 4 the way AWS's own endpoints do: it accepts what they accept,
// and refuses the rest with their status, code and words.
//
// # How a signature works
//
// The client writes the request down in one agreed form, the canonical request: method, path, query, the headers
// that it chose to sign, and the hash of the body. The hash of that, with the date and the credential scope
// (date/region/service/aws4_request), is the string to sign. It is signed with a key that is derived from the
// secret key and the scope, so that a stolen signing key is worth one day, one region and one service. The server
// knows the secret, does the same, and compares. Whatever a proxy, a router or a wrong library changes on the way
// (the order of the query, an escape, a folded header) makes the two sides write down different things.
//
// A signature travels in the Authorization header ([FormHeader]) or in the query of a presigned URL ([FormQuery]).
//
// SigV4A ([AlgorithmV4A]) signs the same canonical request for several regions at once. Its scope has no region; a
// region set ("us-east-1,eu-*", "*") is signed with the request instead. The signature is an ECDSA signature by a key
// pair that both sides derive from the secret key, so that verifying takes the public half only. STS takes it since
// April 2026 from clients that ask for it; [Verifier.AcceptV4A] does here.
//
// # How to use it
//
// [Verifier.Parse] finds out who claims to have signed what, without any secret. The caller then looks up the
// secret of [Signed.AccessKeyID] (and judges [Signed.SessionToken]) and hands it to [Signed.Verify]:
//
//	signed, err := sigv4.Verifier{Service: "sts", ValidRegion: valid, Now: now}.Parse(sigv4.FromHTTP(r, body))
//	// … the secret of signed.AccessKeyID
//	err = signed.Verify(secret)
//
// Every error of both is a [*Refusal]. The order of the checks decides which answer a doubly broken request gets,
// so it is AWS's, and each check has a name: see the Check constants.
//
// A [KeyCache] in [Verifier.Keys] saves most of the hashing for clients that come back.
//
// # What it works on
//
// A [Request] is the request as it was on the wire: raw target, headers in received order. An [http.Request] has
// lost some of that; [FromHTTP] restores what can be restored. Nothing may rewrite the target on its way here: no
// router that cleans paths, no [net/url.ParseQuery].
//
// # Where the rules come from
//
// The rules are those of spec/sts.md §1 and the texts those of its §2.2, where each has its evidence. A comment that
// says "not AWS's word" marks what nobody recorded. Two things are left out: SigV4A is refused as an unsupported
// algorithm, and AWS's five-second cache of refusals is not imitated.
package sigv4
