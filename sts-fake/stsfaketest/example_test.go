package stsfaketest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"sigs.k8s.io/aws-iam-authenticator/pkg/token"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/stsfaketest"
)

// exampleT plays the *testing.T of your test, which an example has not.
type exampleT struct{ cleanups []func() }

func (*exampleT) Helper()                         {}
func (t *exampleT) Cleanup(f func())              { t.cleanups = append(t.cleanups, f) }
func (*exampleT) Failed() bool                    { return false }
func (*exampleT) Fatalf(format string, a ...any)  { log.Fatalf(format, a...) }
func (*exampleT) Logf(format string, args ...any) { log.Printf(format, args...) }
func (t *exampleT) Setenv(name, value string) {
	old, had := os.LookupEnv(name)
	t.Cleanup(func() {
		_ = os.Unsetenv(name)
		if had {
			_ = os.Setenv(name, old)
		}
	})
	_ = os.Setenv(name, value)
}

func (t *exampleT) end() {
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
}

// whoami is the code under test.
func whoami(client *sts.Client) string {
	out, err := client.GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
	if refusal := smithy.APIError(nil); errors.As(err, &refusal) {
		return refusal.ErrorCode() + ": " + refusal.ErrorMessage()
	}
	if err != nil {
		return "no answer"
	}
	return *out.Arn
}

func Example() {
	t := new(exampleT) // in your test: its *testing.T
	defer t.end()

	srv := stsfaketest.New(t)
	client := sts.NewFromConfig(srv.Config())

	fmt.Println(whoami(client))
	// Output: arn:aws:iam::111122223333:user/test
}

func ExampleServer_ConfigFor() {
	t := new(exampleT)
	defer t.end()

	srv := stsfaketest.New(t)
	alice := srv.NewUser("alice")
	fmt.Println(whoami(sts.NewFromConfig(srv.ConfigFor(alice.Credentials))))

	alice.Credentials.SecretAccessKey = "wrong"
	fmt.Println(whoami(sts.NewFromConfig(srv.ConfigFor(alice.Credentials)))[:len("SignatureDoesNotMatch")])
	// Output:
	// arn:aws:iam::111122223333:user/alice
	// SignatureDoesNotMatch
}

func ExampleServer_NewRole() {
	t := new(exampleT)
	defer t.end()

	srv := stsfaketest.New(t)
	alice := srv.NewUser("alice")
	role := srv.NewRole("deployer", alice.ARN)

	assume := func(cfg aws.Config) string {
		cfg.Credentials = stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), role, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = "release"
		})
		return whoami(sts.NewFromConfig(cfg))
	}
	fmt.Println(assume(srv.ConfigFor(alice.Credentials)))
	fmt.Println(assume(srv.Config()))
	// Output:
	// arn:aws:sts::111122223333:assumed-role/deployer/release
	// AccessDenied: User: arn:aws:iam::111122223333:user/test is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/deployer
}

func ExampleServer_NewMFADevice() {
	t := new(exampleT)
	defer t.end()

	srv := stsfaketest.New(t)
	device := srv.NewMFADevice(srv.User)
	role := srv.NewRoleWithTrustPolicy("admin", `{"Version": "2012-10-17", "Statement": {
		"Effect": "Allow", "Principal": {"AWS": "`+srv.User.ARN+`"}, "Action": "sts:AssumeRole",
		"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
	}}`)

	assume := func(options func(*stscreds.AssumeRoleOptions)) string {
		cfg := srv.Config()
		cfg.Credentials = stscreds.NewAssumeRoleProvider(sts.NewFromConfig(srv.Config()), role, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = "on-call"
			options(o)
		})
		return whoami(sts.NewFromConfig(cfg))
	}
	fmt.Println(assume(func(*stscreds.AssumeRoleOptions) {})[:len("AccessDenied")])
	fmt.Println(assume(func(o *stscreds.AssumeRoleOptions) {
		o.SerialNumber, o.TokenProvider = aws.String(device.SerialNumber), device.Code
	}))
	// Output:
	// AccessDenied
	// arn:aws:sts::111122223333:assumed-role/admin/on-call
}

func ExampleServer_NewOIDCIssuer() {
	t := new(exampleT)
	defer t.end()

	srv := stsfaketest.New(t)
	issuer := srv.NewOIDCIssuer()
	role := issuer.NewRole("builder", "repo:example/app:ref:refs/heads/main")

	for _, subject := range []string{"repo:example/app:ref:refs/heads/main", "repo:mallory/app:ref:refs/heads/main"} {
		cfg := srv.Config()
		cfg.Credentials = stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(srv.Config()), role,
			idToken(issuer.IDToken(subject, nil)),
			func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName = "build-1" })
		fmt.Println(whoami(sts.NewFromConfig(cfg)))
	}
	// Output:
	// arn:aws:sts::111122223333:assumed-role/builder/build-1
	// AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity
}

// idToken is a token for the SDK, which would read it from a file.
type idToken string

func (t idToken) GetIdentityToken() ([]byte, error) { return []byte(t), nil }

func ExampleServer_Advance() {
	t := new(exampleT)
	defer t.end()

	srv := stsfaketest.New(t)
	session := srv.RoleSession(srv.NewRole("deployer"), "release")
	client := sts.NewFromConfig(srv.ConfigFor(session))
	fmt.Println(whoami(client))

	srv.Advance(2 * time.Hour) // the client follows the server's clock, the session has expired
	fmt.Println(whoami(client))
	// Output:
	// arn:aws:sts::111122223333:assumed-role/deployer/release
	// ExpiredToken: The security token included in the request is expired
}

func ExampleServer_FailNext() {
	t := new(exampleT)
	defer t.end()

	srv := stsfaketest.New(t)
	cfg := srv.Config()

	srv.FailNext(stsfake.Fault{Operation: "GetCallerIdentity", Code: "Throttling", Times: 2})
	fmt.Println(whoami(sts.NewFromConfig(cfg)), "after", len(srv.Requests()), "calls")

	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	srv.FailNext(stsfake.Fault{Code: "ServiceUnavailable"})
	fmt.Println(whoami(sts.NewFromConfig(cfg)))
	srv.FailNext(stsfake.Fault{Drop: true})
	fmt.Println(whoami(sts.NewFromConfig(cfg)))
	// Output:
	// arn:aws:iam::111122223333:user/test after 3 calls
	// ServiceUnavailable: The request has failed due to a temporary failure of the server.
	// no answer
}

func ExampleServer_Requests() {
	t := new(exampleT)
	defer t.end()

	srv := stsfaketest.New(t)
	role := srv.NewRole("deployer", "arn:aws:iam::444455556666:root")
	_, err := sts.NewFromConfig(srv.Config()).AssumeRole(context.Background(), &sts.AssumeRoleInput{
		RoleArn: aws.String(role), RoleSessionName: aws.String("release"), DurationSeconds: aws.Int32(900),
	})
	fmt.Println(err != nil)
	for _, request := range srv.Requests() {
		fmt.Println(request.Params.Get("RoleSessionName"), request.Params.Get("DurationSeconds"))
		fmt.Println(request.Operation, request.Status, request.Code, "for", request.Principal)
		fmt.Println(request.Reason) // what AWS does not tell its callers
	}
	// Output:
	// true
	// release 900
	// AssumeRole 403 AccessDenied for arn:aws:iam::111122223333:user/test
	// the role's trust policy does not allow it
}

func ExampleServer_Setenv() {
	t := new(exampleT)
	defer t.end()

	srv := stsfaketest.New(t)
	srv.Setenv()

	// Somewhere in the code under test:
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		t.Fatalf("%v", err)
	}
	fmt.Println(whoami(sts.NewFromConfig(cfg)))
	// Output: arn:aws:iam::111122223333:user/test
}

// A token for EKS is a presigned request to a host of AWS. The verifier that EKS clusters run, aws-iam-authenticator,
// sends it with the default transport.
func ExampleServer_Client() {
	t := new(exampleT)
	defer t.end()

	srv := stsfaketest.New(t)
	before := http.DefaultTransport
	defer func() { http.DefaultTransport = before }()
	http.DefaultTransport = srv.Client().Transport

	cfg := srv.Config()
	cfg.BaseEndpoint = nil
	tokens, err := token.NewGenerator(true, false)
	if err != nil {
		t.Fatalf("%v", err)
	}
	bearer, err := tokens.GetWithSTS("my-cluster", sts.NewFromConfig(cfg))
	if err != nil {
		t.Fatalf("%v", err)
	}

	for _, cluster := range []string{"my-cluster", "another-cluster"} {
		identity, err := token.NewVerifier(cluster, "aws", srv.Config().Region).Verify(bearer.Token)
		if err != nil {
			fmt.Println("refused")
			continue
		}
		fmt.Println(identity.CanonicalARN)
	}
	// Output:
	// arn:aws:iam::111122223333:user/test
	// refused
}
