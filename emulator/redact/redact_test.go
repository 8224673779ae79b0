package redact_test

import (
	"strings"
	"testing"

	"github.com/eksemu/eksemu/emulator/redact"
)

const (
	signature    = "fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024"
	sessionToken = "FwoGZXIvYXdzEBYaDHNlc3Npb24/tok+en=="
	jwt          = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW06In0.c2lnbmF0dXJl-_"
	botocoreLine = `2026-11-23 00:00:00,000 - MainThread - botocore.endpoint - DEBUG - Sending http request: <AWSPreparedRequest ` +
		`stream_output=False, method=POST, url=https://sts.us-west-2.amazonaws.com/, headers={'Content-Type': b'application/x-www-form-urlencoded; ` +
		`charset=utf-8', 'X-Amz-Date': b'20261123T000000Z', 'X-Amz-Security-Token': b'` + sessionToken + `', 'Content-Length': '43'}>`
	secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// TestText has lines as upstream logs and prints them.
func TestText(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ line, want string }{
		{"", ""},
		{"nothing to hide: 3 events, k8s-aws-v1. is the prefix", "nothing to hide: 3 events, k8s-aws-v1. is the prefix"},
		{`level=error msg="token k8s-aws-v1.aHR0cHM6Ly9zdHMu_-+/= is bad"`, `level=error msg="token k8s-aws-v1.[redacted] is bad"`},
		{"token: K8S-AWS-V1.aHR0cHM6Ly9zdHM_-=", "token: K8S-AWS-V1.[redacted]"},
		{"Authorization: Bearer " + jwt, "Authorization: Bearer [redacted]"},
		{"GET /?X-Amz-Signature=" + signature + "&X-Amz-Expires=60", "GET /?X-Amz-Signature=[redacted]&X-Amz-Expires=60"},
		{"GET /?x-amz-security-token=FwoGZX%2FIvY%3D%3D&a=b", "GET /?x-amz-security-token=[redacted]&a=b"},
		{"%3FX-Amz-Signature%3D" + signature, "%3FX-Amz-Signature%3D[redacted]"},
		{`parse "https://sts.amazonaws.com/?X-Amz-Signature=` + signature + `": bad`, `parse "https://sts.amazonaws.com/?X-Amz-Signature=[redacted]": bad`},
		{"Credential=AKIAIOSFODNN7EXAMPLE/20261123/us-west-2/sts/aws4_request, SignedHeaders=host, Signature=" + signature, "Credential=AKIAIOSFODNN7EXAMPLE/20261123/us-west-2/sts/aws4_request, SignedHeaders=host, Signature=[redacted]"},
		{"X-Amz-Security-Token: " + sessionToken, "X-Amz-Security-Token: [redacted]"},
		{`X-Amz-Security-Token:[` + sessionToken + `]`, `X-Amz-Security-Token:[[redacted]]`},
		{`{"SecretAccessKey": "` + secretKey + `", "SessionToken":"` + sessionToken + `"}`, `{"SecretAccessKey": "[redacted]", "SessionToken":"[redacted]"}`},
		{`{\"SessionToken\":\"` + sessionToken + `\"}`, `{\"SessionToken\":\"[redacted]\"}`},
		{"<SecretAccessKey>" + secretKey + "</SecretAccessKey>", "<SecretAccessKey>[redacted]</SecretAccessKey>"},
		{"aws_secret_access_key = " + secretKey, "aws_secret_access_key = [redacted]"},
		{"Action=AssumeRoleWithWebIdentity&WebIdentityToken=opaque&RoleArn=x", "Action=AssumeRoleWithWebIdentity&WebIdentityToken=[redacted]&RoleArn=x"},
		{`{"signature": "` + signature + `"}`, `{"signature": "[redacted]"}`},
		{"signature: The request signature we calculated does not match", "signature: The request signature we calculated does not match"},
		{"signature mismatch: the signature of the certificate", "signature mismatch: the signature of the certificate"},
		{`Error from server (Forbidden): User "bob" cannot list secrets`, `Error from server (Forbidden): User "bob" cannot list secrets`},
		{"sha256:" + signature, "sha256:" + signature},
		// botocore's debug log (`aws --debug`): its headers are bytes, its canonical request has a line for each.
		{botocoreLine, strings.Replace(botocoreLine, sessionToken, "[redacted]", 1)},
		{"x-amz-date:20261123T000000Z\nx-amz-security-token:" + sessionToken + "\n\nhost", "x-amz-date:20261123T000000Z\nx-amz-security-token:[redacted]\n\nhost"},
		{"botocore.auth - DEBUG - Signature:\n" + signature, "botocore.auth - DEBUG - Signature:\n[redacted]"},
		{`SessionToken:(string) "` + sessionToken + `"`, `SessionToken:(string) "[redacted]"`},
		{`SessionToken:(*string)(0xc00012a4f0)("` + sessionToken + `"), Expiration`, `SessionToken:(*string)(0xc00012a4f0)("[redacted]"), Expiration`},
		{`SessionToken: (*string)(0xc00012a4f0)((len=37) "` + sessionToken + `")`, `SessionToken: (*string)(0xc00012a4f0)((len=37) "[redacted]")`},
		{`sessionToken => '` + sessionToken + `'`, `sessionToken => '[redacted]'`},
		{`\u0022sessionToken\u0022:\u0022` + sessionToken + `\u0022`, `\u0022sessionToken\u0022:\u0022[redacted]\u0022`},
		{`\u003cSessionToken\u003e` + sessionToken + `\u003c/SessionToken\u003e`, `\u003cSessionToken\u003e[redacted]\u003c/SessionToken\u003e`},
		{"<SessionToken>\n  " + sessionToken + "\n</SessionToken>\n<Expiration>", "<SessionToken>\n  [redacted]\n</SessionToken>\n<Expiration>"},
		{"sessionToken&quot;:&quot;" + sessionToken + "&quot;", "sessionToken&quot;:&quot;[redacted]&quot;"},
		{"%22sessionToken%22%3A%22abc%2Fdef%22", "%22sessionToken%22%3A%22[redacted]"},
		{"grant_type%3Dx%26subject_token%3D" + jwt, "grant_type%3Dx%26subject_token%3D[redacted]"},
		{"actor%3D" + jwt, "actor%3D[redacted]"},
		{"Action=AssumeRoleWithSAML&SAMLAssertion=PHNhbWw%2B&RoleArn=x", "Action=AssumeRoleWithSAML&SAMLAssertion=[redacted]&RoleArn=x"},
		{"SerialNumber=x&TokenCode=123456&Version=2011-06-15", "SerialNumber=x&TokenCode=[redacted]&Version=2011-06-15"},
		{`'TokenCode': '123456'`, `'TokenCode': '[redacted]'`},
		{"TokenCode: 123456", "TokenCode: [redacted]"},
		{"TokenCode: must have six digits", "TokenCode: must have six digits"},
		{"    seed: JBSWY3DPEHPK3PXP", "    seed: [redacted]"},
		{"random seed: 1234567890123456789", "random seed: 1234567890123456789"},
		{"otpauth://totp/AWS:trurl?secret=JBSWY3DPEHPK3PXP&issuer=AWS", "otpauth://totp/AWS:trurl?secret=[redacted]&issuer=AWS"},
		{"client-key-data: LS0tLS1CRUdJTg==", "client-key-data: [redacted]"},
		{"-----BEGIN EC PRIVATE KEY-----\nMHcC+/QE\nAQ==\n-----END EC PRIVATE KEY-----\nmore", "-----BEGIN EC PRIVATE KEY-----[redacted]\n-----END EC PRIVATE KEY-----\nmore"},
		{`"-----BEGIN PRIVATE KEY-----\nMHcC+/QE\nAQ==\n-----END PRIVATE KEY-----\n"`, `"-----BEGIN PRIVATE KEY-----[redacted]\n-----END PRIVATE KEY-----\n"`},
		{"-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----"},
		{"Authorization: Bearer opaque-token_1", "Authorization: Bearer [redacted]"},
		{"Authorization:[Basic dXNlcjpwYXNz]", "Authorization:[Basic [redacted]]"},
		{"Authorization: Bearer k8s-aws-v1.aHR0", "Authorization: Bearer k8s-aws-v1.[redacted]"},
		{"Bearer tokens are what it reads", "Bearer tokens are what it reads"},
		{"HTTPS_PROXY=http://me:hunter2@proxy.example:3128", "HTTPS_PROXY=http://me:[redacted]@proxy.example:3128"},
		{"http://127.0.0.1:8080/a@b and http://[::1]:80/", "http://127.0.0.1:8080/a@b and http://[::1]:80/"},
		{"aws_session_token =\nregion = x", "aws_session_token =\nregion = x"},
		{`"SessionToken": null, 'SessionToken': None, SessionToken:nil}`, `"SessionToken": null, 'SessionToken': None, SessionToken:nil}`},
		{"- name: AWS_SECRET_ACCESS_KEY\n  value: " + secretKey + "\n- name: AWS_REGION", "- name: AWS_SECRET_ACCESS_KEY\n  value: [redacted]\n- name: AWS_REGION"},
		{`- {"name": "AWS_SESSION_TOKEN", "value": "` + sessionToken + `"}`, `- {"name": "AWS_SESSION_TOKEN", "value": "[redacted]"}`},
		{`{\"name\":\"AWS_SECRET_ACCESS_KEY\",\n  \"value\":\"` + secretKey + `\"}`, `{\"name\":\"AWS_SECRET_ACCESS_KEY\",\n  \"value\":\"[redacted]\"}`},
		{"map[name:AWS_SECRET_ACCESS_KEY value:" + secretKey + "]", "map[name:AWS_SECRET_ACCESS_KEY value:[redacted]]"},
		{"- name: AWS_SECRET_ACCESS_KEY\n  valueFrom: {secretKeyRef: {name: aws, key: secret}}", "- name: AWS_SECRET_ACCESS_KEY\n  valueFrom: {secretKeyRef: {name: aws, key: secret}}"},
		{"two lines: k8s-aws-v1.aHR0\nand more", "two lines: k8s-aws-v1.[redacted]\nand more"},
	} {
		got := redact.Text(tc.line)
		if got != tc.want {
			t.Errorf("%s\nis redacted as\n%s\nwant\n%s", tc.line, got, tc.want)
		}
		if again := redact.Text(got); again != got {
			t.Errorf("%s\nis redacted again as\n%s", got, again)
		}
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	session := strings.Repeat("FwoGZXIvYXdzEBYaD0", 8)
	for text, want := range map[string]string{
		`token is missing expected "k8s-aws-v1." prefix`: `token is missing expected "k8s-aws-v1." prefix`,
		"Bearer k8s-aws-v1.aHR0cHM6Ly9zdHM":              "Bearer k8s-aws-v1.[redacted]",
		"x-amz-security-token=" + session + "&a=b":       "x-amz-security-token=[redacted]&a=b",
		"Signature=" + signature:                         "Signature=[redacted]",
		"signed " + signature + "!":                      "signed [redacted]!",
		jwt:                                              "[redacted]",
		"the end of one: xeyJh.c2ln":                     "the end of one: [redacted]",
		"got " + session:                                 "got [redacted]",
		"a=" + session + "&b=c":                          "[redacted]&b=c",
		"user arn:aws:iam::111122223333:role/AWSReservedSSO_Admin_012345": "user arn:aws:iam::111122223333:role/AWSReservedSSO_Admin_012345",
		"/api/v1/namespaces/default/pods":                                 "/api/v1/namespaces/default/pods",
		"":                                                                "",
	} {
		if got := redact.Line(text); got != want {
			t.Errorf("%q is redacted as %q, want %q", text, got, want)
		}
	}
}

// FuzzText puts secrets between other texts.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "k8s-aws-v1.", "X-Amz-Signature=" + signature, "SessionToken: \"" + sessionToken, jwt, "\xff\x1b", "signature=signature=", botocoreLine,
		"SessionToken:(*string)(0xc00012a4f0)(\"", "-----BEGIN PRIVATE KEY-----", "://a:b@", "Authorization: Bearer "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, around string) {
		for _, secret := range []string{"k8s-aws-v1." + strings.Repeat("Q", 40), "X-Amz-Signature=" + signature} {
			line := around + " " + secret + " " + around
			hidden := secret[strings.IndexAny(secret, ".=")+1:]
			for _, got := range []string{redact.Text(line), redact.Line(line)} {
				if strings.Contains(got, hidden) && !strings.Contains(around, hidden) {
					t.Errorf("%q is redacted as %q", line, got)
				}
			}
		}
	})
}
