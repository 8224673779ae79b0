package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Signed is a request whose signature is complete and in time, but not yet proved. It is safe for concurrent use.
// SessionToken is a secret: keep it out of logs.
type Signed struct {
	Form          Form
	Algorithm     string // [AlgorithmV4] or [AlgorithmV4A]
	AccessKeyID   string
	Scope         CredentialScope
	Region        string    // of the scope; of SigV4A, whose scope has none, the verifier's or the set's first
	Date          string    // as in the string to sign: "20150830T123600Z"
	Time          time.Time // the same
	SignedHeaders []string  // names, as sent
	SessionToken  string    // X-Amz-Security-Token of the header or the query, as Form says; signed or not

	request                             Request
	path                                string // canonical
	query                               query  // sorted
	signature, signedHeaders, regionSet string // as sent
	keys                                *KeyCache
}

// mismatch is AWS's text for a wrong signature. STS stopped to append the canonical string to it.
const mismatch = "The request signature we calculated does not match the signature you provided. " +
	"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

// Verify makes check 16: it computes the signature with the secret access key and compares in constant time; of SigV4A
// it verifies the signature with the public key that belongs to the secret. The error is a [*Refusal] that carries the
// canonical request and the string to sign.
//
// The payload hash is always that of the body: STS has no UNSIGNED-PAYLOAD, and x-amz-content-sha256 is a header like
// any other.
func (s *Signed) Verify(secretAccessKey string) error {
	var canonicalSpace [1024]byte // enough for most requests, without an allocation
	var toSignSpace [192]byte
	canonical := s.appendCanonicalRequest(canonicalSpace[:0], false)
	toSign := s.appendStringToSign(toSignSpace[:0], sha256.Sum256(canonical))
	if s.proves(secretAccessKey, toSign) {
		return nil
	}
	refusal := signatureDoesNotMatch(CheckSignature, mismatch)
	refusal.CanonicalRequest = string(s.appendCanonicalRequest(nil, true))
	refusal.StringToSign = string(toSign)
	return refusal
}

// proves says whether the signature is the secret's.
func (s *Signed) proves(secretAccessKey string, toSign []byte) bool {
	if s.Algorithm == AlgorithmV4A {
		return s.provesV4A(secretAccessKey, toSign)
	}
	if s.keys == nil {
		return s.isMAC(signingKey(secretAccessKey, s.Scope), toSign)
	}
	name := nameKey(s.AccessKeyID, secretAccessKey, s.Scope.Date, s.Scope.Region, s.Scope.Service)
	key, cached := s.keys.signing.get(name)
	if !cached {
		key = signingKey(secretAccessKey, s.Scope)
	}
	ok := s.isMAC(key, toSign)
	if ok && !cached {
		s.keys.signing.put(name, key)
	}
	return ok
}

// isMAC says whether the signature is what a signing key makes of a string to sign.
func (s *Signed) isMAC(key [sha256.Size]byte, toSign []byte) bool {
	computed := hmacSHA256(key[:], toSign)
	var digits [2 * sha256.Size]byte
	hex.Encode(digits[:], computed[:])
	return hmac.Equal(digits[:], []byte(s.signature))
}

// Fingerprint names the signature without giving it away: see [Fingerprint].
func (s *Signed) Fingerprint() string { return Fingerprint(s.signature) }

// Fingerprint is the first 16 hex digits of the SHA-256 of a signature in hex. A presigned token and the STS call that
// proves it share it. An empty signature has an empty fingerprint.
func Fingerprint(signature string) string {
	if signature == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(signature))
	return hex.EncodeToString(sum[:8])
}

// appendStringToSign writes the string to sign.
func (s *Signed) appendStringToSign(buf []byte, canonicalHash [sha256.Size]byte) []byte {
	buf = append(buf, s.Algorithm...)
	buf = append(buf, '\n')
	buf = append(buf, s.Date...)
	buf = append(buf, '\n')
	buf = s.Scope.appendTo(buf)
	buf = append(buf, '\n')
	return hex.AppendEncode(buf, canonicalHash[:])
}

func signingKey(secretAccessKey string, scope CredentialScope) [sha256.Size]byte {
	key := hmacSHA256([]byte("AWS4"+secretAccessKey), []byte(scope.Date))
	key = hmacSHA256(key[:], []byte(scope.Region))
	key = hmacSHA256(key[:], []byte(scope.Service))
	return hmacSHA256(key[:], []byte(scope.Terminator))
}

// hmacSHA256 is HMAC-SHA256 (RFC 2104). It does what crypto/hmac does, to which the tests compare it, without the five
// allocations of each, which cost as much as the hashing of texts as short as these.
func hmacSHA256(key, data []byte) [sha256.Size]byte {
	var block [sha256.BlockSize]byte
	if len(key) > len(block) {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	copy(block[:], key)
	for i := range block {
		block[i] ^= 0x36
	}
	var space [sha256.BlockSize + 192]byte
	inner := sha256.Sum256(append(append(space[:0], block[:]...), data...))
	for i := range block {
		block[i] ^= 0x36 ^ 0x5c
	}
	return sha256.Sum256(append(append(space[:0], block[:]...), inner[:]...))
}

// appendCanonicalRequest writes the canonical request; redacted, the values of secrets are not in it.
func (s *Signed) appendCanonicalRequest(buf []byte, redact bool) []byte {
	buf = append(buf, s.request.Method...)
	buf = append(buf, '\n')
	buf = append(buf, s.path...)
	buf = append(buf, '\n')
	buf = s.query.appendTo(buf, redact)
	buf = append(buf, '\n')
	for _, name := range s.SignedHeaders {
		buf = append(buf, strings.ToLower(name)...)
		buf = append(buf, ':')
		if redact && isSecret(name) {
			buf = append(buf, redacted...)
		} else {
			buf = s.request.appendHeaderValues(buf, name)
		}
		buf = append(buf, '\n')
	}
	buf = append(buf, '\n')
	buf = append(buf, s.signedHeaders...)
	buf = append(buf, '\n')
	if len(s.request.Body) == 0 {
		return append(buf, hashOfNothing...)
	}
	body := sha256.Sum256(s.request.Body)
	return hex.AppendEncode(buf, body[:])
}

// hashOfNothing is the SHA-256 of nothing, which every presigned request has for its body.
const hashOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
