package stsfaketest

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// User is an IAM user, or the root user of an account, with an access key.
type User struct {
	Name        string
	ARN         string
	Credentials aws.Credentials
}

// NewUser makes a user with one access key, which is the same for the same name and account in every test. The user
// has no policies and may do what every user may: ask who they are, and assume roles that trust them by their ARN. A
// name that is taken ends the test.
func (s *Server) NewUser(name string) User {
	s.t.Helper()
	return s.NewUserWithPolicies(name)
}

// NewUserWithPolicies is [Server.NewUser] with identity policies, as JSON. A user needs one to assume a role that trusts
// the account and not the user, and for GetFederationToken; a policy that denies counts for every operation that AWS
// asks for permission.
func (s *Server) NewUserWithPolicies(name string, documents ...string) User {
	s.t.Helper()
	s.identities.Lock()
	defer s.identities.Unlock()
	arn := iam.UserARN(s.store.Partition(), s.options.account, "/", name)
	if _, err := s.store.User(arn); !errors.Is(err, iam.ErrNotFound) {
		s.need(fmt.Errorf("there is a user %s: give the new one another name, or change that one in Store", arn))
	}
	var policies []iam.InlinePolicy
	for i, document := range documents {
		policy, err := iam.ParsePolicy([]byte(document))
		if err != nil {
			s.need(fmt.Errorf("policy %d of user %s: %w", i+1, name, err))
		}
		policies = append(policies, iam.InlinePolicy{Document: policy})
	}
	key, err := iam.FixtureAccessKey(s.options.account, name)
	s.need(err)
	_, err = s.store.PutUser(iam.User{AccountID: s.options.account, Name: name, AccessKeys: []iam.AccessKey{key}, Policies: policies})
	s.need(err)
	return s.user(name, arn, key)
}

// Root is the root user of the server's account, with an access key that is always the same for the account.
func (s *Server) Root() User {
	s.t.Helper()
	key, err := iam.FixtureAccessKey(s.options.account, ":root") // no user's name has a colon
	s.need(err)
	s.need(s.store.PutAccount(iam.Account{ID: s.options.account, AccessKeys: []iam.AccessKey{key}}))
	return s.user("root", iam.RootARN(s.store.Partition(), s.options.account), key)
}

func (s *Server) user(name, arn string, key iam.AccessKey) User {
	return User{
		Name: name, ARN: arn,
		Credentials: aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret, AccountID: s.options.account},
	}
}

// NewRole makes a role and returns its ARN. The ARNs that it trusts may assume it, with session tags and a source
// identity if they like; without any, [Server.User] may.
func (s *Server) NewRole(name string, trusted ...string) string {
	s.t.Helper()
	if len(trusted) == 0 {
		trusted = []string{s.User.ARN}
	}
	return s.putRole(name, map[string]any{
		"Effect":    "Allow",
		"Principal": map[string]any{"AWS": trusted},
		"Action":    []string{"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"},
	})
}

// putRole makes a role whose trust policy is one statement.
func (s *Server) putRole(name string, statement map[string]any) string {
	s.t.Helper()
	document, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statement})
	s.need(err)
	return s.NewRoleWithTrustPolicy(name, string(document))
}

// NewRoleWithTrustPolicy makes a role with a trust policy of its own, as JSON, and returns its ARN.
func (s *Server) NewRoleWithTrustPolicy(name, document string) string {
	s.t.Helper()
	trust, err := iam.ParsePolicy([]byte(document))
	s.need(err)
	role, err := s.store.PutRole(iam.Role{AccountID: s.options.account, Path: "/", Name: name, TrustPolicy: trust})
	s.need(err)
	return role.ARN(s.store.Partition())
}

// SetMaxSessionDuration lets sessions of a role last longer than an hour, which is the maximum of a new one: up to
// twelve. Anything else ends the test.
func (s *Server) SetMaxSessionDuration(roleARN string, d time.Duration) {
	s.t.Helper()
	s.identities.Lock()
	defer s.identities.Unlock()
	role, err := s.store.Role(roleARN)
	s.need(err)
	role.MaxSessionDuration = d
	_, err = s.store.PutRole(role)
	s.need(err)
}

// RoleSession is a session of a role for an hour, as AssumeRole would have given it, whoever the role trusts.
func (s *Server) RoleSession(roleARN, sessionName string) aws.Credentials {
	s.t.Helper()
	c, caller, err := s.store.IssueRoleSession(roleARN, sessionName, iam.SessionOptions{})
	s.need(err)
	return aws.Credentials{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
		AccountID: caller.AccountID, CanExpire: true, Expires: c.Expiration,
	}
}

// Store holds the identities. Use it for whatever the methods of the server do not make: policies, conditions, paths,
// other accounts, keys that are inactive, identities that are deleted while they are in use.
func (s *Server) Store() *iam.Store { return s.store }
