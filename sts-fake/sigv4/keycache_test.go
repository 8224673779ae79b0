package sigv4

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// signedWith is a request of the suite's identity, signed by one secret or another.
func signedWith(secret, region string) Request {
	const canonical = "GET\n/\n\nhost:a\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n" + emptyHash
	scope := "20150830/" + region + "/service/aws4_request"
	return Request{Method: "GET", Target: "/", Host: "a", Headers: []Header{
		{"X-Amz-Date", suiteDate},
		{"Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/" + scope + ", SignedHeaders=host;x-amz-date, Signature=" + signWith(secret, canonical, suiteDate, scope)},
	}}
}

func verifyCached(t *testing.T, keys *KeyCache, r Request, secret string) error {
	t.Helper()
	v := v4aVerifier()
	v.ValidRegion, v.Keys = nil, keys
	signed, err := v.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	return signed.Verify(secret)
}

// cachedV4A is a request of the suite's identity, signed by SigV4A.
func cachedV4A() Request {
	r := regional("us-east-1")
	const canonical = "GET\n/\n\nhost:a\nx-amz-region-set:us-east-1\n\nhost;x-amz-region-set\n" + emptyHash
	r.Headers[2].Value = strings.Replace(r.Headers[2].Value, "Signature=00", fmt.Sprintf("Signature=%x", signV4A(suiteKey, canonical, suiteDate, "20150830/service/aws4_request")), 1)
	return r
}

// TestKeyCacheKeepsApart: with a warm cache, everything is refused that is refused without one: another secret, an
// old one after a rotation, and a signature of another algorithm.
func TestKeyCacheKeepsApart(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Request{"SigV4": signedWith(suiteSecret, "us-east-1"), "SigV4A": cachedV4A()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := new(KeyCache)
			for _, step := range []struct {
				secret string
				proves bool
			}{
				{suiteSecret, true}, {suiteSecret, true}, {"rotated", false}, {"", false}, {suiteSecret[1:], false}, {suiteSecret, true},
			} {
				if err := verifyCached(t, keys, r, step.secret); (err == nil) != step.proves {
					t.Errorf("secret %q: got %v, want it proved: %v", step.secret, err, step.proves)
				}
			}
		})
	}
	keys := new(KeyCache)
	old, rotated := signedWith(suiteSecret, "us-east-1"), signedWith("rotated", "us-east-1")
	if verifyCached(t, keys, old, suiteSecret) != nil || verifyCached(t, keys, rotated, "rotated") != nil {
		t.Fatal("not verified")
	}
	if verifyCached(t, keys, old, "rotated") == nil || verifyCached(t, keys, rotated, suiteSecret) == nil {
		t.Error("a signature by one secret verifies under the other")
	}
}

// TestKeyCacheKeepsProvedKeys: only who can sign gets a key into the cache.
func TestKeyCacheKeepsProvedKeys(t *testing.T) {
	t.Parallel()
	keys := new(KeyCache)
	for i := range 20 {
		if verifyCached(t, keys, signedWith("wrong", fmt.Sprint("region-", i)), suiteSecret) == nil {
			t.Fatal("verified by a wrong secret")
		}
	}
	if verifyCached(t, keys, regional("us-east-1"), suiteSecret) == nil {
		t.Fatal("verified without a right signature")
	}
	if n, m := len(keys.signing.young), len(keys.public.young); n != 0 || m != 0 {
		t.Errorf("forged requests left %d signing keys and %d public keys", n, m)
	}
	for i := range 20 {
		if err := verifyCached(t, keys, signedWith(suiteSecret, fmt.Sprint("region-", i%5)), suiteSecret); err != nil {
			t.Fatal(err)
		}
	}
	if err := verifyCached(t, keys, cachedV4A(), suiteSecret); err != nil {
		t.Fatal(err)
	}
	if n, m := len(keys.signing.young), len(keys.public.young); n != 5 || m != 1 {
		t.Errorf("got %d signing keys and %d public keys, want 5 and 1", n, m)
	}
}

// TestGenerations: the map stays within its bound, and what is in use stays in it.
func TestGenerations(t *testing.T) {
	t.Parallel()
	var g generations[int]
	name := func(i int) keyName { return nameKey(fmt.Sprint(i)) }
	g.put(name(-1), -1)
	for i := range 5 * maxCachedKeys {
		g.put(name(i), i)
		if v, ok := g.get(name(i)); !ok || v != i {
			t.Fatalf("%d is gone at once", i)
		}
		if i%maxCachedKeys == 0 {
			if v, ok := g.get(name(-1)); !ok || v != -1 {
				t.Fatalf("what is in use is gone after %d others", i)
			}
		}
		if n, m := len(g.young), len(g.old); n > maxCachedKeys || m > maxCachedKeys {
			t.Fatalf("%d young and %d old after %d", n, m, i)
		}
	}
	if _, ok := g.get(name(0)); ok {
		t.Error("what nobody uses is not forgotten")
	}
}

// TestNameKey: no two lists of parts have one name.
func TestNameKey(t *testing.T) {
	t.Parallel()
	seen := map[keyName][]string{}
	for _, parts := range [][]string{
		{}, {""}, {"", ""}, {"ab", "c"}, {"a", "bc"}, {"abc"}, {"abc", ""}, {"", "abc"}, {strings.Repeat("x", 500)}, {strings.Repeat("x", 499), "x"},
	} {
		name := nameKey(parts...)
		if other, taken := seen[name]; taken {
			t.Errorf("%q and %q have one name", parts, other)
		}
		seen[name] = parts
	}
}

// TestKeyCacheHoldsNoSecret looks at everything a filled cache holds.
func TestKeyCacheHoldsNoSecret(t *testing.T) {
	t.Parallel()
	keys := new(KeyCache)
	if err := verifyCached(t, keys, signedWith(suiteSecret, "us-east-1"), suiteSecret); err != nil {
		t.Fatal(err)
	}
	for name, key := range keys.signing.young {
		if dump := string(name[:]) + string(key[:]); strings.Contains(dump, suiteSecret) || strings.Contains(dump, suiteSecret[:8]) {
			t.Error("the secret key is in the cache")
		}
	}
}

// TestKeyCacheConcurrent is for the race detector.
func TestKeyCacheConcurrent(t *testing.T) {
	t.Parallel()
	keys := new(KeyCache)
	requests := []Request{cachedV4A()}
	for i := range 8 {
		requests = append(requests, signedWith(suiteSecret, fmt.Sprint("region-", i)))
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 50 {
				r := requests[(worker+i)%len(requests)]
				v := v4aVerifier()
				v.ValidRegion, v.Keys = nil, keys
				signed, err := v.Parse(r)
				if err != nil {
					t.Error(err)
					return
				}
				if signed.Verify(suiteSecret) != nil || signed.Verify("wrong") == nil {
					t.Error("wrong verdict")
				}
			}
		})
	}
	wg.Wait()
}
