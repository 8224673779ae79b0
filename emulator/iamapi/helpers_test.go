package iamapi

import (
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

const (
	account = "111122223333"
	other   = "444455556666"

	adminARN   = "arn:aws:iam::aws:policy/AdministratorAccess"
	everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	trustsEC2  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	requestID  = "11111111-2222-4333-8444-555555555555"
)

// world is an IAM endpoint with the user admin, who has every permission, and bob, who has none.
type world struct {
	store  *iam.Store
	gate   *stsfake.Gate
	url    string
	now    time.Time
	keys   map[string]aws.Credentials // by user
	faulty error                      // of the store's Save

	mu    sync.Mutex
	calls []stsfake.Call
}

func newWorld(t testing.TB, change func(*Options)) *world {
	t.Helper()
	w := &world{now: time.Now(), keys: map[string]aws.Credentials{}} // the SDK signs with the wall clock
	clock := func() time.Time { return w.now }
	store, err := iam.NewStore(iam.Options{Now: clock, Save: func(iam.Snapshot) error { return w.faulty }})
	if err != nil {
		t.Fatal(err)
	}
	w.store = store
	w.gate = &stsfake.Gate{Store: store, Now: clock, NewRequestID: func() string { return requestID }, Observe: func(c stsfake.Call) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.calls = append(w.calls, c)
	}}
	options := Options{Gate: w.gate}
	if change != nil {
		change(&options)
	}
	server, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	w.url = listening.URL
	w.addUser(t, "admin", adminARN)
	w.addUser(t, "bob")
	return w
}

func (w *world) addUser(t testing.TB, name string, attached ...string) {
	t.Helper()
	key, err := iam.FixtureAccessKey(account, name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.PutUser(iam.User{AccountID: account, Name: name, AccessKeys: []iam.AccessKey{key}, AttachedPolicies: attached}); err != nil {
		t.Fatal(err)
	}
	w.keys[name] = aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}
}

// as is a client that signs as a user of the world.
func (w *world) as(name string) *awsiam.Client { return w.with(w.keys[name]) }

func (w *world) with(keys aws.Credentials) *awsiam.Client {
	return awsiam.New(awsiam.Options{
		BaseEndpoint: aws.String(w.url), Region: "us-east-1", RetryMaxAttempts: 1, Credentials: credentials.StaticCredentialsProvider{Value: keys},
	})
}

// lastCall is what the observer saw last.
func (w *world) lastCall() stsfake.Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[len(w.calls)-1]
}

func (w *world) operations() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, c := range w.calls {
		out = append(out, c.Operation)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// want checks a refusal's status, code and text, as the client sees them.
func want(t testing.TB, err error, status int, code, message string) {
	t.Helper()
	var api smithy.APIError
	var response *smithyhttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &response) {
		t.Errorf("got %v, want %s: %s", err, code, message)
		return
	}
	if response.HTTPStatusCode() != status || api.ErrorCode() != code || api.ErrorMessage() != message {
		t.Errorf("got  %d %s: %q\nwant %d %s: %q", response.HTTPStatusCode(), api.ErrorCode(), api.ErrorMessage(), status, code, message)
	}
}

// must returns the value of a call that cannot fail in a correct test.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func failure[T any](_ T, err error) error { return err }

func userARN(name string) string { return iam.UserARN("aws", account, "/", name) }

func repeat(s string, n int) string { return strings.Repeat(s, n) }
