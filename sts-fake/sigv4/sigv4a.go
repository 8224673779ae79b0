package sigv4

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// paramRegionSet names the regions that a SigV4A signature is good for: a signed header, or a parameter of the query.
const paramRegionSet = "X-Amz-Region-Set"

// coversRegion says whether a region set has a region: names separated by commas, "*" for every region, and prefixes
// that end with "*", such as "us-*" (spec/sts.md §1.6). Without a region every set will do that names one. That the
// names of regions are told apart by case, and that spaces around the commas mean nothing, is not AWS's word.
func coversRegion(set, region string) bool {
	for name := range strings.SplitSeq(set, ",") {
		name = strings.Trim(name, " ")
		prefix, wild := strings.CutSuffix(name, "*")
		switch {
		case name == "":
		case region == "", name == region, wild && strings.HasPrefix(region, prefix):
			return true
		}
	}
	return false
}

// firstRegion is the first region of a set, or "" if the set does not begin with one.
func firstRegion(set string) string {
	name, _, _ := strings.Cut(set, ",")
	if strings.HasSuffix(name, "*") {
		return ""
	}
	return strings.Trim(name, " ")
}

// publicKey derives the public key of SigV4A from an access key: the derivation in counter mode of NIST SP 800-108
// with HMAC-SHA256, tried with one number after the other until the result, plus one, is a private key of P-256, as in
// FIPS 186-4 appendix B.4.2 (spec/sts.md §1.6). It is nil if none of 254 candidates is one, which does not happen: one in
// 2^32 is not.
func publicKey(accessKeyID, secretAccessKey string) *ecdsa.PublicKey {
	input := append([]byte("\x00\x00\x00\x01"+AlgorithmV4A+"\x00"+accessKeyID), 0, 0, 0, 1, 0) // 256 bits, big endian
	attempt := len(input) - 5
	for n := byte(1); n < 255; n++ {
		input[attempt] = n
		candidate := hmacSHA256([]byte("AWS4A"+secretAccessKey), input)
		increment(candidate[:])
		if key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), candidate[:]); err == nil {
			return &key.PublicKey
		}
	}
	return nil
}

// increment adds one to a big-endian number; the highest one becomes zero.
func increment(number []byte) {
	for i := len(number) - 1; i >= 0; i-- {
		number[i]++
		if number[i] != 0 {
			return
		}
	}
}

// checkRegionSetSigned refuses a region set that anybody could have changed: one in a header that is not signed. The
// text is not AWS's word, but made after that for Host.
func (s *Signed) checkRegionSetSigned() error {
	if s.Algorithm != AlgorithmV4A || s.Form != FormHeader {
		return nil // the whole query is signed
	}
	if slices.ContainsFunc(s.SignedHeaders, func(name string) bool { return sameHeader(name, paramRegionSet) }) {
		return nil
	}
	return signatureDoesNotMatch(CheckRegionSet, "'"+paramRegionSet+"' must be a 'SignedHeader' in the AWS Authorization.")
}

// provesV4A says whether the signature is one by the secret's key pair: DER in lower-case hex. That upper-case hex is
// refused is not AWS's word. As with every ECDSA, a signature (r, s) has a twin (r, n-s) that proves the same request.
func (s *Signed) provesV4A(secretAccessKey string, toSign []byte) bool {
	signature, err := hex.DecodeString(s.signature)
	if err != nil || hex.EncodeToString(signature) != s.signature {
		return false
	}
	hash := sha256.Sum256(toSign)
	if s.keys == nil {
		key := publicKey(s.AccessKeyID, secretAccessKey)
		return key != nil && ecdsa.VerifyASN1(key, hash[:], signature)
	}
	name := nameKey(s.AccessKeyID, secretAccessKey)
	key, cached := s.keys.public.get(name)
	if !cached {
		key = publicKey(s.AccessKeyID, secretAccessKey)
	}
	ok := key != nil && ecdsa.VerifyASN1(key, hash[:], signature)
	if ok && !cached {
		s.keys.public.put(name, key)
	}
	return ok
}
