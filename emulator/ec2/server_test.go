package ec2

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
	"github.com/eksemu/eksemu/sts-fake/sigv4"
)

// endpoint is an EC2 endpoint with a fleet of six, and the user trurl of its account.
type endpoint struct {
	server *httptest.Server
	keys   aws.Credentials
	now    time.Time

	mu    sync.Mutex
	calls []stsfake.Call
}

func start(t *testing.T) *endpoint {
	t.Helper()
	e := &endpoint{now: time.Now()} // the SDK signs with the wall clock
	clock := func() time.Time { return e.now }
	store, err := iam.NewStore(iam.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	key, err := iam.FixtureAccessKey("111122223333", "trurl")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.PutUser(iam.User{AccountID: "111122223333", Name: "trurl", AccessKeys: []iam.AccessKey{key}}); err != nil {
		t.Fatal(err)
	}
	e.keys = aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}
	handler, err := New(Options{Instances: fleet(6), Gate: &stsfake.Gate{
		Store:        store,
		Now:          clock,
		NewRequestID: func() string { return "11111111-2222-4333-8444-555555555555" },
		Observe: func(c stsfake.Call) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.calls = append(e.calls, c)
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	e.server = httptest.NewServer(handler)
	t.Cleanup(e.server.Close)
	return e
}

func (e *endpoint) client(region string, keys aws.Credentials) *awsec2.Client {
	return awsec2.New(awsec2.Options{
		BaseEndpoint: aws.String(e.server.URL), Region: region, RetryMaxAttempts: 1,
		Credentials: credentials.StaticCredentialsProvider{Value: keys},
	})
}

// TestSDKDescribesInstances makes the two calls of the authenticator: one instance, and a batch.
func TestSDKDescribesInstances(t *testing.T) {
	t.Parallel()
	e := start(t)
	for want, ids := range map[string][]string{
		"i-00000000000000002 ip-10-0-0-2.us-west-2.compute.internal 10.0.0.2 running": {"i-00000000000000002"},
		"i-00000000000000001 ip-10-0-0-1.us-west-2.compute.internal 10.0.0.1 running, " +
			"i-00000000000000003 ip-10-0-0-3.us-west-2.compute.internal 10.0.0.3 running": {"i-00000000000000003", "i-00000000000000001"},
	} {
		out, err := e.client("us-west-2", e.keys).DescribeInstances(t.Context(), &awsec2.DescribeInstancesInput{InstanceIds: ids})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range out.Reservations {
			for _, i := range r.Instances {
				got = append(got, fmt.Sprint(aws.ToString(i.InstanceId), " ", aws.ToString(i.PrivateDnsName), " ",
					aws.ToString(i.PrivateIpAddress), " ", i.State.Name))
			}
			if aws.ToString(r.OwnerId) != "111122223333" || !strings.HasPrefix(aws.ToString(r.ReservationId), "r-0") {
				t.Errorf("reservation %s of %s", aws.ToString(r.ReservationId), aws.ToString(r.OwnerId))
			}
		}
		if diff := cmp.Diff(want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%v (-want +got):\n%s", ids, diff)
		}
	}
}

func TestSDKFiltersAndPages(t *testing.T) {
	t.Parallel()
	e := start(t)
	pager := awsec2.NewDescribeInstancesPaginator(e.client("us-west-2", e.keys), &awsec2.DescribeInstancesInput{
		MaxResults: aws.Int32(5),
		Filters:    []types.Filter{{Name: aws.String("private-dns-name"), Values: []string{"*.internal", "unused"}}},
	})
	var pages []int
	for pager.HasMorePages() {
		page, err := pager.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, len(page.Reservations))
	}
	if diff := cmp.Diff([]int{5, 1}, pages); diff != "" {
		t.Errorf("page sizes (-want +got):\n%s", diff)
	}
}

func TestSDKRefusals(t *testing.T) {
	t.Parallel()
	e := start(t)
	wrongSecret, unknownKey := e.keys, e.keys
	wrongSecret.SecretAccessKey = "wrong"
	unknownKey.AccessKeyID = "AKIAIOSFODNN7EXAMPLE"
	for what, test := range map[string]struct {
		region, id string
		keys       aws.Credentials
		want       string
	}{
		"unknown instance": {"us-west-2", "i-0123456789abcdef0", e.keys, "400 InvalidInstanceID.NotFound: The instance ID 'i-0123456789abcdef0' does not exist"},
		"another region":   {"eu-west-1", "i-00000000000000001", e.keys, "400 InvalidInstanceID.NotFound: The instance ID 'i-00000000000000001' does not exist"},
		"malformed ID":     {"us-west-2", "<ma1>", e.keys, `400 InvalidInstanceID.Malformed: Invalid id: "<ma1>"`},
		"wrong secret":     {"us-west-2", "i-00000000000000001", wrongSecret, "401 AuthFailure: AWS was not able to validate the provided access credentials"},
		"unknown key":      {"us-west-2", "i-00000000000000001", unknownKey, "401 AuthFailure: AWS was not able to validate the provided access credentials"},
	} {
		_, err := e.client(test.region, test.keys).DescribeInstances(t.Context(), &awsec2.DescribeInstancesInput{InstanceIds: []string{test.id}})
		var refusal smithy.APIError
		var response *smithyhttp.ResponseError
		if !errors.As(err, &refusal) || !errors.As(err, &response) {
			t.Errorf("%s: error %v is no refusal", what, err)
			continue
		}
		got := fmt.Sprintf("%d %s: %s", response.HTTPStatusCode(), refusal.ErrorCode(), refusal.ErrorMessage())
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, call := range e.calls {
		if call.Operation != "DescribeInstances" || call.Service != "ec2" || call.Code == "" || call.AccessKeyID == "" {
			t.Errorf("observed call %+v lacks its operation, service, code or key", call)
		}
	}
}

func TestUnsigned(t *testing.T) {
	t.Parallel()
	e := start(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.server.URL, strings.NewReader("Action=DescribeInstances&Version=2016-11-15"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := e.server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusUnauthorized || answer.Header.Get("Date") != e.now.UTC().Format(http.TimeFormat) {
		t.Errorf("answer %d of %s, want 401 by the verifier's clock", answer.StatusCode, answer.Header.Get("Date"))
	}
	golden.Assert(t, string(body), "auth-failure.xml")
}

func TestEncodePage(t *testing.T) {
	t.Parallel()
	answer, err := encodePage(page{instances: fleet(2), nextToken: "bmV4dA"}, "11111111-2222-4333-8444-555555555555")
	if err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, string(answer.Body), "describe-instances.xml")
}

// EC2 tells nobody what is wrong with their credentials; the record does.
func TestRecordTellsTheReason(t *testing.T) {
	t.Parallel()
	const mismatch = "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	for what, test := range map[string]struct {
		change func(*endpoint)
		want   string // begin of the reason
	}{
		"wrong secret": {func(e *endpoint) { e.keys.SecretAccessKey = "wrong" }, "signature: " + mismatch},
		"unknown key":  {func(e *endpoint) { e.keys.AccessKeyID = "AKIAIOSFODNN7EXAMPLE" }, "access-key: The security token included in the request is invalid."},
		"wrong clock":  {func(e *endpoint) { e.now = e.now.Add(time.Hour) }, "expired: Signature expired: "},
	} {
		e := start(t)
		test.change(e)
		_, err := e.client("us-west-2", e.keys).DescribeInstances(t.Context(), &awsec2.DescribeInstancesInput{})
		var refusal smithy.APIError
		if !errors.As(err, &refusal) || refusal.ErrorCode() != "AuthFailure" {
			t.Errorf("%s: error %v is no AuthFailure", what, err)
		}
		e.mu.Lock()
		call := e.calls[len(e.calls)-1]
		e.mu.Unlock()
		if call.Code != "AuthFailure" || !strings.HasPrefix(call.Reason, test.want) {
			t.Errorf("%s: observed %s with the reason %q, want %q", what, call.Code, call.Reason, test.want)
		}
	}
}

func TestCheckAction(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"Action=DescribeInstances&Version=2016-11-15": "",
		"Version=2016-11-15":                          "MissingParameter: The request must contain the parameter Action",
		"Action=RunInstances&Version=2016-11-15":      "InvalidAction: eksemu does not emulate RunInstances of the EC2 API. It answers DescribeInstances.",
		"Action=DescribeInstances&Version=2009-04-04": "NoSuchVersion: The requested version (2009-04-04) of service AmazonEC2 does not exist",
	} {
		got := ""
		if err := checkAction(decode(t, query)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

func TestUnauthenticated(t *testing.T) {
	t.Parallel()
	const failure = "401 AuthFailure: AWS was not able to validate the provided access credentials"
	for code, want := range map[string]string{
		"ExpiredToken":               "400 RequestExpired: Request has expired.",
		"SignatureDoesNotMatch":      failure,
		"InvalidClientTokenId":       failure,
		"MissingAuthenticationToken": failure,
		"IncompleteSignature":        failure,
		"":                           "400 InvalidRequest: The request is malformed: a reason.",
	} {
		answer := unauthenticated(&sigv4.Refusal{Status: http.StatusForbidden, Code: code, Message: "a reason"})
		if got := fmt.Sprint(answer.Status, " ", answer); got != want {
			t.Errorf("%q: %s, want %s", code, got, want)
		}
	}
}
