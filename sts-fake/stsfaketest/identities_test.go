package stsfaketest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/eksemu/eksemu/sts-fake/iam"
	"github.com/eksemu/eksemu/sts-fake/stsfaketest"
)

// TestSessionOfAnotherAccount: a session's account is the role's.
func TestSessionOfAnotherAccount(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	trust, err := iam.ParsePolicy([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}}`))
	if err != nil {
		t.Fatal(err)
	}
	role, err := srv.Store().PutRole(iam.Role{AccountID: "444455556666", Name: "guest", TrustPolicy: trust})
	if err != nil {
		t.Fatal(err)
	}
	session := srv.RoleSession(role.ARN("aws"), "visit")
	who, err := once(srv.ConfigFor(session)).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || *who.Account != "444455556666" || session.AccountID != *who.Account {
		t.Errorf("account %s, caller %v, %v", session.AccountID, who, err)
	}
}

// TestNewUserWithPolicies: [D] a role that trusts an account leaves it to the caller's own policies, and a denial counts
// always (IAM User Guide, "Policy evaluation logic").
func TestNewUserWithPolicies(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	const allow = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}`
	const deny = `{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}}`
	role := srv.NewRole("shared", "arn:aws:iam::111122223333:root")
	for _, tc := range []struct {
		user stsfaketest.User
		want string
	}{
		{srv.NewUser("plain"), "AccessDenied"},
		{srv.NewUserWithPolicies("allowed", allow), ""},
		{srv.NewUserWithPolicies("denied", allow, deny), "AccessDenied"},
	} {
		_, err := once(srv.ConfigFor(tc.user.Credentials)).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("session")})
		if codeOf(err) != tc.want || tc.want == "" && err != nil {
			t.Errorf("%s: %v", tc.user.Name, err)
		}
	}
}

// TestRoot: [R] GetCallerIdentity shows the account as the root user's ID, [R] who may assume no role (spec/sts.md
// section 2.2).
func TestRoot(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t, stsfaketest.WithAccount("444455556666"), stsfaketest.WithRegion("cn-north-1"))
	root := srv.Root()
	if again := srv.Root(); again != root || root.Name != "root" {
		t.Errorf("root %+v, then %+v", root, again)
	}
	client := once(srv.ConfigFor(root.Credentials))
	who, err := client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || *who.Arn != "arn:aws-cn:iam::444455556666:root" || *who.Arn != root.ARN || *who.UserId != "444455556666" {
		t.Errorf("caller %v, %v", who, err)
	}
	role := srv.NewRole("deployer", root.ARN)
	if _, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("session")}); codeOf(err) != "AccessDenied" {
		t.Errorf("assumes a role: %v", err)
	}
}

// TestSetMaxSessionDuration: [R] awsu#27.
func TestSetMaxSessionDuration(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	role := srv.NewRole("long")
	input := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("session"), DurationSeconds: aws.Int32(43200)}
	if _, err := once(srv.Config()).AssumeRole(t.Context(), input); err == nil || !strings.Contains(err.Error(), "exceeds the MaxSessionDuration set for this role") {
		t.Errorf("before: %v", err)
	}
	srv.SetMaxSessionDuration(role, 12*time.Hour)
	if _, err := once(srv.Config()).AssumeRole(t.Context(), input); err != nil {
		t.Errorf("after: %v", err)
	}
}
