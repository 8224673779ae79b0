package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

// BenchmarkVerify parses and verifies a POST as botocore sends it and a presigned GET with a session token.
// Compare with BenchmarkCryptoFloor.
func BenchmarkVerify(b *testing.B) {
	vectors := suiteVectors(b)
	for _, name := range []string{"post-x-www-form-urlencoded", "get-vanilla-with-session-token-query.query"} {
		b.Run(name, func(b *testing.B) {
			r, v := vectors[name].request, suiteVerifier()
			b.ReportAllocs()
			for b.Loop() {
				signed, err := v.Parse(r)
				if err != nil {
					b.Fatal(err)
				}
				if err := signed.Verify(suiteSecret); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCryptoFloor does only what no verifier can leave out: the hashes of body and canonical request, the four HMACs
// of the signing key and that of the signature.
func BenchmarkCryptoFloor(b *testing.B) {
	vectors := suiteVectors(b)
	for _, name := range []string{"post-x-www-form-urlencoded", "get-vanilla-with-session-token-query.query"} {
		b.Run(name, func(b *testing.B) {
			body, canonical := vectors[name].request.Body, []byte(vectors[name].canonical)
			parts := [][]byte{[]byte("20150830"), []byte("us-east-1"), []byte("service"), []byte("aws4_request")}
			toSign := []byte("AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n" + hex.EncodeToString(make([]byte, sha256.Size)))
			b.ReportAllocs()
			for b.Loop() {
				_ = sha256.Sum256(body)
				_ = sha256.Sum256(canonical)
				key := []byte("AWS4" + suiteSecret)
				for _, part := range parts {
					key = mac(key, part)
				}
				_ = mac(key, toSign)
			}
		})
	}
}

func mac(key, data []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(data)
	return h.Sum(nil)
}

// BenchmarkHostile refuses requests that are made to cost much.
func BenchmarkHostile(b *testing.B) {
	for name, r := range hostileRequests() {
		b.Run(name, func(b *testing.B) {
			v := suiteVerifier()
			b.ReportAllocs()
			for b.Loop() {
				if signed, err := v.Parse(r); err == nil && signed.Verify("not the secret") == nil {
					b.Fatal("verified")
				}
			}
		})
	}
}
