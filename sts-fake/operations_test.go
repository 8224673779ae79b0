package stsfake_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

const (
	one       = "1 validation error detected: "
	guestARN  = "arn:aws:sts::111122223333:federated-user/guest"
	wrongCode = "MultiFactorAuthentication failed with invalid MFA one time pass code."
)

// What the operations refuse, beside AssumeRole and AssumeRoleWithWebIdentity, which have tests of their own.
func TestOperationRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dev := w.session(t, devARN, iam.SessionOptions{})
	_, own := w.issue(t, try{form: form("GetSessionToken"), by: klapaucius(t)})
	_, guest := w.issue(t, try{form: form("GetFederationToken", "Name", "guest"), by: klapaucius(t)})
	w.wantRefused(t, slices.Concat(w.sessionRefusals(t, &dev, &own, &guest), w.userSessionRefusals(t), neverGranted(), w.messageRefusals(t)))
}

// sessionRefusals are about what sessions may call.
func (w *world) sessionRefusals(t *testing.T, dev, own, guest *aws.Credentials) []refusedCall {
	t.Helper()
	cannot := func(operation string) string { return "Cannot call " + operation + " with session credentials" }
	return []refusedCall{
		{"[R] aws-sdk-php#1876", try{form: form("GetSessionToken"), by: dev}, 403, "AccessDenied", cannot("GetSessionToken")},
		{"[R] granted#151", try{form: form("GetFederationToken", "Name", "guest"), by: dev}, 403, "AccessDenied", cannot("GetFederationToken")},
		{"[R] aws-sdk-php#1876, session of a user", try{form: form("GetSessionToken"), by: own}, 403, "AccessDenied", cannot("GetSessionToken")},
		{"[R] aws-sdk-php#1876, federated user", try{form: form("GetSessionToken"), by: guest}, 403, "AccessDenied", cannot("GetSessionToken")},
		{"[I] session of a user, other operation", try{form: form("GetAccessKeyInfo", "AccessKeyId", "ASIAY34FZKBOKMUTVV7A"), by: own}, 403, "AccessDenied", deniedText(klapauciusARN, "sts:GetAccessKeyInfo", "*")},
		{"[I] session of a user, message", try{form: form("DecodeAuthorizationMessage", "EncodedMessage", "x"), by: own}, 403, "AccessDenied", deniedText(klapauciusARN, "sts:DecodeAuthorizationMessage", "*")},
		{"[I] federated user assumes a role", try{form: assume(), by: guest}, 403, "AccessDenied", deniedText(guestARN, "sts:AssumeRole", devARN)},
		{"[I] federated user, other operation", try{form: form("GetAccessKeyInfo", "AccessKeyId", "ASIAY34FZKBOKMUTVV7A"), by: guest}, 403, "AccessDenied", deniedText(guestARN, "sts:GetAccessKeyInfo", "*")},
		{"[R] prowler#7721: session of a user is a chain", try{form: assume("DurationSeconds", "3601"), by: w.sessionOf(t, "trurl")}, 400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."},
	}
}

// sessionOf are session credentials of a user's own.
func (w *world) sessionOf(t *testing.T, name string) *aws.Credentials {
	t.Helper()
	by := as(t, account, name)
	_, session := w.issue(t, try{form: form("GetSessionToken"), by: &by})
	return &session
}

// userSessionRefusals are about GetSessionToken and GetFederationToken, MFA devices and policies.
func (w *world) userSessionRefusals(t *testing.T) []refusedCall {
	t.Helper()
	device := func(serial, code string) try {
		return try{form: form("GetSessionToken", "SerialNumber", serial, "TokenCode", code), by: klapaucius(t)}
	}
	federate := func(pairs ...string) try {
		return try{form: form("GetFederationToken", append([]string{"Name", "guest"}, pairs...)...), by: klapaucius(t)}
	}
	const noPolicy = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*"}}`
	jackson := func(c rune, line, column int) string {
		return fmt.Sprintf("Unexpected character ('%c' (code %d)): expected a valid value (number, String, array, object, 'true', 'false' or 'null')\n at [Source: java.io.StringReader@52b5743d; line: %d, column: %d]", c, c, line, column)
	}
	return []refusedCall{
		{"[R] binxio/aws-ssm-copy#22", device(deviceSerial, "000000"), 403, "AccessDenied", wrongCode},
		{"[R] aws-cli#6325", device("arn:aws:iam::111122223333:mfa/other", w.code(t)), 403, "AccessDenied", mfaText},
		{"from memory: half of MFA", device(deviceSerial, "-"), 403, "AccessDenied", "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."},
		{"[D] model: user duration", try{form: form("GetSessionToken", "DurationSeconds", "129601")}, 400, "ValidationError", one + "Value '129601' at 'durationSeconds'" + failed + "have value less than or equal to 129600"},
		{"[D] model: token size", try{form: form("GetSessionToken", "MinimumSessionTokenSize", "4097")}, 400, "ValidationError", one + "Value '4097' at 'minimumSessionTokenSize'" + failed + "have value less than or equal to 4096"},
		{"[D] model: name", federate("Name", strings.Repeat("x", 33)), 400, "ValidationError", one + "Value '" + strings.Repeat("x", 33) + "' at 'name'" + failed + "have length less than or equal to 32"},
		{"[I] no permission", try{form: form("GetFederationToken", "Name", "guest")}, 403, "AccessDenied", deniedText(trurlARN, "sts:GetFederationToken", guestARN)},
		{"[R] ansible amazon.aws#2778", federate("Policy", "invalid"), 400, "MalformedPolicyDocument", jackson('i', 1, 2)},
		{"[I] further into the text", federate("Policy", "\n  <xml>"), 400, "MalformedPolicyDocument", jackson('<', 2, 4)},
		{"[R] older text", federate("Policy", "{}"), 400, "MalformedPolicyDocument", "Syntax errors in policy."},
		{"[R] older text, breaks off", federate("Policy", `{"Version"`), 400, "MalformedPolicyDocument", "Syntax errors in policy."},
		{"[I] a policy of a resource", federate("Policy", noPolicy), 400, "MalformedPolicyDocument", "Syntax errors in policy."},
		{"[D] model: policy", federate("Policy", strings.Repeat("a", 2049)), 400, "ValidationError", one + "Value '" + strings.Repeat("a", 2049) + "' at 'policy'" + failed + "have length less than or equal to 2048"},
		{"[D] id_tags: reserved key; text ours", federate("Tags.member.1.Key", "aws:a", "Tags.member.1.Value", ""), 400, "InvalidParameterValue", reservedTag},
		{"[D] model: policy ARN", federate("PolicyArns.member.1.arn", "x"), 400, "ValidationError", one + "Value 'x' at 'policyArns.1.member.arn'" + failed + "have length greater than or equal to 20"},
		{"ours: managed policies", federate("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"), 400, "NotEmulated", "GetFederationToken with PolicyArns is not emulated: sessions keep documents, and no names of policies. Pass the documents as Policy."},
		{"ours: context assertions", try{form: assume("ProvidedContexts.member.1.ProviderArn", "arn:aws:iam::aws:contextProvider/IdentityCenter", "ProvidedContexts.member.1.ContextAssertion", "xxxx")}, 400, "NotEmulated", "AssumeRole with ProvidedContexts is not emulated: nothing here issues context assertions. Leave the parameter out."},
	}
}

// neverGranted are operations that refuse everybody.
func neverGranted() []refusedCall {
	const arnText = `satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`
	empty := func(at string) string {
		return "Value '' at '" + at + "'" + failed + arnText + "; Value '' at '" + at + "'" + failed + "have length greater than or equal to 20"
	}
	web := func(pairs ...string) try {
		return try{form: form("GetWebIdentityToken", append([]string{"Audience.member.1", "me", "SigningAlgorithm", "RS256"}, pairs...)...)}
	}
	return []refusedCall{
		{"[R] aws-sdk-net#744", try{form: samlForm(), unsigned: true}, 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML"},
		{"[R] aws-sdk-net#744, GET", try{method: "GET", query: samlForm(), unsigned: true}, 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML"},
		{"[R] onelogin#12", try{form: samlForm("RoleArn", "arn:aws:iam::111122223333:saml-provider/x"), unsigned: true}, 400, "ValidationError", "Request ARN is invalid"},
		{"[R] aws-runas#80: two members", try{form: samlForm("RoleArn", "", "PrincipalArn", ""), unsigned: true}, 400, "ValidationError", "4 validation errors detected: " + empty("roleArn") + "; " + empty("principalArn")},
		{"[I] the assertion is not repeated", try{form: samlForm("SAMLAssertion", "x"), unsigned: true}, 400, "ValidationError", one + "Value at 'sAMLAssertion'" + failed + "have length greater than or equal to 4"},
		{"[I] root of another account", try{form: rootForm()}, 403, "AccessDenied", deniedText(trurlARN, "sts:AssumeRoot", "arn:aws:iam::444455556666:root")},
		{"[R] boto3#4461", try{form: rootForm(), host: "sts.amazonaws.com", region: "us-east-1"}, 400, "InvalidAction", "Unknown Operation"},
		{"[D] model: task policy", try{form: form("AssumeRoot", "TargetPrincipal", other)}, 400, "ValidationError", one + "Value null at 'taskPolicyArn'" + failed + "not be null"},
		{"[D] model: task policy ARN", try{form: rootForm("TaskPolicyArn.arn", "x")}, 400, "ValidationError", one + "Value 'x' at 'taskPolicyArn.arn'" + failed + "have length greater than or equal to 20"},
		{"[D] model: root duration", try{form: rootForm("DurationSeconds", "901")}, 400, "ValidationError", one + "Value '901' at 'durationSeconds'" + failed + "have value less than or equal to 900"},
		{"[I] trade-in token", try{form: form("GetDelegatedAccessToken", "TradeInToken", "x")}, 403, "AccessDenied", deniedText(trurlARN, "sts:GetDelegatedAccessToken", "*")},
		{"[D] model: trade-in token", try{form: form("GetDelegatedAccessToken")}, 400, "ValidationError", one + "Value null at 'tradeInToken'" + failed + "not be null"},
		{"[I] web identity token", web(), 403, "AccessDenied", deniedText(trurlARN, "sts:GetWebIdentityToken", "*")},
		{"[I] web identity token, global", try{form: web().form, host: "sts.amazonaws.com", region: "us-east-1"}, 400, "InvalidAction", "Unknown Operation"},
		{"[D] model: audience", web("Audience.member.1", "-"), 400, "ValidationError", one + "Value null at 'audience'" + failed + "not be null"},
		{"[D] model: empty audience", web("Audience.member.1", ""), 400, "ValidationError", one + "Value '' at 'audience.1.member'" + failed + "have length greater than or equal to 1"},
		{"[D] unsigned", try{form: form("GetSessionToken"), unsigned: true}, 403, "MissingAuthenticationToken", missingToken},
	}
}

func (w *world) messageRefusals(t *testing.T) []refusedCall {
	t.Helper()
	decode := func(message string) try {
		return try{form: form("DecodeAuthorizationMessage", "EncodedMessage", message), by: klapaucius(t)}
	}
	key := func(id string) try { return try{form: form("GetAccessKeyInfo", "AccessKeyId", id)} }
	return []refusedCall{
		{"from memory: no message", decode("x"), 400, "InvalidAuthorizationMessageException", "Message is not valid"},
		{"[D] model: message", decode(""), 400, "ValidationError", one + "Value '' at 'encodedMessage'" + failed + "have length greater than or equal to 1"},
		{"[I] no permission to decode", try{form: form("DecodeAuthorizationMessage", "EncodedMessage", "x")}, 403, "AccessDenied", deniedText(trurlARN, "sts:DecodeAuthorizationMessage", "*")},
		{"[D] model: key", key("AKIA"), 400, "ValidationError", one + "Value 'AKIA' at 'accessKeyId'" + failed + "have length greater than or equal to 16"},
		{"ours: unknown key of the old generation", key("AKIAIOSFODNN7EXAMPLE"), 400, "ValidationError", "The access key ID does not name an account"},
		{"ours: no key", key("AIDAY34FZKBOKMUTVV7A"), 400, "ValidationError", "The access key ID does not name an account"},
	}
}

func TestGetAccessKeyInfo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.store.PutUser(iam.User{AccountID: other, Name: "old", AccessKeys: []iam.AccessKey{{ID: "AKIAIOSFODNN7EXAMPLE", Secret: "x"}}}); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"ASIAY34FZKBOKMUTVV7A": "609629065308", // [V] spec/sts.md section 4.1, of a key that nobody here has
		"ASIARZPUZDIKJDW6CMBJ": "123456789012", // [V]
		trurl(t).AccessKeyID:   account,
		"AKIAIOSFODNN7EXAMPLE": other, // of the old generation, which the store has
	} {
		rec := w.do(t, try{form: form("GetAccessKeyInfo", "AccessKeyId", id)})
		if rec.Code != 200 || !strings.Contains(rec.Body.String(), "<Account>"+want+"</Account>") {
			t.Errorf("%s: got %d %s", id, rec.Code, rec.Body)
		}
	}
}

func TestDecodeAuthorizationMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	message, err := w.store.SealMessage(`{"allowed":false}`)
	if err != nil {
		t.Fatal(err)
	}
	root := as(t, account, "root")
	for _, by := range []*aws.Credentials{klapaucius(t), &root} {
		rec := w.do(t, try{form: form("DecodeAuthorizationMessage", "EncodedMessage", message), by: by})
		if rec.Code != 200 || !strings.Contains(rec.Body.String(), `<DecodedMessage>{"allowed":false}</DecodedMessage>`) {
			t.Errorf("got %d %s", rec.Code, rec.Body)
		}
	}
}

// An account that has STS switched off in a region gets no credentials there [R] steampipe-plugin-aws#1510, but learns
// who it is [R] aws-sdk-go-v2#2846. Which operations it is about is the model's word [D].
func TestInactiveRegion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const message = "STS is not activated in this region for account:111122223333. Your account administrator can activate STS in this region using the IAM Console."
	const host = "sts." + inactiveRegion + ".amazonaws.com"
	stranger := as(t, other, "stranger")
	for _, c := range []try{
		{form: assume()},
		{form: assume(), by: &stranger}, // it is about the account whose credentials they would be
		{form: form("GetSessionToken")},
		{form: form("GetFederationToken", "Name", "guest"), by: klapaucius(t)},
		{form: webIdentityForm(w.idToken(t, nil)), unsigned: true},
		{form: samlForm(), unsigned: true},
	} {
		c.host, c.region = host, inactiveRegion
		code, text := errorIn(t, w.do(t, c))
		if call := w.lastCall(t); call.Status != 403 || code != "RegionDisabledException" || text != message {
			t.Errorf("%s: got %d %s %q", call.Operation, call.Status, code, text)
		}
	}
	for _, c := range []try{
		{form: identityForm},
		{form: form("GetAccessKeyInfo", "AccessKeyId", trurl(t).AccessKeyID)},
		{form: form("GetSessionToken"), by: &stranger}, // another account
	} {
		c.host, c.region = host, inactiveRegion
		if rec := w.do(t, c); rec.Code != 200 {
			t.Errorf("got %d %s", rec.Code, rec.Body)
		}
	}
	direct := try{form: form("GetSessionToken"), host: "127.0.0.1", region: inactiveRegion}
	if rec := w.do(t, direct); rec.Code != 403 {
		t.Errorf("direct endpoint, signed for the region: got %d %s", rec.Code, rec.Body)
	}
}

// Refusals that AWS does not explain have their reason in the record.
func TestOperationReasons(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, guest := w.issue(t, try{form: form("GetFederationToken", "Name", "guest"), by: klapaucius(t)})
	for name, tt := range map[string]struct {
		try    try
		reason string
	}{
		"SAML":   {try{form: samlForm(), unsigned: true}, "there are no SAML providers here: use AssumeRoleWithWebIdentity"},
		"root":   {try{form: rootForm()}, "there are no organizations here, so that no account has centralized root access"},
		"guest":  {try{form: assume(), by: &guest}, "federated users may call only GetCallerIdentity of STS"},
		"policy": {try{form: assume("Policy", "{}")}, "Statement: missing: give an object or a list of at least one"},
		"device": {try{form: assume("SerialNumber", deviceSerial, "TokenCode", "000000"), by: klapaucius(t)}, `MFA device "` + deviceSerial + `" of ` + klapauciusARN + ": the code is not one of the device's codes of this time"},
	} {
		w.do(t, tt.try)
		if call := w.lastCall(t); call.Reason != tt.reason {
			t.Errorf("%s: reason %q", name, call.Reason)
		}
	}
}

// What does not fit into a session token: the text about tags is recorded (containers-roadmap#2413) [R], the other one
// from memory.
func TestPackedPolicyTooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	random := rand.New(rand.NewPCG(1, 2))
	var pairs []string
	for i := range 50 {
		value := make([]byte, 256)
		for j := range value {
			value[j] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-"[random.IntN(64)]
		}
		pairs = append(pairs, fmt.Sprintf("Tags.member.%d.Key", i+1), fmt.Sprint("key", i), fmt.Sprintf("Tags.member.%d.Value", i+1), string(value))
	}
	for want, form := range map[string]string{
		`^Packed size of session tags consumes [1-9][0-9]{2}% of allotted space\.$`: assume(pairs...),
		`^Packed policy consumes [1-9][0-9]{2}% of allotted space, please use smaller policy\.$`: assume(append(pairs,
			"Policy", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)...),
	} {
		code, message := errorIn(t, w.do(t, try{form: form}))
		if code != "PackedPolicyTooLarge" || !regexp.MustCompile(want).MatchString(message) {
			t.Errorf("got %s %q, want %s", code, message, want)
		}
	}
}
