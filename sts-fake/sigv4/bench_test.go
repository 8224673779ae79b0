package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"testing"
	"time"
)

// benchmarks runs a benchmark for a POST as botocore sends it and for a presigned GET with a session token, with every
// key derived anew and with a [KeyCache].
func benchmarks(b *testing.B, run func(b *testing.B, v vector, keys *KeyCache)) {
	b.Helper()
	vectors := suiteVectors(b)
	for _, name := range []string{"post-x-www-form-urlencoded", "get-vanilla-with-session-token-query.query"} {
		b.Run(name+"/derived", func(b *testing.B) { run(b, vectors[name], nil) })
		b.Run(name+"/cached", func(b *testing.B) { run(b, vectors[name], new(KeyCache)) })
	}
}

// verification parses and verifies a request.
func verification(b *testing.B, r Request, keys *KeyCache) func() {
	b.Helper()
	v := suiteVerifier()
	v.Keys = keys
	return func() {
		signed, err := v.Parse(r)
		if err != nil {
			b.Fatal(err)
		}
		if err := signed.Verify(suiteSecret); err != nil {
			b.Fatal(err)
		}
	}
}

// cryptoFloor does only what no verifier can leave out: the hash of the body, that of the canonical request and the HMAC
// of the signature, and without a cache the four HMACs of the signing key.
func cryptoFloor(v vector, cached bool) func() {
	canonical := []byte(v.canonical)
	scope := [][]byte{[]byte("20150830"), []byte("us-east-1"), []byte("service"), []byte("aws4_request")}
	toSign := []byte("AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n" + hex.EncodeToString(make([]byte, sha256.Size)))
	secret := []byte("AWS4" + suiteSecret)
	signing := secret
	for _, part := range scope {
		signing = mac(signing, part)
	}
	return func() {
		_ = sha256.Sum256(v.request.Body)
		_ = sha256.Sum256(canonical)
		key := signing
		if !cached {
			key = secret
			for _, part := range scope {
				key = mac(key, part)
			}
		}
		_ = mac(key, toSign)
	}
}

func mac(key, data []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(data)
	return h.Sum(nil)
}

func BenchmarkVerify(b *testing.B) {
	benchmarks(b, func(b *testing.B, v vector, keys *KeyCache) {
		b.Helper()
		verify := verification(b, v.request, keys)
		b.ReportAllocs()
		for b.Loop() {
			verify()
		}
	})
}

func BenchmarkCryptoFloor(b *testing.B) {
	benchmarks(b, func(b *testing.B, v vector, keys *KeyCache) {
		b.Helper()
		floor := cryptoFloor(v, keys != nil)
		b.ReportAllocs()
		for b.Loop() {
			floor()
		}
	})
}

// BenchmarkVerifyOverFloor gives the ratio of the two, x-floor: the best of many short runs that took turns, so that a
// busy machine slows both or counts for neither.
func BenchmarkVerifyOverFloor(b *testing.B) {
	benchmarks(b, func(b *testing.B, v vector, keys *KeyCache) {
		b.Helper()
		verify, floor := verification(b, v.request, keys), cryptoFloor(v, keys != nil)
		verify()
		bestVerify, bestFloor := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
		for b.Loop() {
			bestVerify = min(bestVerify, took(verify))
			bestFloor = min(bestFloor, took(floor))
		}
		b.ReportMetric(float64(bestVerify)/float64(bestFloor), "x-floor")
	})
}

// took is how long a hundred runs take.
func took(run func()) time.Duration {
	began := time.Now()
	for range 100 {
		run()
	}
	return time.Since(began)
}

// BenchmarkVerifyV4A verifies a request of SigV4A. Its cost is that of ECDSA; a cache saves the multiplication that finds the
// public key.
func BenchmarkVerifyV4A(b *testing.B) {
	r := cachedV4A()
	for name, keys := range map[string]*KeyCache{"derived": nil, "cached": new(KeyCache)} {
		b.Run(name, func(b *testing.B) {
			v := v4aVerifier()
			v.Keys = keys
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
