package stsfake_test

import (
	"encoding/xml"
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// assume is the form of an AssumeRole request: pairs of names and values behind the usual ones. A value of "-"
// leaves the parameter out.
func assume(pairs ...string) string {
	values := url.Values{"Action": {"AssumeRole"}, "Version": {"2011-06-15"}, "RoleArn": {devARN}, "RoleSessionName": {"me"}}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "-" {
			values.Del(pairs[i])
		}
	}
	return values.Encode()
}

func deniedText(caller, action, role string) string {
	return "User: " + caller + " is not authorized to perform: " + action + " on resource: " + role
}

const (
	plainARN = "arn:aws:iam::111122223333:role/plain"
	chainARN = "arn:aws:iam::111122223333:role/chained"
	mfaText  = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user."
)

// refusedAssume is an AssumeRole that is refused. Its first field is the evidence: a row of spec/sts.md section 2.2.
type refusedAssume struct {
	evidence      string
	form          string
	by            *aws.Credentials
	status        int
	code, message string
}

func TestAssumeRoleRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tt := range slices.Concat(w.deniedAssumes(t), invalidAssumes(), w.contradictoryAssumes(t)) {
		t.Run(tt.evidence, func(t *testing.T) {
			rec := w.do(t, try{form: tt.form, by: tt.by})
			code, message := errorIn(t, rec)
			if rec.Code != tt.status || code != tt.code || message != tt.message {
				t.Errorf("got %d %s %q\nwant %d %s %q", rec.Code, code, message, tt.status, tt.code, tt.message)
			}
			if call := w.lastCall(t); call.Operation != "AssumeRole" || call.Code != tt.code || call.Principal == "" || code == "AccessDenied" && call.Reason == "" && message != mfaText {
				t.Errorf("observed %+v", call)
			}
		})
	}
}

// deniedAssumes are refused for who asks, and for what they ask of whom.
func (w *world) deniedAssumes(t *testing.T) []refusedAssume {
	t.Helper()
	const (
		noneARN   = "arn:aws:iam::111122223333:role/none"
		devCaller = "arn:aws:sts::111122223333:assumed-role/dev/session"
	)
	root, stranger := as(t, account, "root"), as(t, other, "stranger")
	dev := w.session(t, devARN, iam.SessionOptions{})
	named := w.session(t, devARN, iam.SessionOptions{SourceIdentity: "alice"})
	return []refusedAssume{
		{"[R] security_monkey#77: not trusted", assume(), &stranger, 403, "AccessDenied", deniedText("arn:aws:iam::444455556666:user/stranger", "sts:AssumeRole", devARN)},
		{"[R] SP-API-models#2523: no such role", assume("RoleArn", noneARN), nil, 403, "AccessDenied", deniedText(trurlARN, "sts:AssumeRole", noneARN)},
		{"[R] configure-aws-credentials#1219: role assumes itself", assume(), &dev, 403, "AccessDenied", deniedText(devCaller, "sts:AssumeRole", devARN)},
		{"[R] karpenter#4680: path left out", assume("RoleArn", "arn:aws:iam::111122223333:role/dev"), nil, 403, "AccessDenied", deniedText(trurlARN, "sts:AssumeRole", "arn:aws:iam::111122223333:role/dev")},
		{"[R] OvertureMaps/stac#113: tags", assume("RoleArn", plainARN, "Tags.member.1.Key", "a", "Tags.member.1.Value", "b"), nil, 403, "AccessDenied", deniedText(trurlARN, "sts:TagSession", plainARN)},
		{"[R] iambic#357: source identity", assume("RoleArn", plainARN, "SourceIdentity", "alice"), nil, 403, "AccessDenied", deniedText(trurlARN, "sts:SetSourceIdentity", plainARN)},
		{"[I] source identity is sticky", assume("RoleArn", chainARN, "SourceIdentity", "bob"), &named, 403, "AccessDenied", deniedText(devCaller, "sts:SetSourceIdentity", chainARN)},
		{"[R] vpc-peering#106: root", assume(), &root, 403, "AccessDenied", "Roles may not be assumed by root accounts."},
		{"[R] aws-cli#6325: MFA", assume("SerialNumber", "arn:aws:iam::111122223333:mfa/trurl", "TokenCode", "123456"), nil, 403, "AccessDenied", mfaText},
	}
}

// invalidAssumes do not satisfy the model.
func invalidAssumes() []refusedAssume {
	const (
		one     = "1 validation error detected: "
		failed  = " failed to satisfy constraint: Member must "
		arnText = `satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`
	)
	x65 := strings.Repeat("x", 65)
	return []refusedAssume{
		{"[R] aws-sdk-cpp#1252", assume("RoleSessionName", "-"), nil, 400, "ValidationError", one + "Value null at 'roleSessionName'" + failed + "not be null"},
		{"[R] aws-sdk-java-v2#6129", assume("RoleArn", "x"), nil, 400, "ValidationError", one + "Value 'x' at 'roleArn'" + failed + "have length greater than or equal to 20"},
		{"[R] moto#9218", assume("RoleSessionName", x65), nil, 400, "ValidationError", one + "Value '" + x65 + "' at 'roleSessionName'" + failed + "have length less than or equal to 64"},
		{"[R] localstack 2025-07-21", assume("RoleSessionName", "Session1:2"), nil, 400, "ValidationError", one + `Value 'Session1:2' at 'roleSessionName'` + failed + `satisfy regular expression pattern: [\w+=,.@-]*`},
		{"[R] consigliere#18", assume("RoleArn", ""), nil, 400, "ValidationError", "2 validation errors detected: Value '' at 'roleArn'" + failed + arnText + "; Value '' at 'roleArn'" + failed + "have length greater than or equal to 20"},
		{"[R] goldstack#425", assume("DurationSeconds", "600"), nil, 400, "ValidationError", one + "Value '600' at 'durationSeconds'" + failed + "have value greater than or equal to 900"},
		{"[I] upper bound", assume("DurationSeconds", "43201"), nil, 400, "ValidationError", one + "Value '43201' at 'durationSeconds'" + failed + "have value less than or equal to 43200"},
		{"[I] order of members", assume("RoleArn", "-", "RoleSessionName", "x", "DurationSeconds", "1"), nil, 400, "ValidationError", "3 validation errors detected: Value null at 'roleArn'" + failed + "not be null; Value 'x' at 'roleSessionName'" + failed + "have length greater than or equal to 2; Value '1' at 'durationSeconds'" + failed + "have value greater than or equal to 900"},
		{"[I] no number", assume("DurationSeconds", "1h"), nil, 400, "MalformedInput", "Value '1h' at 'durationSeconds' is not an integer"},
		{"[D] model: external ID", assume("ExternalId", "a b"), nil, 400, "ValidationError", one + `Value 'a b' at 'externalId'` + failed + `satisfy regular expression pattern: [\w+=,.@:\/-]*`},
		{"[D] model: token code", assume("TokenCode", "12345"), nil, 400, "ValidationError", one + "Value '12345' at 'tokenCode'" + failed + "have length greater than or equal to 6"},
		{"[D] model: source identity", assume("SourceIdentity", "aws:x"), nil, 400, "ValidationError", one + `Value 'aws:x' at 'sourceIdentity'` + failed + `satisfy regular expression pattern: [\w+=,.@-]*`},
		{"[D] model: tag key", assume("Tags.member.1.Key", "a*", "Tags.member.1.Value", ""), nil, 400, "ValidationError", one + `Value 'a*' at 'tags.1.member.key'` + failed + `satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+`},
		{"[D] model: tag value", assume("Tags.member.1.Key", "a"), nil, 400, "ValidationError", one + "Value null at 'tags.1.member.value'" + failed + "not be null"},
		{"[D] model: transitive key", assume("TransitiveTagKeys.member.1", strings.Repeat("x", 129)), nil, 400, "ValidationError", one + "Value '" + strings.Repeat("x", 129) + "' at 'transitiveTagKeys.1.member'" + failed + "have length less than or equal to 128"},
	}
}

// contradictoryAssumes satisfy the model and are refused for the values that they combine.
func (w *world) contradictoryAssumes(t *testing.T) []refusedAssume {
	t.Helper()
	stranger := as(t, other, "stranger")
	dev := w.session(t, devARN, iam.SessionOptions{})
	tagged := w.session(t, devARN, iam.SessionOptions{Tags: []iam.Tag{{Key: "Team", Value: "blue", Transitive: true}}})
	return []refusedAssume{
		{"[R] awsu#27", assume("DurationSeconds", "7201"), nil, 400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		{"[R] eks-anywhere#9485", assume("RoleArn", chainARN, "DurationSeconds", "3601"), &dev, 400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."},
		{"[I] chaining before the role's limit", assume("RoleArn", chainARN, "DurationSeconds", "43200"), &dev, 400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."},
		{"[I] permission before the role's limit", assume("DurationSeconds", "43200"), &stranger, 403, "AccessDenied", deniedText("arn:aws:iam::444455556666:user/stranger", "sts:AssumeRole", devARN)},

		{"[R] localstack, ARN 1", assume("RoleArn", "nothing-valid-in-here"), nil, 400, "ValidationError", "nothing-valid-in-here is invalid"},
		{"[R] localstack, ARN 2", assume("RoleArn", "arn::b:::something/test-role"), nil, 400, "ValidationError", "arn::b:::something/test-role is invalid"},
		{"[R] localstack, ARN 3", assume("RoleArn", "arn:a::::something/test-role"), nil, 400, "ValidationError", "arn:a::::something/test-role is invalid"},
		{"[R] localstack, ARN 4", assume("RoleArn", "arn:a:::something/test-role"), nil, 400, "ValidationError", "arn:a:::something/test-role is invalid"},
		{"[R] localstack, ARN 5", assume("RoleArn", "arn:a:a::aaaaaaaaaa:"), nil, 400, "ValidationError", "arn:a:a::aaaaaaaaaa: is invalid"},
		{"[R] localstack, ARN that passes", assume("RoleArn", "arn:a:b:::something/test-role"), nil, 403, "AccessDenied", deniedText(trurlARN, "sts:AssumeRole", "arn:a:b:::something/test-role")},

		{"[R] localstack, tags 1", assume("Tags.member.1.Key", "a", "Tags.member.1.Value", "1", "TransitiveTagKeys.member.1", "b"), nil, 400, "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."},
		{"[D] id_tags: reserved key; text ours", assume("Tags.member.1.Key", "aws:a", "Tags.member.1.Value", "1"), nil, 400, "InvalidParameterValue", reservedTag},
		{"[D] id_tags: reserved value; text ours", assume("Tags.member.1.Key", "a", "Tags.member.1.Value", "aws:1"), nil, 400, "InvalidParameterValue", reservedTag},
		{"[I] reserved in any case", assume("Tags.member.1.Key", "Aws:a", "Tags.member.1.Value", "AWS:1"), nil, 400, "InvalidParameterValue", reservedTag},
		{"[R] localstack, tags 2", assume("Tags.member.1.Key", "a", "Tags.member.1.Value", "1", "Tags.member.2.Key", "A", "Tags.member.2.Value", "2"), nil, 400, "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		{"[R] localstack, tags 3", assume("RoleArn", chainARN, "Tags.member.1.Key", "team", "Tags.member.1.Value", "red", "TransitiveTagKeys.member.1", "team"), &tagged, 400, "InvalidParameterValue", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."},
	}
}

func TestTooManyTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var tags, keys []string
	for i := range 51 {
		tags = append(tags, fmt.Sprintf("Tags.member.%d.Key", i+1), fmt.Sprint(i), fmt.Sprintf("Tags.member.%d.Value", i+1), "")
		keys = append(keys, fmt.Sprintf("TransitiveTagKeys.member.%d", i+1), fmt.Sprint(i))
	}
	for member, form := range map[string]string{"'tags'": assume(tags...), "'transitiveTagKeys'": assume(keys...)} {
		code, message := errorIn(t, w.do(t, try{form: form}))
		if code != "ValidationError" || !strings.Contains(message, "at "+member+" failed") || !strings.HasSuffix(message, "less than or equal to 50") {
			t.Errorf("%s: got %s %q", member, code, message)
		}
	}
}

// assumed is AssumeRole's answer as a client reads it.
type assumed struct {
	Result struct {
		SourceIdentity  *string
		AssumedRoleUser struct{ Arn, AssumedRoleId string } // AWS's spelling
		Credentials     struct {
			AccessKeyId, SecretAccessKey, SessionToken, Expiration string // AWS's spelling
		}
		PackedPolicySize *int
	} `xml:"AssumeRoleResult"`
}

func (w *world) assume(t *testing.T, by aws.Credentials, form string) (assumed, aws.Credentials) {
	t.Helper()
	rec := w.do(t, try{form: form, by: &by})
	var out assumed
	if err := xml.Unmarshal(rec.Body.Bytes(), &out); err != nil || rec.Code != 200 {
		t.Fatalf("got %d %s, %v", rec.Code, rec.Body, err)
	}
	c := out.Result.Credentials
	return out, aws.Credentials{AccessKeyID: c.AccessKeyId, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
}

// A role may be deleted at any moment of a request: then there was none [R] (security_monkey#77, aws-sdk-android#9: the
// same text for every reason). The moments are those at which somebody looks at the clock.
func TestRoleDeletedInBetween(t *testing.T) {
	t.Parallel()
	for role, denied := range map[string]string{
		devARN: deniedText(trurlARN, "sts:AssumeRole", devARN), appRoleARN: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
	} {
		answered, refused := 0, 0
		for moment := 1; answered == 0; moment++ {
			w := newWorld(t)
			c := try{form: assume("RoleArn", role)}
			if role == appRoleARN {
				c = try{form: webIdentityForm(w.idToken(t, nil)), unsigned: true}
			}
			request := w.request(t, c)
			looks := 0
			w.onClock = func() {
				if looks++; looks == moment {
					if err := w.store.DeleteRole(role); err != nil {
						t.Error(err)
					}
				}
			}
			rec := httptest.NewRecorder()
			w.server.ServeHTTP(rec, request)
			if rec.Code == 200 {
				answered++
				continue
			}
			refused++
			if code, message := errorIn(t, rec); rec.Code != 403 || code != "AccessDenied" || message != denied {
				t.Errorf("%s, deleted at look %d: got %d %s %q", role, moment, rec.Code, code, message)
			}
		}
		if refused < 3 {
			t.Errorf("%s: %d refusals", role, refused)
		}
	}
}

// Transitive tags and the source identity follow a chain of roles, other tags stay behind.
func TestChain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer, first := w.assume(t, trurl(t), assume("SourceIdentity", "trurl",
		"Tags.member.1.Key", "Team", "Tags.member.1.Value", "blue", "Tags.member.2.Key", "stays", "Tags.member.2.Value", "1",
		"TransitiveTagKeys.member.1", "team"))
	if p := answer.Result.PackedPolicySize; p == nil || *p < 1 || *p > 10 {
		t.Errorf("packed size %v", p)
	}
	if s := answer.Result.SourceIdentity; s == nil || *s != "trurl" {
		t.Errorf("source identity %v", s)
	}
	answer, second := w.assume(t, first, assume("RoleArn", "arn:aws:iam::111122223333:role/chained", "DurationSeconds", "3600"))
	if s := answer.Result.SourceIdentity; s == nil || *s != "trurl" || answer.Result.PackedPolicySize != nil {
		t.Errorf("source identity %v, packed size %v", s, answer.Result.PackedPolicySize)
	}
	_, caller, err := w.store.Credential(second.AccessKeyID, second.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	if len(caller.Tags) != 1 || caller.Tags[0] != (iam.Tag{Key: "Team", Value: "blue", Transitive: true}) {
		t.Errorf("tags of the second session: %v", caller.Tags)
	}
	plain, _ := w.assume(t, trurl(t), assume())
	if plain.Result.SourceIdentity != nil || plain.Result.PackedPolicySize != nil {
		t.Errorf("a plain session has %+v", plain.Result)
	}
}
