package sigv4

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

func v4aVerifier() Verifier {
	v := suiteVerifier()
	v.AcceptV4A, v.Region = true, "us-east-1"
	return v
}

// TestPublicKey derives the key pair of the SDK's own test.
// Evidence: [D] aws-sdk-go-v2 internal/v4a/v4a_test.go, TestDeriveECDSAKeyPairFromSecret.
func TestPublicKey(t *testing.T) {
	t.Parallel()
	key := publicKey("AKISORANDOMAASORANDOM", "q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom")
	got, err := key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	const want = "0415d242ceebf8d8169fd6a8b5a746c41140414c3b07579038da06af89190fffcb0515242cedd82e94799482e4c0514b505afccf2c0c98d6a553bf539f424c5ec0"
	if hex.EncodeToString(got) != want {
		t.Errorf("got  %x\nwant %s", got, want)
	}
}

func TestIncrement(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{"\x00\x00": "\x00\x01", "\x01\xff": "\x02\x00", "\xff\xff": "\x00\x00"} {
		number := []byte(from)
		if increment(number); string(number) != want {
			t.Errorf("%x: got %x, want %x", from, number, want)
		}
	}
}

// TestPublishedVectorsV4A verifies requests of AWS's suite, and refuses them under another secret.
// Evidence: spec/sts.md §1.6, [V].
func TestPublishedVectorsV4A(t *testing.T) {
	t.Parallel()
	archive, err := txtar.ParseFile("testdata/vectors-v4a.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range archive.Files {
		t.Run(file.Name, func(t *testing.T) {
			t.Parallel()
			signed, err := v4aVerifier().Parse(parseWire(t, strings.TrimSuffix(string(file.Data), "\n")))
			if err != nil {
				t.Fatal(err)
			}
			if err := signed.Verify(suiteSecret); err != nil {
				t.Error(err)
			}
			if signed.Algorithm != AlgorithmV4A || signed.Region != "us-east-1" || signed.Scope.String() != "20150830/service/aws4_request" || signed.AccessKeyID != suiteKey {
				t.Errorf("got algorithm %q, region %q, scope %q, key %q", signed.Algorithm, signed.Region, signed.Scope, signed.AccessKeyID)
			}
			var refusal *Refusal
			if err := signed.Verify("another secret"); !errors.As(err, &refusal) || refusal.Check != CheckSignature {
				t.Fatalf("another secret: got %v, want a refusal at check %q", err, CheckSignature)
			}
			if want := "AWS4-ECDSA-P256-SHA256\n20150830T123600Z\n20150830/service/aws4_request\n"; !strings.HasPrefix(refusal.StringToSign, want) {
				t.Errorf("string to sign is %q, want it to begin with %q", refusal.StringToSign, want)
			}
		})
	}
}

// privateKey derives the private key that belongs to the suite's secret, sharing no code with the verifier.
func privateKey(accessKeyID string) *ecdsa.PrivateKey {
	n := elliptic.P256().Params().N
	for c := byte(1); ; c++ {
		mac := hmac.New(sha256.New, []byte("AWS4A"+suiteSecret))
		mac.Write([]byte{0, 0, 0, 1})
		mac.Write([]byte("AWS4-ECDSA-P256-SHA256"))
		mac.Write([]byte{0})
		mac.Write([]byte(accessKeyID))
		mac.Write([]byte{c, 0, 0, 1, 0})
		d := new(big.Int).SetBytes(mac.Sum(nil))
		if d.Cmp(new(big.Int).Sub(n, big.NewInt(2))) > 0 {
			continue
		}
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d.Add(d, big.NewInt(1)).FillBytes(make([]byte, 32)))
		if err != nil {
			panic(err) // a number from 1 to n-1
		}
		return key
	}
}

// signV4A signs a canonical request.
func signV4A(accessKeyID, canonical, date, scope string) []byte {
	sum := sha256.Sum256([]byte(canonical))
	toSign := sha256.Sum256([]byte("AWS4-ECDSA-P256-SHA256\n" + date + "\n" + scope + "\n" + hex.EncodeToString(sum[:])))
	signature, err := ecdsa.SignASN1(rand.Reader, privateKey(accessKeyID), toSign[:])
	if err != nil {
		panic(err) // the random source never fails
	}
	return signature
}

// TestSignatureEncoding takes a signature of SigV4A in the one way that it is written.
func TestSignatureEncoding(t *testing.T) {
	t.Parallel()
	const (
		scope     = "20150830/service/aws4_request"
		canonical = "GET\n/\n\nhost:a\nx-amz-date:20150830T123600Z\nx-amz-region-set:*\n\nhost;x-amz-date;x-amz-region-set\n" + emptyHash
	)
	der := signV4A(suiteKey, canonical, suiteDate, scope)
	good := hex.EncodeToString(der)
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &rs); err != nil {
		t.Fatal(err)
	}
	rs.S.Sub(elliptic.P256().Params().N, rs.S)
	twin, err := asn1.Marshal(rs)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		signature string
		proves    bool
	}{
		"DER in hex":                  {good, true},
		"twin, as with every ECDSA":   {hex.EncodeToString(twin), true},
		"upper-case hex [I]":          {strings.ToUpper(good), false},
		"a byte more":                 {good + "00", false},
		"a byte less":                 {good[:len(good)-2], false},
		"half a byte":                 {good[:len(good)-1], false},
		"r and s without DER":         {hex.EncodeToString(append(rs.R.FillBytes(make([]byte, 32)), rs.S.FillBytes(make([]byte, 32))...)), false},
		"a MAC of SigV4":              {sign(canonical, suiteDate, scope), false},
		"zeros for r and s":           {"3006020100020100", false},
		"none":                        {"", false},
		"not hex":                     {"g" + good[1:], false},
		"length of the list, long":    {"308144" + good[4:], false},
		"an integer, padded":          {"300602010102020001", false},
		"signature of another string": {hex.EncodeToString(signV4A(suiteKey, canonical+"x", suiteDate, scope)), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signed, err := v4aVerifier().Parse(Request{Method: "GET", Target: "/", Host: "a", Headers: []Header{
				{"X-Amz-Date", suiteDate}, {"X-Amz-Region-Set", "*"},
				{"Authorization", "AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/" + scope + ", SignedHeaders=host;x-amz-date;x-amz-region-set, Signature=" + tt.signature},
			}})
			if err != nil {
				t.Fatal(err)
			}
			if err := signed.Verify(suiteSecret); (err == nil) != tt.proves {
				t.Errorf("got %v, want it proved: %v", err, tt.proves)
			}
		})
	}
}

// TestCoversRegion: names, lists and prefixes of spec/sts.md §1.6 [D]; spaces and odd sets are [I].
func TestCoversRegion(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		set, region string
		want        bool
	}{
		{"*", "us-west-2", true},
		{"us-west-2", "us-west-2", true},
		{"us-west-2", "us-west-1", false},
		{"us-west", "us-west-2", false},
		{"us-*", "us-west-2", true},
		{"us-*", "eu-west-1", false},
		{"eu-west-1,us-west-2", "us-west-2", true},
		{"eu-west-1,us-*", "us-west-2", true},
		{"eu-west-1, us-west-2", "us-west-2", true},
		{"eu-west-1,ap-*", "us-west-2", false},
		{"*-west-2", "us-west-2", false},
		{"US-WEST-2", "us-west-2", false},
		{"", "us-west-2", false},
		{",", "us-west-2", false},
		{"", "", false},
		{" ,", "", false},
		{"eu-west-1", "", true},
		{"*", "", true},
	} {
		if got := coversRegion(tt.set, tt.region); got != tt.want {
			t.Errorf("set %q, region %q: got %v, want %v", tt.set, tt.region, got, tt.want)
		}
	}
}

// TestRegionOfV4A: without an endpoint's region, the set's first says what the request is for; that is our own.
func TestRegionOfV4A(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ endpoint, set, want string }{
		{"us-east-1", "*", "us-east-1"},
		{"", "eu-west-1,us-east-1", "eu-west-1"},
		{"", " eu-west-1", "eu-west-1"},
		{"", "*", ""},
		{"", "eu-*,eu-west-1", ""},
	} {
		v := v4aVerifier()
		v.Region = tt.endpoint
		signed, err := v.Parse(regional(tt.set))
		if err != nil {
			t.Errorf("endpoint of %q, set %q: %v", tt.endpoint, tt.set, err)
			continue
		}
		if signed.Region != tt.want {
			t.Errorf("endpoint of %q, set %q: got region %q, want %q", tt.endpoint, tt.set, signed.Region, tt.want)
		}
	}
}

// regional is a request for a region set, without a right signature.
func regional(set string) Request {
	return Request{Method: "GET", Target: "/", Host: "a", Headers: []Header{
		{"X-Amz-Date", suiteDate}, {"X-Amz-Region-Set", set},
		{"Authorization", "AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/20150830/service/aws4_request, SignedHeaders=host;x-amz-region-set, Signature=00"},
	}}
}
