package sigv4

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// refusalOf fails the test unless a parser's error is a well-formed refusal.
func refusalOf(t *testing.T, err error) {
	t.Helper()
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("error %v is no refusal", err)
	}
	if refusal.Check == "" || refusal.Status < 300 || refusal.Message == "" || !utf8.ValidString(refusal.Message) {
		t.Fatalf("refusal is incomplete: %+v", refusal)
	}
}

func FuzzParseAuthorization(f *testing.F) {
	for _, v := range suiteVectors(f) {
		if header, ok := v.request.header(headerAuthorization); ok {
			f.Add(header)
		}
	}
	for _, seed := range []string{"", "AWS4-HMAC-SHA256", goodAuth, "AWS4-HMAC-SHA256 FooBar, BazBurp", "AWS4-HMAC-SHA256 ,, Credential==,Signature", "Bearer k8s-aws-v1.x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		a, err := parseAuthorization(header, true)
		if err != nil {
			refusalOf(t, err)
			return
		}
		for _, p := range []field{a.credential, a.signature, a.signedHeaders} {
			if strings.ContainsAny(p.value, ", ") || p.value != "" && !p.present || !strings.Contains(header, p.value) {
				t.Errorf("parameter %+v of %q", p, header)
			}
		}
	})
}

func FuzzParseQuery(f *testing.F) {
	for _, v := range suiteVectors(f) {
		_, rawQuery, _ := strings.Cut(v.request.Target, "?")
		f.Add(rawQuery)
	}
	for _, seed := range []string{"a+b=%2f%7e&&=&%", "a=%zz", "Param-3=Value3&Param=Value2&%E1%88%B4=Value1", "a;b=\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := parseQuery(raw)
		if err != nil {
			refusalOf(t, err)
			return
		}
		q.sort()
		canonical := string(q.appendTo(nil, false))
		if i := strings.IndexFunc(canonical, func(c rune) bool {
			return c > 127 || !unreserved(byte(c)) && !strings.ContainsRune("%=&", c)
		}); i >= 0 {
			t.Errorf("canonical query %q has a byte that must be encoded at %d", canonical, i)
		}
		again, err := parseQuery(canonical)
		if err != nil {
			t.Fatalf("canonical query %q: %v", canonical, err)
		}
		again.sort()
		if second := string(again.appendTo(nil, false)); second != canonical {
			t.Errorf("canonical form of %q is %q, and of that %q", raw, canonical, second)
		}
		for _, p := range q {
			if element, _ := canonicalElement(decodedAsWritten(p.value)); element != p.value {
				t.Errorf("%q decodes to %q, which encodes to %q", p.value, decode(p.value), element)
			}
		}
	})
}

// decodedAsWritten protects the two bytes that mean something in a query from being read again.
func decodedAsWritten(canonical string) string {
	return strings.NewReplacer("%", "%25", "+", "%2B").Replace(decode(canonical))
}

func FuzzParseCredential(f *testing.F) {
	for _, seed := range []string{"", "////", "AKIDEXAMPLE/" + goodScope, "AKID/20150830/sts/aws4_request", "a/b/c/d/e/f", "///"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, credential string) {
		for _, algorithm := range []string{AlgorithmV4, AlgorithmV4A} {
			accessKeyID, scope, err := parseCredential(credential, algorithm)
			if err != nil {
				refusalOf(t, err)
				continue
			}
			if got := accessKeyID + "/" + scope.String(); got != credential {
				t.Errorf("%q was taken apart into %q", credential, got)
			}
			v := Verifier{Service: scope.Service, Now: suiteNow}
			signed := &Signed{Scope: scope, Date: suiteDate, regionSet: "*"}
			if err := v.checkScope(signed); (err == nil) != (scope.Terminator == terminator && scope.Date == "20150830") {
				t.Errorf("checkScope(%v) = %v", scope, err)
			}
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, seed := range []string{"", suiteDate, "2015-08-30T12:36:00Z", "20150830T123660Z", "2015/08/30T12/36/00Z", "00000101T000000Z", "20150830T12360.5Z"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, date string) {
		for form, formats := range map[Form][]string{FormHeader: {basicFormat, extendedFormat}, FormQuery: {basicFormat}} {
			at, err := parseDate(date, form)
			if err != nil {
				refusalOf(t, err)
				continue
			}
			written := false
			for _, format := range formats {
				written = written || at.Format(format) == date
			}
			if !written || at.Location() != time.UTC {
				t.Errorf("%q was read as %v", date, at)
			}
		}
	})
}

func FuzzCanonicalPath(f *testing.F) {
	for _, v := range suiteVectors(f) {
		path, _, _ := strings.Cut(v.request.Target, "?")
		f.Add(path)
	}
	for _, seed := range []string{"", "/../", "/a/./b/../c//", "/%2e%2e/", "/%", "*", "/a\n/\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		canonical, err := canonicalPath(raw)
		if err != nil {
			refusalOf(t, err)
			return
		}
		if !strings.HasPrefix(canonical, "/") || strings.Contains(canonical, "//") {
			t.Errorf("canonical path of %q is %q", raw, canonical)
		}
		for segment := range strings.SplitSeq(canonical, "/") {
			if segment == "." || segment == ".." {
				t.Errorf("canonical path of %q is %q", raw, canonical)
			}
		}
		normal, _ := normalizePath(raw)
		if again, ok := normalizePath(normal); !ok || again != normal {
			t.Errorf("normal form of %q is %q, and of that %q", raw, normal, again)
		}
		if decoded := decode(canonical); decoded != normal {
			t.Errorf("canonical path %q decodes to %q, want %q", canonical, decoded, normal)
		}
	})
}

func FuzzHeaderValue(f *testing.F) {
	for _, v := range suiteVectors(f) {
		for _, h := range v.request.Headers {
			f.Add(h.Value)
		}
	}
	f.Add(" \t a \t\r\n \t b  \n\n c")
	f.Fuzz(func(t *testing.T, value string) {
		canonical := string(appendHeaderValue(nil, value))
		if strings.ContainsAny(canonical, "\r\n") || strings.Contains(canonical, "  ") || strings.Trim(canonical, " \t") != canonical {
			t.Errorf("canonical value of %q is %q", value, canonical)
		}
		if again := string(appendHeaderValue(nil, canonical)); again != canonical {
			t.Errorf("canonical value of %q is %q, and of that %q", value, canonical, again)
		}
	})
}

// FuzzParse gives the whole verifier a request and wants a refusal or a signature that only the right secret proves.
func FuzzParse(f *testing.F) {
	for _, v := range suiteVectors(f) {
		r := v.request
		header, _ := r.header(headerAuthorization)
		date, _ := r.header(paramDate)
		f.Add(r.Method, r.Target, r.Host, header, date, "My-Header1", "value1", r.Body)
	}
	f.Add("GET", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&"+goodQuery, "a", "", "", "X-Amz-Security-Token", "t", []byte(nil))
	f.Add("GET", "/?X-Amz-Region-Set=us-*&"+v4aQuery, "a", "", "", "", "", []byte(nil))
	v4a := regional("us-east-1,*").Headers
	f.Add("POST", "/", "a", v4a[2].Value, suiteDate, v4a[1].Name, v4a[1].Value, []byte("Action=GetCallerIdentity"))
	f.Fuzz(func(t *testing.T, method, target, host, authorization, date, name, value string, body []byte) {
		r := Request{Method: method, Target: target, Host: host, Headers: []Header{{name, value}, {paramDate, date}}, Body: body}
		if authorization != "" {
			r.Headers = append(r.Headers, Header{headerAuthorization, authorization})
		}
		for _, queryProtocol := range []bool{false, true} {
			v := v4aVerifier()
			v.QueryProtocol = queryProtocol
			signed, err := v.Parse(r)
			if err != nil {
				refusalOf(t, err)
				continue
			}
			if err := signed.Verify("not the secret"); err == nil {
				t.Errorf("verified with a wrong secret: %+v", r)
			}
			proved := *signed
			proved.signature = signAs(signed)
			if err := proved.Verify(suiteSecret); err != nil {
				t.Errorf("the right signature does not verify: %v", err)
			}
		}
	})
}

// signAs is the right signature of a request by the suite's secret.
func signAs(s *Signed) string {
	canonical := string(s.appendCanonicalRequest(nil, false))
	if s.Algorithm == AlgorithmV4A {
		return hex.EncodeToString(signV4A(s.AccessKeyID, canonical, s.Date, s.Scope.String()))
	}
	return sign(canonical, s.Date, s.Scope.String())
}

func FuzzRegionSet(f *testing.F) {
	for _, seed := range []string{"", "*", "us-*,eu-west-1", " us-east-1 , *", ",,*", "us-east-1*,**"} {
		f.Add(seed, "us-east-1")
	}
	f.Fuzz(func(t *testing.T, set, region string) {
		covers := coversRegion(set, region)
		if covers && !coversRegion(set+",x", region) || covers && !coversRegion("x, "+set, region) {
			t.Errorf("a longer set than %q covers less", set)
		}
		if covers && !coversRegion(set, "") {
			t.Errorf("%q covers %q, but names no region", set, region)
		}
		if !coversRegion(set+",*", region) {
			t.Errorf("%q and * do not cover %q", set, region)
		}
		if first := firstRegion(set); first != "" && !coversRegion(set, first) {
			t.Errorf("%q does not cover its first region %q", set, first)
		}
	})
}

// FuzzSignatureV4A wants no signature to prove the request but the one that its client made, and that one's twin.
func FuzzSignatureV4A(f *testing.F) {
	const made = "304602210092a18f35bd9cde35856182789ed66d7dfd9d111ae520492e7de158eaae73c371022100dc607cadc01459e41bf637b0fe5e94f2d82da1215e81dca187444ba0b59f0217"
	signed, err := v4aVerifier().Parse(regional("*"))
	if err != nil {
		f.Fatal(err)
	}
	signed.signature = made
	if err := signed.Verify(suiteSecret); err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", "00", "3006020100020100", "30060201010201", made, strings.ToUpper(made), made + "00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, signature string) {
		forged := *signed
		forged.signature = signature
		err := forged.Verify(suiteSecret)
		if err != nil {
			refusalOf(t, err)
		}
		if signature == made && err != nil {
			t.Errorf("what its client made does not prove the request: %v", err)
		}
		if r := made[10:74]; err == nil && !strings.Contains(signature, r) {
			t.Errorf("%q proves the request", signature)
		}
	})
}
