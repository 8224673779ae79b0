package iamapi

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/go-cmp/cmp"

	stsfake "github.com/eksemu/eksemu/sts-fake"
)

// answer is an answer as it is on the wire.
type answer struct {
	status int
	header http.Header
	body   string
}

// send signs a form as admin and sends it.
func (w *world) send(t testing.TB, accept string, pairs ...string) answer {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	body := form.Encode()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(t.Context(), w.keys["admin"], r, hex.EncodeToString(sum[:]), "iam", "us-east-1", w.now); err != nil {
		t.Fatal(err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(raw)}
}

// Answers byte for byte. The form of a refusal is recorded (ansible#22832, aws-cli#8918), that of InvalidAction is STS's
// (spec/sts.md section 2.2, which has IAM's from fog-aws#368), and the order of members is the model's.
func TestWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.now = w.now.Truncate(time.Second)
	if u, err := w.store.UserNamed(account, "bob"); err == nil {
		u.CreateDate = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		if _, err := w.store.PutUser(u); err != nil {
			t.Fatal(err)
		}
	}
	bob, err := w.store.UserNamed(account, "bob")
	if err != nil {
		t.Fatal(err)
	}
	const metadata = "  <ResponseMetadata>\n    <RequestId>" + requestID + "</RequestId>\n  </ResponseMetadata>\n"
	refused := func(namespace, code, message string) string {
		return `<ErrorResponse xmlns="` + namespace + "\">\n  <Error>\n    <Type>Sender</Type>\n    <Code>" + code + "</Code>\n    <Message>" + message + "</Message>\n  </Error>\n  <RequestId>" + requestID + "</RequestId>\n</ErrorResponse>\n"
	}
	const fault = "http://webservices.amazon.com/AWSFault/2005-15-09"
	version := []string{"Version", apiVersion}
	for _, tt := range []struct {
		name   string
		accept string
		form   []string
		status int
		body   string
	}{
		{"user", "", append(version, "Action", "GetUser", "UserName", "bob"), 200, `<GetUserResponse xmlns="` + namespace + "\">\n  <GetUserResult>\n    <User>\n      <Path>/</Path>\n      <UserName>bob</UserName>\n      <UserId>" + bob.UniqueID +
			"</UserId>\n      <Arn>" + userARN("bob") + "</Arn>\n      <CreateDate>2026-01-02T03:04:05Z</CreateDate>\n    </User>\n  </GetUserResult>\n" + metadata + "</GetUserResponse>\n"},
		{"nothing to say", "", append(version, "Action", "TagUser", "UserName", "bob", "Tags.member.1.Key", "a", "Tags.member.1.Value", "b"), 200, `<TagUserResponse xmlns="` + namespace + "\">\n" + metadata + "</TagUserResponse>\n"},
		{"an empty result", "", append(version, "Action", "ListAccountAliases"), 200, `<ListAccountAliasesResponse xmlns="` + namespace + "\">\n  <ListAccountAliasesResult>\n    <AccountAliases></AccountAliases>\n    <IsTruncated>false</IsTruncated>\n  </ListAccountAliasesResult>\n" + metadata + "</ListAccountAliasesResponse>\n"},
		{"JSON", "application/json", append(version, "Action", "ListUserTags", "UserName", "bob"), 200, `{"ListUserTagsResponse":{"ListUserTagsResult":{"IsTruncated":false,"Tags":[{"Key":"a","Value":"b"}]},"ResponseMetadata":{"RequestId":"` + requestID + `"}}}`},
		{"refusal", "", append(version, "Action", "GetUser", "UserName", "nobody"), 404, refused(namespace, "NoSuchEntity", "The user with name nobody cannot be found.")},
		{"missing member", "", append(version, "Action", "DeleteUser"), 400, refused(namespace, "ValidationError", "1 validation error detected: Value at 'userName' failed to satisfy constraint: Member must not be null")},
		{"no such operation", "", append(version, "Action", "CreateGroup"), 400, refused(fault, "InvalidAction", "Could not find operation CreateGroup for version 2010-05-08")},
		{"no such version", "", []string{"Version", "2011-06-15", "Action", "GetUser"}, 400, refused(fault, "InvalidAction", "Could not find operation GetUser for version 2011-06-15")},
		{"no version", "", []string{"Action", "GetUser"}, 400, refused(fault, "InvalidAction", "Could not find operation GetUser for version NO_VERSION_SPECIFIED")},
		{"no boolean", "", append(version, "Action", "ListPolicies", "OnlyAttached", "yes"), 400, refused(namespace, "MalformedInput", "Value 'yes' at 'onlyAttached' is not a boolean")},
		{"nothing asked for", "", nil, 302, ""},
	} {
		got := w.send(t, tt.accept, tt.form...)
		if diff := cmp.Diff(tt.body, got.body); diff != "" || got.status != tt.status {
			t.Errorf("%s: status %d (-want +got):\n%s", tt.name, got.status, diff)
		}
	}
	got := w.send(t, "", append(version, "Action", "GetUser")...)
	if got.header.Get("X-Amzn-Requestid") != requestID || got.header.Get("Content-Type") != "text/xml" || got.header.Get("Date") != w.now.UTC().Format(http.TimeFormat) {
		t.Errorf("headers %v", got.header)
	}
}

// What observers see has no secret in it, whatever was asked: not even the key that is in the answer.
func TestCallsHaveNoSecrets(t *testing.T) {
	t.Parallel()
	const random = "0123456789012345678901234567890123456789"
	w := newWorld(t, func(o *Options) { o.Rand = strings.NewReader(random) })
	got := w.send(t, "", "Version", apiVersion, "Action", "CreateAccessKey", "UserName", "bob")
	_, secret, _ := strings.Cut(got.body, "<SecretAccessKey>")
	secret, _, found := strings.Cut(secret, "</SecretAccessKey>")
	if len(secret) != 40 || !found {
		t.Fatalf("got %s", got.body)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, call := range w.calls {
		call.Request = nil // which does hold the request, as its documentation says
		text := fmt.Sprintf("%+v", call)
		for _, hidden := range []string{secret, w.keys["admin"].SecretAccessKey} {
			if strings.Contains(text, hidden) {
				t.Errorf("a secret is in %s", text)
			}
		}
	}
	if call := w.calls[0]; call.Operation != "CreateAccessKey" || call.Service != "iam" || call.Principal != userARN("admin") || call.Status != 200 {
		t.Errorf("the record is %+v", call)
	}
}

// The source of keys may run dry; a server without a gate is none.
func TestBrokenServers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Rand = strings.NewReader("short") })
	if got := w.send(t, "", "Version", apiVersion, "Action", "CreateAccessKey", "UserName", "bob"); got.status != 500 || !strings.Contains(got.body, "<Code>ServiceFailure</Code>") || !strings.Contains(got.body, "<Type>Receiver</Type>") {
		t.Errorf("got %+v", got)
	}
	if u, _ := w.store.UserNamed(account, "bob"); len(u.AccessKeys) != 1 {
		t.Errorf("bob has %d keys", len(u.AccessKeys))
	}
	if call := w.lastCall(); !strings.Contains(call.Reason, io.ErrUnexpectedEOF.Error()) {
		t.Errorf("reason %q", call.Reason)
	}
	for _, o := range []Options{{}, {Gate: &stsfake.Gate{}}} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), "Options.Gate") {
			t.Errorf("got %v", err)
		}
	}
	if _, reason := asAnswer(errors.New("x")); reason != "x" {
		t.Errorf("reason %q", reason)
	}
}

// Whatever a form asks for, the answer is one of IAM's.
func FuzzServer(f *testing.F) {
	for name := range operations() {
		f.Add(name, "UserName=bob&RoleName=dev&PolicyName=p&PolicyArn="+adminARN)
	}
	f.Add("CreateRole", "RoleName=dev&AssumeRolePolicyDocument="+url.QueryEscape(trustsEC2)+"&Tags.member.1.Key=a")
	f.Add("ListRoles", "MaxItems=1&Marker=eA==&PathPrefix=/")
	w := newWorld(f, nil)
	f.Fuzz(func(t *testing.T, action, form string) {
		values, err := url.ParseQuery(form)
		if err != nil {
			return
		}
		pairs := []string{"Version", apiVersion, "Action", action}
		for name := range values {
			pairs = append(pairs, name, values.Get(name))
		}
		got := w.send(t, "", pairs...)
		switch {
		case got.status == 302 && got.body == "":
		case got.status == 200 && strings.HasPrefix(got.body, "<"+action+"Response "):
		case got.status >= 400 && got.status < 500 && strings.HasPrefix(got.body, "<ErrorResponse "):
		default:
			t.Errorf("%s %s: %d %s", action, form, got.status, got.body)
		}
	})
}
