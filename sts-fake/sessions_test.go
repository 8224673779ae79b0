package stsfake_test

import (
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// sessionResult is a result with credentials, of any operation, as a client reads it.
type sessionResult struct {
	Credentials struct {
		AccessKeyId, SecretAccessKey, SessionToken, Expiration string // AWS's spelling
	}
	FederatedUser                             struct{ Arn, FederatedUserId string } // AWS's spelling
	PackedPolicySize                          *int
	SessionTokenSize, SessionTokenUtilization int
}

// issue sends a request that is to be answered with credentials.
func (w *world) issue(t *testing.T, c try) (sessionResult, aws.Credentials) {
	t.Helper()
	rec := w.do(t, c)
	var answer struct {
		Results []sessionResult `xml:",any"`
	}
	if err := xml.Unmarshal(rec.Body.Bytes(), &answer); err != nil || rec.Code != 200 {
		t.Fatalf("got %d %s, %v", rec.Code, rec.Body, err)
	}
	r := answer.Results[0]
	return r, aws.Credentials{AccessKeyID: r.Credentials.AccessKeyId, SecretAccessKey: r.Credentials.SecretAccessKey, SessionToken: r.Credentials.SessionToken}
}

// A user may be deleted at any moment of a request, too: its keys are unknown then [I].
func TestCallerDeletedInBetween(t *testing.T) {
	t.Parallel()
	answered, refused := 0, 0
	for moment := 1; answered == 0; moment++ {
		w := newWorld(t)
		request := w.request(t, try{form: form("GetSessionToken")})
		looks := 0
		w.onClock = func() {
			if looks++; looks == moment {
				if err := w.store.DeleteUser(trurlARN); err != nil {
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
		code, message := errorIn(t, rec)
		if want := "The security token included in the request is invalid."; rec.Code != 403 || code != "InvalidClientTokenId" || message != want {
			t.Errorf("deleted at look %d: got %d %s %q", moment, rec.Code, code, message)
		}
	}
	if refused < 2 {
		t.Errorf("%d refusals", refused)
	}
}

func (w *world) callerOf(t *testing.T, c aws.Credentials) iam.Caller {
	t.Helper()
	_, caller, err := w.store.Credential(c.AccessKeyID, c.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	return caller
}

func klapaucius(t testing.TB) *aws.Credentials {
	t.Helper()
	c := as(t, account, "klapaucius")
	return &c
}

// Whose session it is, and how long it lasts: spec/sts.md sections 4.1, 4.2 and 4.4.
func TestGetSessionToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := as(t, account, "root")
	for name, tt := range map[string]struct {
		by    *aws.Credentials
		pairs []string
		arn   string
		lasts time.Duration
		mfa   bool
	}{
		"[D] user":               {klapaucius(t), nil, klapauciusARN, 12 * time.Hour, false},
		"[D] shortest":           {klapaucius(t), []string{"DurationSeconds", "900"}, klapauciusARN, 15 * time.Minute, false},
		"[D] longest":            {klapaucius(t), []string{"DurationSeconds", "129600"}, klapauciusARN, 36 * time.Hour, false},
		"[D] root":               {&root, nil, "arn:aws:iam::111122223333:root", time.Hour, false},
		"[D] root asks for more": {&root, []string{"DurationSeconds", "129600"}, "arn:aws:iam::111122223333:root", time.Hour, false},
		"[D] with a device":      {klapaucius(t), []string{"SerialNumber", deviceSerial, "TokenCode", w.code(t)}, klapauciusARN, 12 * time.Hour, true},
	} {
		result, credentials := w.issue(t, try{form: form("GetSessionToken", tt.pairs...), by: tt.by})
		if want := w.clock().Add(tt.lasts).Format(time.RFC3339); result.Credentials.Expiration != want {
			t.Errorf("%s: expires %s, want %s", name, result.Credentials.Expiration, want)
		}
		caller := w.callerOf(t, credentials)
		if caller.ARN != tt.arn || !caller.Temporary || caller.MFA != tt.mfa || !strings.HasPrefix(credentials.AccessKeyID, "ASIA") {
			t.Errorf("%s: the caller is %+v", name, caller)
		}
		if result.SessionTokenSize != len(credentials.SessionToken) || result.PackedPolicySize != nil {
			t.Errorf("%s: got %+v", name, result)
		}
		if rec := w.do(t, try{form: identityForm, by: &credentials}); !strings.Contains(rec.Body.String(), "<Arn>"+tt.arn+"</Arn>") {
			t.Errorf("%s: got %s", name, rec.Body)
		}
	}
}

func TestGetFederationToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	result, credentials := w.issue(t, try{by: klapaucius(t), form: form("GetFederationToken", "Name", "guest",
		"Policy", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`,
		"Tags.member.1.Key", "Team", "Tags.member.1.Value", "blue")})
	const arn = "arn:aws:sts::111122223333:federated-user/guest"
	if u := result.FederatedUser; u.Arn != arn || u.FederatedUserId != "111122223333:guest" || *result.PackedPolicySize < 1 {
		t.Errorf("got %+v", result)
	}
	caller := w.callerOf(t, credentials)
	if caller.Type != iam.CallerFederatedUser || len(caller.SessionPolicies) != 1 || len(caller.Tags) != 1 {
		t.Errorf("the caller is %+v", caller)
	}
	// [R] localstack snapshot: 0, not absent, without policies and tags; cut to an hour for root [D].
	root := as(t, account, "root")
	result, _ = w.issue(t, try{by: &root, form: form("GetFederationToken", "Name", "guest", "DurationSeconds", "7200")})
	if want := w.clock().Add(time.Hour).Format(time.RFC3339); *result.PackedPolicySize != 0 || result.Credentials.Expiration != want {
		t.Errorf("got %+v", result)
	}
}

// MinimumSessionTokenSize makes tokens longer and never shorter, up to AWS's limit [D].
func TestMinimumSessionTokenSize(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, size := range []int{0, 1, 2000, 4096} {
		for _, c := range []try{
			{form: assume("MinimumSessionTokenSize", strconv.Itoa(size))},
			{form: form("GetSessionToken", "MinimumSessionTokenSize", strconv.Itoa(size))},
			{form: webIdentityForm(w.idToken(t, nil), "MinimumSessionTokenSize", strconv.Itoa(size)), unsigned: true},
			{form: form("GetFederationToken", "Name", "guest", "MinimumSessionTokenSize", strconv.Itoa(size)), by: klapaucius(t)},
		} {
			result, credentials := w.issue(t, c)
			if n := len(credentials.SessionToken); n < size || n > 4096 || result.SessionTokenSize != n || result.SessionTokenUtilization != (n*100+4095)/4096 {
				t.Errorf("at least %d: got %d, %+v", size, n, result)
			}
			w.callerOf(t, credentials)
		}
	}
}

// A session may do what its role and its policy both allow, and a chained one not more than that.
func TestSessionPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for document, status := range map[string]int{
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"` + chainARN + `"}}`:                                  200,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`:                                                           403,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}]}`: 403,
	} {
		_, session := w.assume(t, trurl(t), assume("Policy", document))
		if rec := w.do(t, try{form: assume("RoleArn", chainARN), by: &session}); rec.Code != status {
			t.Errorf("%s: got %d %s", document, rec.Code, rec.Body)
		}
		if rec := w.do(t, try{form: identityForm, by: &session}); rec.Code != 200 { // which needs no permission
			t.Errorf("%s: got %d %s", document, rec.Code, rec.Body)
		}
	}
	answer, _ := w.assume(t, trurl(t), assume("Policy", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`))
	if p := answer.Result.PackedPolicySize; p == nil || *p < 1 {
		t.Errorf("packed size %v", p)
	}
}

// SDKs write an empty list as its bare name [D] (github.com/aws/aws-sdk-go-v2 aws/protocol/query): it asks for no managed policy.
func TestEmptyPolicyList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]try{
		"AssumeRole":                {form: assume("PolicyArns", "")},
		"GetFederationToken":        {form: form("GetFederationToken", "Name", "guest", "PolicyArns", ""), by: klapaucius(t)},
		"AssumeRoleWithWebIdentity": {form: webIdentityForm(w.idToken(t, nil), "PolicyArns", ""), unsigned: true},
	} {
		if rec := w.do(t, c); rec.Code != 200 {
			t.Errorf("%s: got %d %s", name, rec.Code, rec.Body)
		}
	}
}

// Of a user agent policies see the first KiB: whoever sends 60 of them makes no pattern expensive. The bound is ours.
func TestLongUserAgents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.store.PutRole(iam.Role{AccountID: account, Name: "careful", TrustPolicy: policy(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow",
		"Principal":{"AWS":"`+trurlARN+`"},"Action":"sts:AssumeRole","Condition":{"StringLike":{"aws:UserAgent":"*z"}}}}`)})
	if err != nil {
		t.Fatal(err)
	}
	for length, status := range map[int]int{3: 200, 1024: 200, 1025: 403, 60000: 403} {
		agent := strings.Repeat("a", length-1) + "z"
		c := try{form: assume("RoleArn", "arn:aws:iam::111122223333:role/careful"), before: func(r *http.Request) { r.Header.Set("User-Agent", agent) }}
		if rec := w.do(t, c); rec.Code != status {
			t.Errorf("%d characters: got %d %s", length, rec.Code, rec.Body)
		}
	}
}

// A role that wants an MFA device takes it in the request, or in a session that was made with it.
func TestMFA(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	device := []string{"RoleArn", deviceRoleARN, "SerialNumber", deviceSerial, "TokenCode", w.code(t)}
	if rec := w.do(t, try{form: assume(device...), by: klapaucius(t)}); rec.Code != 200 {
		t.Errorf("in the request: got %d %s", rec.Code, rec.Body)
	}
	_, session := w.issue(t, try{form: form("GetSessionToken", device[2:]...), by: klapaucius(t)})
	if rec := w.do(t, try{form: assume("RoleArn", deviceRoleARN), by: &session}); rec.Code != 200 {
		t.Errorf("in the session: got %d %s", rec.Code, rec.Body)
	}
	_, without := w.issue(t, try{form: form("GetSessionToken"), by: klapaucius(t)})
	for name, by := range map[string]*aws.Credentials{"no device": klapaucius(t), "session without one": &without} {
		if rec := w.do(t, try{form: assume("RoleArn", deviceRoleARN), by: by}); rec.Code != 403 {
			t.Errorf("%s: got %d %s", name, rec.Code, rec.Body)
		}
	}
}
