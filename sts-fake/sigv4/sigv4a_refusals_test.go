package sigv4

import "testing"

const (
	v4aScope = "20150830/sts/aws4_request"
	v4aQuery = "X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Credential=AKIDEXAMPLE/" + v4aScope + "&X-Amz-Date=" + suiteDate + "&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
)

func v4aHeaders(credential, signedHeaders, regionSet string) []Header {
	return []Header{
		{"Authorization", "AWS4-ECDSA-P256-SHA256 Credential=" + credential + ", SignedHeaders=" + signedHeaders + ", Signature=00"},
		{"X-Amz-Date", suiteDate}, {"X-Amz-Region-Set", regionSet},
	}
}

// TestRefusalsV4A: what STS answers to SigV4A that is wrong is not evidenced (spec/sts.md §1.6), so every text here is
// either one of SigV4's that fits, or made after one: [I].
func TestRefusalsV4A(t *testing.T) {
	t.Parallel()
	for _, tt := range []refusalRow{
		{"header without a region set [I]", request{headers: v4aHeaders("AKIDEXAMPLE/"+v4aScope, "host", "")[:2]},
			CheckParameters, 400, "IncompleteSignature", "Authorization header requires existence of a 'X-Amz-Region-Set' header. Authorization=AWS4-ECDSA-P256-SHA256"},
		{"nothing but the algorithm [I]", request{headers: []Header{{"Authorization", "AWS4-ECDSA-P256-SHA256"}}},
			CheckParameters, 400, "IncompleteSignature",
			"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. " +
				"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization header requires existence of a 'X-Amz-Region-Set' header. Authorization=AWS4-ECDSA-P256-SHA256"},
		{"query without a region set [I]", request{target: "/?" + v4aQuery},
			CheckParameters, 400, "IncompleteSignature", "AWS query-string parameters must include 'X-Amz-Region-Set'. Re-examine the query-string parameters."},
		{"region set of the query in a header [I]", request{target: "/?" + v4aQuery, headers: []Header{{"X-Amz-Region-Set", "*"}}},
			CheckParameters, 400, "IncompleteSignature", "AWS query-string parameters must include 'X-Amz-Region-Set'. Re-examine the query-string parameters."},
		{"region set not signed [I]", request{headers: v4aHeaders("AKIDEXAMPLE/"+v4aScope, "host;x-amz-date", "*")},
			CheckRegionSet, 403, "SignatureDoesNotMatch", "'X-Amz-Region-Set' must be a 'SignedHeader' in the AWS Authorization."},
		{"region set of other regions [I]", request{headers: v4aHeaders("AKIDEXAMPLE/"+v4aScope, "host;x-amz-region-set", "us-west-*,eu-central-1")},
			CheckScope, 403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region. "},
		{"region set of other regions, presigned [I]", request{target: "/?X-Amz-Region-Set=us-west-2&" + v4aQuery},
			CheckScope, 403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region. "},
		{"empty region set [I]", request{headers: v4aHeaders("AKIDEXAMPLE/"+v4aScope, "host;x-amz-region-set", "")},
			CheckScope, 403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region. "},
		{"credential with a region [I]", request{headers: v4aHeaders("AKIDEXAMPLE/"+goodScope, "host;x-amz-region-set", "*")},
			CheckCredential, 400, "IncompleteSignature", "Credential must have exactly 4 slash-delimited elements, e.g. keyid/date/service/term, got 'AKIDEXAMPLE/" + goodScope + "'"},
		{"wrong service, terminator and date [I]", request{headers: v4aHeaders("AKIDEXAMPLE/20150829/iam/x", "host;x-amz-region-set", "*")},
			CheckScope, 403, "SignatureDoesNotMatch",
			"Credential should be scoped to correct service: 'sts'. Credential should be scoped with a valid terminator: 'aws4_request', not 'x'. " +
				"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150829' != '20150830', from '20150830T123600Z'."},
		{"wrong signature [I]", request{headers: v4aHeaders("AKIDEXAMPLE/"+v4aScope, "host;x-amz-region-set", "*")},
			CheckSignature, 403, "SignatureDoesNotMatch", shortMismatch},
		{"wrong signature, presigned [I]", request{target: "/?X-Amz-Region-Set=us-*&" + v4aQuery},
			CheckSignature, 403, "SignatureDoesNotMatch", shortMismatch},
		{"another algorithm, all the same [S]", request{headers: authorizationHeaders("AWS4-ECDSA-P384-SHA384 Credential=x", suiteDate)},
			CheckAlgorithm, 400, "IncompleteSignature", "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P384-SHA384'."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.request.v4a = true
			got := tt.request.verdict(t)
			if got.Check != tt.check || got.Status != tt.status || got.Code != tt.code || got.Message != tt.message {
				t.Errorf("got  %s %d %s %q\nwant %s %d %s %q", got.Check, got.Status, got.Code, got.Message, tt.check, tt.status, tt.code, tt.message)
			}
		})
	}
}
