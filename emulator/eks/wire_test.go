package eks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/go-cmp/cmp"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// nulls is the body of an exception that is about no resource by name.
func nulls(message string) string {
	text, err := json.Marshal(message)
	if err != nil {
		return err.Error()
	}
	return `{"clusterName":null,"nodegroupName":null,"fargateProfileName":null,"addonName":null,"subscriptionId":null,"message":` +
		string(text) + `}`
}

func TestWireRefusals(t *testing.T) {
	t.Parallel()
	e := start(t)
	testCluster(t, e.clusters, oregon, "my-cluster")
	keys := e.keys["trurl"]
	wrong := keys
	wrong.SecretAccessKey = "wrong"
	const badName = `The parameter name contains invalid characters. It should conform to the regular expression ` +
		`"^[0-9A-Za-z][A-Za-z0-9-_]*"In other words, it should start with a number or letter, and can contain ` +
		`numbers, letters, dashes, and underscores.`
	const badPage = "The parameter maxResults must be a number between 1 and 100."
	const known = "It answers AssociateAccessPolicy, CreateAccessEntry, CreateCluster, DeleteAccessEntry, DeleteCluster, " +
		"DescribeAccessEntry, DescribeAddonVersions, DescribeCluster, DescribeClusterVersions, DescribeIdentityProviderConfig, " +
		"DescribeUpdate, DisassociateAccessPolicy, ListAccessEntries, ListAccessPolicies, ListAddons, ListAssociatedAccessPolicies, " +
		"ListCapabilities, ListClusters, ListEksAnywhereSubscriptions, ListFargateProfiles, ListIdentityProviderConfigs, ListInsights, " +
		"ListNodegroups, ListPodIdentityAssociations, ListTagsForResource, ListUpdates, TagResource, UntagResource, UpdateAccessEntry, " +
		"UpdateClusterConfig, UpdateClusterVersion."
	for _, test := range []struct {
		method, target string
		keys           *aws.Credentials
		status         int
		code, body     string
	}{
		{"GET", "/clusters/nope", &keys, 404, "ResourceNotFoundException", nulls("No cluster found for name: nope.")},
		{"GET", "/clusters/-nope", &keys, 400, "InvalidParameterException", nulls(badName)},
		{"GET", "/clusters/a%2Fb", &keys, 400, "InvalidParameterException", nulls(badName)},
		{"GET", "/clusters/my%0Acluster", &keys, 400, "InvalidParameterException", nulls(badName)},
		{"GET", "/clusters/" + strings.Repeat("a", 101), &keys, 400, "InvalidParameterException", nulls("The parameter name should not be greater than 100 characters.")},
		{"GET", "/clusters?maxResults=0", &keys, 400, "InvalidParameterException", nulls(badPage)},
		{"GET", "/clusters?maxResults=101", &keys, 400, "InvalidParameterException", nulls(badPage)},
		{"GET", "/clusters?maxResults=ten", &keys, 400, "InvalidParameterException", nulls(badPage)},
		{"GET", "/clusters?include=ALL", &keys, 400, "InvalidParameterException", nulls("The parameter include must be all, or absent.")},
		{"GET", "/clusters?nextToken=bm9wZQ", &keys, 400, "InvalidParameterException", nulls("The parameter nextToken is not one that ListClusters has returned.")},
		{"GET", "/clusters/", &keys, 404, "UnknownOperationException", fmt.Sprintf(`{"message":"eksemu does not emulate GET /clusters/ of the EKS API. %s"}`, known)},
		{"PUT", "/clusters/my-cluster", &keys, 404, "UnknownOperationException", fmt.Sprintf(`{"message":"eksemu does not emulate PUT /clusters/my-cluster of the EKS API. %s"}`, known)},
		{"GET", "/clusters/my-cluster/addons/arn%3Aaws", &keys, 404, "UnknownOperationException", fmt.Sprintf(`{"message":"eksemu does not emulate GET /clusters/my-cluster/addons/arn%%3Aaws of the EKS API. %s"}`, known)},
		{"GET", "/nope", nil, 403, "MissingAuthenticationTokenException", `{"message":"Request is missing Authentication Token"}`},
		{"GET", "/clusters/my-cluster", nil, 403, "MissingAuthenticationTokenException", `{"message":"Request is missing Authentication Token"}`},
		{"GET", "/clusters/my-cluster", &wrong, 403, "InvalidSignatureException", `{"message":"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}`},
	} {
		answer, body := e.send(t, test.method, test.target, "", test.keys)
		got := fmt.Sprint(answer.StatusCode, " ", answer.Header.Get("x-amzn-ErrorType"), " ", body)
		want := fmt.Sprint(test.status, " ", test.code, " ", test.body)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", test.method, test.target, diff)
		}
		if call := e.lastCall(t); call.Status != test.status || call.Code != test.code || call.Message == "" {
			t.Errorf("%s %s: observed as %d %s %q", test.method, test.target, call.Status, call.Code, call.Message)
		}
	}
}

func TestWireListClusters(t *testing.T) {
	t.Parallel()
	e := start(t)
	keys := e.keys["trurl"]
	_, none := e.get(t, "/clusters", &keys)
	for _, name := range []string{"a", "b", "c"} {
		testCluster(t, e.clusters, oregon, name)
	}
	_, first := e.get(t, "/clusters?include=all&maxResults=2", &keys)
	next := formatNextToken("ListClusters", "b")
	_, second := e.get(t, "/clusters?maxResults=2&nextToken="+url.QueryEscape(next), &keys)
	want := []string{`{"clusters":[],"nextToken":null}`, `{"clusters":["a","b"],"nextToken":"` + next + `"}`, `{"clusters":["c"],"nextToken":null}`}
	if diff := cmp.Diff(want, []string{none, first, second}); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

func TestWireAnswer(t *testing.T) {
	t.Parallel()
	e := start(t)
	cluster := testCluster(t, e.clusters, oregon, "my-cluster")
	keys := e.keys["trurl"]
	answer, body := e.get(t, "/clusters/my%2Dcluster", &keys)
	described, err := encode(cluster)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"cluster":`+string(described)+`}`, body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{
		"Content-Type":     "application/json",
		"X-Amzn-Requestid": "11111111-2222-4333-8444-555555555555",
		"Date":             e.now.UTC().Format(http.TimeFormat),
		"Content-Length":   fmt.Sprint(len(body)),
		"X-Amzn-Errortype": "",
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("header %s is %q, want %q", name, got, want)
		}
	}
}

// Headers are spelled as AWS spells them: what reads a connection, such as a proxy's log, shows no others.
func TestHeaderSpelling(t *testing.T) {
	t.Parallel()
	e := start(t)
	rec := httptest.NewRecorder()
	e.server.Config.Handler.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/clusters", http.NoBody))
	want := http.Header{
		"x-amzn-RequestId": {"11111111-2222-4333-8444-555555555555"},
		"x-amzn-ErrorType": {"MissingAuthenticationTokenException"},
		"Content-Type":     {"application/json"},
		"Content-Length":   {"53"},
		"Date":             {e.now.UTC().Format(http.TimeFormat)},
	}
	if diff := cmp.Diff(want, rec.Header()); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestObservedCall(t *testing.T) {
	t.Parallel()
	e := start(t)
	testCluster(t, e.clusters, oregon, "my-cluster")
	keys := e.keys["trurl"]
	e.get(t, "/clusters/my-cluster", &keys)
	got := e.lastCall(t)
	if got.Fingerprint == "" || got.Request == nil || got.Time.IsZero() {
		t.Errorf("call %+v lacks a fingerprint, request or time", got)
	}
	want := "eks DescribeCluster us-west-2 GET " + keys.AccessKeyID + " arn:aws:iam::111122223333:user/trurl 200 " + strings.TrimPrefix(e.server.URL, "http://")
	have := fmt.Sprint(got.Service, " ", got.Operation, " ", got.Region, " ", got.Method, " ", got.AccessKeyID, " ", got.Principal, " ", got.Status, " ", got.Host)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
}

func TestTooLargeBody(t *testing.T) {
	t.Parallel()
	e := start(t)
	answer, body := e.send(t, http.MethodPost, "/clusters", strings.Repeat("x", stsfake.MaxBody+1), nil)
	if answer.StatusCode != http.StatusRequestEntityTooLarge || body != `{"message":"Request Too Long"}` {
		t.Errorf("answer %d %s", answer.StatusCode, body)
	}
}

func TestTimeRefusals(t *testing.T) {
	t.Parallel()
	e := start(t)
	trust, err := iam.ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	role, err := e.store.PutRole(iam.Role{AccountID: "111122223333", Name: "some-other-role", TrustPolicy: trust})
	if err != nil {
		t.Fatal(err)
	}
	session, _, err := e.store.IssueRoleSession(role.ARN("aws"), "test", iam.SessionOptions{Duration: 15 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	keys := aws.Credentials{AccessKeyID: session.AccessKeyID, SecretAccessKey: session.SecretAccessKey, SessionToken: session.SessionToken}
	if answer, body := e.get(t, "/clusters", &keys); answer.StatusCode != http.StatusOK {
		t.Errorf("a fresh session gets %d %s", answer.StatusCode, body)
	}

	e.now = e.now.Add(16 * time.Minute)
	answer, body := e.get(t, "/clusters", &keys)
	want := `403 ExpiredTokenException {"message":"The security token included in the request is expired"}`
	if got := fmt.Sprint(answer.StatusCode, " ", answer.Header.Get("x-amzn-ErrorType"), " ", body); got != want {
		t.Errorf("session of 15 minutes after 16:\ngot  %s\nwant %s", got, want)
	}

	keys = e.keys["trurl"]
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.server.URL+"/clusters", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if err := v4.NewSigner().SignHTTP(t.Context(), keys, r, emptyHash, "eks", "us-west-2", e.now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	answer, body = e.do(t, r)
	if answer.Header.Get("x-amzn-ErrorType") != "InvalidSignatureException" || !strings.Contains(body, "Signature expired: ") {
		t.Errorf("signed an hour ago: %d %s", answer.StatusCode, body)
	}
}

func FuzzNextToken(f *testing.F) {
	f.Add(formatNextToken("ListClusters", "my-cluster"))
	f.Add("")
	f.Add("bm9wZQ")
	f.Fuzz(func(t *testing.T, token string) {
		name, found, refusal := parseNextToken("ListClusters", token)
		if refusal != nil || !found {
			return
		}
		if again, _, refusal := parseNextToken("ListClusters", formatNextToken("ListClusters", name)); refusal != nil || again != name {
			t.Errorf("token %q: name %q comes back as %q, %v", token, name, again, refusal)
		}
	})
}
