package stsfaketest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
	"github.com/eksemu/eksemu/sts-fake/stsfaketest"
)

// playedT is a test whose end and failure are played.
type playedT struct {
	exampleT
	failed bool
	fatal  string
	log    []string
}

type stopped struct{}

func (t *playedT) Failed() bool                 { return t.failed }
func (t *playedT) Logf(format string, a ...any) { t.log = append(t.log, fmt.Sprintf(format, a...)) }
func (t *playedT) Fatalf(format string, a ...any) {
	t.fatal = fmt.Sprintf(format, a...)
	panic(stopped{})
}

// run runs a part of the test, which Fatalf ends.
func (t *playedT) run(part func()) {
	defer func() {
		if r := recover(); r != nil && r != (stopped{}) {
			panic(r)
		}
	}()
	part()
}

func once(cfg aws.Config) *sts.Client {
	return sts.NewFromConfig(cfg, func(o *sts.Options) { o.Retryer = aws.NopRetryer{} })
}

func TestOptions(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	srv := stsfaketest.New(t, stsfaketest.WithAccount("444455556666"), stsfaketest.WithRegion("cn-north-1"),
		stsfaketest.WithNow(func() time.Time { return now }))
	if srv.User.ARN != "arn:aws-cn:iam::444455556666:user/test" || srv.Config().Region != "cn-north-1" {
		t.Errorf("user %s in %s", srv.User.ARN, srv.Config().Region)
	}
	srv.Advance(time.Hour)
	srv.Advance(-time.Minute)
	if got := srv.Now(); !got.Equal(now.Add(59 * time.Minute)) {
		t.Errorf("it is %s", got)
	}
	// The client is years away, reads the Date header and signs again: aws-sdk-go-v2 itself decides that [V].
	if got := whoami(sts.NewFromConfig(srv.Config())); got != srv.User.ARN {
		t.Errorf("caller %s", got)
	}
}

// TestMistakesEndTheTest has everything that no correct test asks for.
func TestMistakesEndTheTest(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, want string
		mistake    func(*playedT)
	}{
		{"account", `stsfaketest: derive the access key of "test": account ID "42" is not 12 digits`, func(t *playedT) { stsfaketest.New(t, stsfaketest.WithAccount("42")) }},
		{"fault", `stsfaketest: fault: STS has no operation "GetCalerIdentity": did you mean "GetCallerIdentity"?`, func(t *playedT) {
			stsfaketest.New(t).FailNext(stsfake.Fault{Operation: "GetCalerIdentity", Code: "Throttling"})
		}},
		{"user name", "stsfaketest: ", func(t *playedT) { stsfaketest.New(t).NewUser("not a name") }},
		{"user twice", "stsfaketest: there is a user arn:aws:iam::111122223333:user/test: give the new one another name, or change that one in Store", func(t *playedT) {
			stsfaketest.New(t).NewUser("test")
		}},
		{"trust policy", "stsfaketest: ", func(t *playedT) { stsfaketest.New(t).NewRoleWithTrustPolicy("r", "{") }},
		{"principal", "stsfaketest: ", func(t *playedT) { stsfaketest.New(t).NewRole("r", "alice") }},
		{"session of nothing", "stsfaketest: ", func(t *playedT) {
			stsfaketest.New(t).RoleSession("arn:aws:iam::111122223333:role/nobody", "s")
		}},
		{"user's policy", "stsfaketest: policy 2 of user alice: ", func(t *playedT) {
			stsfaketest.New(t).NewUserWithPolicies("alice", `{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}`, "{")
		}},
		{"duration", "stsfaketest: ", func(t *playedT) {
			srv := stsfaketest.New(t)
			srv.SetMaxSessionDuration(srv.NewRole("r"), 13*time.Hour)
		}},
		{"duration of nothing", "stsfaketest: ", func(t *playedT) {
			stsfaketest.New(t).SetMaxSessionDuration("arn:aws:iam::111122223333:role/nobody", 2*time.Hour)
		}},
		{"device of nobody", "stsfaketest: ", func(t *playedT) {
			stsfaketest.New(t).NewMFADevice(stsfaketest.User{ARN: "arn:aws:iam::111122223333:user/nobody"})
		}},
	} {
		played := new(playedT)
		played.run(func() { tc.mistake(played) })
		played.end()
		if !strings.HasPrefix(played.fatal, tc.want) {
			t.Errorf("%s: %q, want %q…", tc.name, played.fatal, tc.want)
		}
	}
}

// TestFailureShowsTheRequests: the log of a failed test has the calls, and nothing secret.
func TestFailureShowsTheRequests(t *testing.T) {
	t.Parallel()
	for _, failed := range []bool{false, true} {
		played := &playedT{failed: failed}
		srv := stsfaketest.New(played)
		session := srv.RoleSession(srv.NewRole("deployer"), "release")
		whoami(once(srv.ConfigFor(session)))
		wrong := srv.User.Credentials
		wrong.SecretAccessKey = "wrong"
		whoami(once(srv.ConfigFor(wrong)))
		srv.FailNext(stsfake.Fault{Drop: true})
		whoami(once(srv.Config()))
		played.end()
		if !failed {
			if len(played.log) > 0 {
				t.Errorf("a test that passes prints %q", played.log)
			}
			continue
		}
		if len(played.log) != 3 {
			t.Fatalf("log %q", played.log)
		}
		host := strings.TrimPrefix(srv.URL, "http://")
		for i, want := range []string{
			`POST "GetCallerIdentity" at ` + host + ` by "arn:aws:sts::111122223333:assumed-role/deployer/release": 200`,
			`POST "GetCallerIdentity" at ` + host + ` by "` + wrong.AccessKeyID + `": 403 SignatureDoesNotMatch: "The request signature we calculated`,
			`by "` + wrong.AccessKeyID + `": 0 (a fault that was asked for)`,
		} {
			if !strings.Contains(played.log[i], want) {
				t.Errorf("line %q has no %q", played.log[i], want)
			}
		}
		all := strings.Join(played.log, "\n")
		for _, secret := range []string{session.SecretAccessKey, session.SessionToken, srv.User.Credentials.SecretAccessKey} {
			if strings.Contains(all, secret) {
				t.Errorf("a secret is in the log:\n%s", all)
			}
		}
	}
}

func TestRequestsHoldNoRequest(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	whoami(sts.NewFromConfig(srv.Config()))
	calls := srv.Requests()
	if len(calls) != 1 || calls[0].Request != nil || calls[0].Principal != srv.User.ARN || calls[0].Region != "us-west-2" {
		t.Errorf("calls %+v", calls)
	}
	calls[0].Principal = "changed"
	if srv.Requests()[0].Principal != srv.User.ARN {
		t.Error("the log can be changed from outside")
	}
}

// TestNewMFADevices gives a user devices from everywhere at once: all of them stay, up to the quota of 8 [D] (IAM and AWS
// STS quotas).
func TestNewMFADevices(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { srv.NewMFADevice(srv.User) })
	}
	all.Wait()
	user, err := srv.Store().User(srv.User.ARN)
	if err != nil || len(user.MFADevices) != 8 {
		t.Errorf("%d devices, %v", len(user.MFADevices), err)
	}
}

// TestEndWithADelayedCall ends while a call waits for its answer.
func TestEndWithADelayedCall(t *testing.T) {
	t.Parallel()
	played := new(playedT)
	srv := stsfaketest.New(played)
	srv.FailNext(stsfake.Fault{Delay: time.Hour})
	var call sync.WaitGroup
	call.Go(func() { whoami(once(srv.Config())) })
	awaitFaults(srv)
	played.end()
	call.Wait()
}

// TestStore deletes a user who is in use.
func TestStore(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	if err := srv.Store().DeleteUser(srv.User.ARN); err != nil {
		t.Fatal(err)
	}
	if _, err := once(srv.Config()).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); codeOf(err) != "InvalidClientTokenId" {
		t.Errorf("error %v", err)
	}
	if _, err := srv.Store().User(srv.User.ARN); !errors.Is(err, iam.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}

// TestManyAtOnce has the race detector look.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			user := srv.NewUser(fmt.Sprintf("user-%d", i))
			srv.FailNext(stsfake.Fault{Operation: "AssumeRole", Code: "Throttling"})
			srv.Advance(time.Second)
			if got := whoami(sts.NewFromConfig(srv.ConfigFor(user.Credentials))); got != user.ARN {
				t.Errorf("%s is %s", user.ARN, got)
			}
		})
	}
	all.Wait()
	if len(srv.Requests()) != 8 || len(srv.Pending()) != 8 {
		t.Errorf("%d calls, %d faults", len(srv.Requests()), len(srv.Pending()))
	}
}

func codeOf(err error) string {
	if refusal := smithy.APIError(nil); errors.As(err, &refusal) {
		return refusal.ErrorCode()
	}
	return ""
}

// awaitFaults returns when calls have met all faults.
func awaitFaults(srv *stsfaketest.Server) {
	for len(srv.Pending()) > 0 {
		runtime.Gosched()
	}
}

// TestGivingUp: a client that gives up is no crash of the server.
func TestGivingUp(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	srv.FailNext(stsfake.Fault{Delay: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	var call sync.WaitGroup
	call.Go(func() {
		if _, err := once(srv.Config()).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
	awaitFaults(srv)
	cancel()
	call.Wait()
	if got := whoami(sts.NewFromConfig(srv.Config())); got != srv.User.ARN {
		t.Errorf("afterwards: %s", got)
	}
}
