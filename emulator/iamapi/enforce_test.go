package iamapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

func enforced(o *Options) { o.Enforce = true }

// Who is refused what, in IAM's words. [M]: the resource's form is recorded, see target.go.
func TestEnforcedRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, enforced)
	c, ctx := w.as("bob"), t.Context()
	text := func(action, resource string) string {
		return "User: " + userARN("bob") + " is not authorized to perform: iam:" + action + " on resource: " + resource + " because no identity-based policy allows the iam:" + action + " action"
	}
	const role = "arn:aws:iam::111122223333:role/"
	for name, tt := range map[string]struct {
		err      error
		resource string
	}{
		"CreateUser":                  {failure(c.CreateUser(ctx, &awsiam.CreateUserInput{UserName: aws.String("x"), Path: aws.String("/p/")})), "arn:aws:iam::111122223333:user/p/x"},
		"GetUser":                     {failure(c.GetUser(ctx, &awsiam.GetUserInput{})), "user bob"},
		"DeleteUser":                  {failure(c.DeleteUser(ctx, &awsiam.DeleteUserInput{UserName: aws.String("nobody")})), "user nobody"},
		"ListUsers":                   {failure(c.ListUsers(ctx, &awsiam.ListUsersInput{PathPrefix: aws.String("/p/")})), "arn:aws:iam::111122223333:user/p/"},
		"CreateRole":                  {failure(c.CreateRole(ctx, createRole("x", trustsEC2))), role + "x"},
		"GetRole":                     {failure(c.GetRole(ctx, &awsiam.GetRoleInput{RoleName: aws.String("x")})), "role x"},
		"ListRoles":                   {failure(c.ListRoles(ctx, &awsiam.ListRolesInput{})), role},
		"CreatePolicy":                {failure(c.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: aws.String("x"), PolicyDocument: aws.String(everything)})), "policy x"},
		"GetPolicy":                   {failure(c.GetPolicy(ctx, &awsiam.GetPolicyInput{PolicyArn: aws.String(adminARN)})), "policy " + adminARN},
		"ListPolicies":                {failure(c.ListPolicies(ctx, &awsiam.ListPoliciesInput{})), "policy path /"},
		"AttachUserPolicy":            {failure(c.AttachUserPolicy(ctx, &awsiam.AttachUserPolicyInput{UserName: aws.String("bob"), PolicyArn: aws.String(adminARN)})), "user bob"},
		"CreateOpenIDConnectProvider": {failure(c.CreateOpenIDConnectProvider(ctx, &awsiam.CreateOpenIDConnectProviderInput{Url: aws.String("https://x.example.com/a")})), "arn:aws:iam::111122223333:oidc-provider/x.example.com/a"},
		"GetOpenIDConnectProvider":    {failure(c.GetOpenIDConnectProvider(ctx, &awsiam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(providerARN)})), providerARN},
		"ListOpenIDConnectProviders":  {failure(c.ListOpenIDConnectProviders(ctx, &awsiam.ListOpenIDConnectProvidersInput{})), "arn:aws:iam::111122223333:oidc-provider/"},
		"ListAccountAliases":          {failure(c.ListAccountAliases(ctx, &awsiam.ListAccountAliasesInput{})), "*"},
		"GetAccessKeyLastUsed":        {failure(c.GetAccessKeyLastUsed(ctx, &awsiam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String("AKIAIOSFODNN7EXAMPLE")})), "access key AKIAIOSFODNN7EXAMPLE"},
	} {
		want(t, tt.err, http.StatusForbidden, "AccessDenied", text(name, tt.resource))
	}
	if reason := w.lastCall().Reason; reason == "" {
		t.Error("the record has no reason")
	}
	if _, err := w.as("admin").GetUser(ctx, &awsiam.GetUserInput{UserName: aws.String("bob")}); err != nil {
		t.Errorf("who may: %v", err)
	}
	// A form that the model does not take is refused before permissions are looked at: inferred.
	want(t, failure(c.GetUser(ctx, &awsiam.GetUserInput{UserName: aws.String("a b")})), 400, "ValidationError",
		"The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-")
}

// Policies decide by resource, by tags and by the policy that is attached.
func TestEnforcedConditions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, enforced)
	ctx := t.Context()
	document, err := iam.ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["iam:CreateUser","iam:TagUser"],"Resource":"arn:aws:iam::111122223333:user/team/*","Condition":{"StringEquals":{"aws:RequestTag/team":"blue"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}},
		{"Effect":"Allow","Action":["iam:AttachUserPolicy","iam:ListAttachedUserPolicies"],"Resource":"*","Condition":{"ArnEqualsIfExists":{"iam:PolicyARN":"arn:aws:iam::aws:policy/IAMReadOnlyAccess"}}},
		{"Effect":"Allow","Action":["iam:UntagUser","iam:GetUser"],"Resource":"*","Condition":{"StringEquals":{"iam:ResourceTag/team":"blue","aws:ResourceTag/team":"blue"},"ForAllValues:StringNotEquals":{"aws:TagKeys":["team"]}}},
		{"Effect":"Deny","Action":"iam:GetUser","Resource":"arn:aws:iam::111122223333:user/bob"},
		{"Effect":"Allow","Action":"iam:GetRole","Resource":"arn:aws:iam::111122223333:role/team/*"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.store.PutInlinePolicy(userARN("bob"), iam.InlinePolicy{Name: "some", Document: document}); err != nil {
		t.Fatal(err)
	}
	admin, bob := w.as("admin"), w.as("bob")
	dev := createRole("dev", trustsEC2)
	dev.Path = aws.String("/team/")
	_ = must[*awsiam.CreateRoleOutput](t)(admin.CreateRole(ctx, dev))
	create := func(path string, tags ...string) error {
		return failure(bob.CreateUser(ctx, &awsiam.CreateUserInput{UserName: aws.String("carol"), Path: aws.String(path), Tags: tagsOf(tags...)}))
	}
	untag := func(user string, keys ...string) error {
		return failure(bob.UntagUser(ctx, &awsiam.UntagUserInput{UserName: aws.String(user), TagKeys: keys}))
	}
	attach := func(arn string) error {
		return failure(bob.AttachUserPolicy(ctx, &awsiam.AttachUserPolicyInput{UserName: aws.String("carol"), PolicyArn: aws.String(arn)}))
	}
	for _, tt := range []struct {
		name string
		err  error
		ok   bool
	}{
		{"another path", create("/x/", "team", "blue"), false},
		{"another tag", create("/team/", "team", "red"), false},
		{"one tag more", create("/team/", "team", "blue", "cost", "1"), false},
		{"path and tag", create("/team/", "team", "blue"), true},
		{"another policy", attach(adminARN), false},
		{"the policy", attach("arn:aws:iam::aws:policy/IAMReadOnlyAccess"), true},
		{"key that must stay", untag("carol", "team"), false},
		{"other key", untag("carol", "cost"), true},
		{"key of somebody without tags", untag("bob", "cost"), false},
		{"role by its path", failure(bob.GetRole(ctx, &awsiam.GetRoleInput{RoleName: aws.String("dev")})), true},
	} {
		if (tt.err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, tt.err)
		}
	}
	want(t, failure(bob.GetUser(ctx, &awsiam.GetUserInput{})), 403, "AccessDenied",
		"User: "+userARN("bob")+" is not authorized to perform: iam:GetUser on resource: user bob with an explicit deny in an identity-based policy")
}

// [D] Tags of something new need iam:TagUser and so on, which policies can deny (Service Authorization Reference, AWS IAM).
func TestEnforcedTagsOfNewThings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, enforced)
	ctx := t.Context()
	document, err := iam.ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:Create*","Resource":"*"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.store.PutInlinePolicy(userARN("bob"), iam.InlinePolicy{Name: "create", Document: document}); err != nil {
		t.Fatal(err)
	}
	bob, tags := w.as("bob"), tagsOf("team", "blue")
	create := map[string]func(tags []types.Tag) error{
		"TagUser on resource: " + userARN("x"): func(tags []types.Tag) error {
			return failure(bob.CreateUser(ctx, &awsiam.CreateUserInput{UserName: aws.String("x"), Tags: tags}))
		},
		"TagRole on resource: arn:aws:iam::111122223333:role/x": func(tags []types.Tag) error {
			in := createRole("x", trustsEC2)
			in.Tags = tags
			return failure(bob.CreateRole(ctx, in))
		},
		"TagPolicy on resource: policy x": func(tags []types.Tag) error {
			return failure(bob.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: aws.String("x"), PolicyDocument: aws.String(everything), Tags: tags}))
		},
		"TagOpenIDConnectProvider on resource: arn:aws:iam::111122223333:oidc-provider/x.example.com": func(tags []types.Tag) error {
			return failure(bob.CreateOpenIDConnectProvider(ctx, &awsiam.CreateOpenIDConnectProviderInput{Url: aws.String("https://x.example.com"), Tags: tags}))
		},
	}
	for what, call := range create {
		action, _, _ := strings.Cut(what, " ")
		want(t, call(tags), 403, "AccessDenied", "User: "+userARN("bob")+" is not authorized to perform: iam:"+what+
			" because no identity-based policy allows the iam:"+action+" action")
		if err := call(nil); err != nil {
			t.Errorf("without tags: %v", err)
		}
	}
}

// [D] Who renames a user, or moves it to another path, must be allowed both ARNs (IAM API reference, UpdateUser).
func TestEnforcedRename(t *testing.T) {
	t.Parallel()
	w := newWorld(t, enforced)
	ctx := t.Context()
	document, err := iam.ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:UpdateUser","Resource":["arn:aws:iam::111122223333:user/dev/*"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.store.PutInlinePolicy(userARN("bob"), iam.InlinePolicy{Name: "rename", Document: document}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"carol", "dave"} {
		_ = must[*awsiam.CreateUserOutput](t)(w.as("admin").CreateUser(ctx, &awsiam.CreateUserInput{UserName: aws.String(name), Path: aws.String("/dev/")}))
	}
	update := func(name string, path, to *string) error {
		return failure(w.as("bob").UpdateUser(ctx, &awsiam.UpdateUserInput{UserName: &name, NewPath: path, NewUserName: to}))
	}
	refused := func(shown string) string {
		return "User: " + userARN("bob") + " is not authorized to perform: iam:UpdateUser on resource: user " + shown + " because no identity-based policy allows the iam:UpdateUser action"
	}
	want(t, update("carol", aws.String("/admins/"), nil), 403, "AccessDenied", refused("carol"))
	want(t, update("carol", aws.String("/admins/"), aws.String("eve")), 403, "AccessDenied", refused("eve"))
	want(t, update("nobody", nil, aws.String("eve")), 403, "AccessDenied", refused("nobody"))
	for _, err := range []error{update("carol", nil, aws.String("eve")), update("dave", aws.String("/dev/ops/"), nil)} {
		if err != nil {
			t.Errorf("below the path: %v", err)
		}
	}
}

// Sessions: of GetSessionToken without MFA none may call IAM [M] (aws-vault#15), with MFA and as a role policies
// decide, and session policies bound them [D].
func TestEnforcedSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, enforced)
	ctx := t.Context()
	_, admin, err := w.store.Credential(w.keys["admin"].AccessKeyID, "")
	if err != nil {
		t.Fatal(err)
	}
	role := must[*awsiam.CreateRoleOutput](t)(w.as("admin").CreateRole(ctx, createRole("dev", trustsEC2))).Role
	client := func(credentials iam.Credentials, _ iam.Caller, err error) *awsiam.Client {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return w.with(aws.Credentials{AccessKeyID: credentials.AccessKeyID, SecretAccessKey: credentials.SecretAccessKey, SessionToken: credentials.SessionToken})
	}
	own := client(w.store.IssueUserSession(admin, iam.SessionOptions{}))
	const invalid = "The security token included in the request is invalid"
	want(t, failure(own.ListUsers(ctx, &awsiam.ListUsersInput{})), 403, "InvalidClientTokenId", invalid)
	if reason := w.lastCall().Reason; !strings.Contains(reason, "MFA") {
		t.Errorf("reason %q", reason)
	}
	if _, err := client(w.store.IssueUserSession(admin, iam.SessionOptions{MFATime: w.now})).ListUsers(ctx, &awsiam.ListUsersInput{}); err != nil {
		t.Errorf("with MFA: %v", err)
	}
	all, err := iam.ParsePolicy([]byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	federated := client(w.store.IssueFederatedSession(admin, "guest", iam.SessionOptions{Policies: []iam.Policy{all}}))
	want(t, failure(federated.ListUsers(ctx, &awsiam.ListUsersInput{})), 403, "InvalidClientTokenId", invalid)

	const session = "arn:aws:sts::111122223333:assumed-role/dev/me"
	asRole := client(w.store.IssueRoleSession(aws.ToString(role.Arn), "me", iam.SessionOptions{}))
	refused := func(ending string) string {
		return "User: " + session + " is not authorized to perform: iam:GetRole on resource: role dev" + ending
	}
	get := &awsiam.GetRoleInput{RoleName: aws.String("dev")}
	want(t, failure(asRole.GetRole(ctx, get)), 403, "AccessDenied", refused(" because no identity-based policy allows the iam:GetRole action"))
	_ = must[*awsiam.AttachRolePolicyOutput](t)(w.as("admin").AttachRolePolicy(ctx, &awsiam.AttachRolePolicyInput{RoleName: aws.String("dev"), PolicyArn: aws.String(adminARN)}))
	if _, err := asRole.GetRole(ctx, get); err != nil {
		t.Errorf("the session of a role with AdministratorAccess: %v", err)
	}
	want(t, failure(asRole.GetUser(ctx, &awsiam.GetUserInput{})), 400, "ValidationError", "Must specify userName when calling with non-User credentials")
	onlyEKS, err := iam.ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"eks:*","Resource":"*"}}`))
	if err != nil {
		t.Fatal(err)
	}
	bound := client(w.store.IssueRoleSession(aws.ToString(role.Arn), "me", iam.SessionOptions{Policies: []iam.Policy{onlyEKS}}))
	want(t, failure(bound.GetRole(ctx, get)), 403, "AccessDenied", refused(" because no session policy allows the iam:GetRole action"))
	// The role is deleted, and its sessions are dead.
	_ = must[*awsiam.DetachRolePolicyOutput](t)(w.as("admin").DetachRolePolicy(ctx, &awsiam.DetachRolePolicyInput{RoleName: aws.String("dev"), PolicyArn: aws.String(adminARN)}))
	_ = must[*awsiam.DeleteRoleOutput](t)(w.as("admin").DeleteRole(ctx, &awsiam.DeleteRoleInput{RoleName: aws.String("dev")}))
	want(t, failure(asRole.GetRole(ctx, get)), 403, "InvalidClientTokenId", invalid+".")
}

// [M] Which sessions may call IAM at all is no policy, so that it holds without enforcement too (aws-vault#15); [X] that
// of federated users. Everybody else may call.
func TestSessionsWithoutEnforcement(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	list := func(credentials iam.Credentials, _ iam.Caller, err error) error {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		c := w.with(aws.Credentials{AccessKeyID: credentials.AccessKeyID, SecretAccessKey: credentials.SecretAccessKey, SessionToken: credentials.SessionToken})
		return failure(c.ListUsers(t.Context(), &awsiam.ListUsersInput{}))
	}
	_, bob, err := w.store.Credential(w.keys["bob"].AccessKeyID, "")
	if err != nil {
		t.Fatal(err)
	}
	const invalid = "The security token included in the request is invalid"
	want(t, list(w.store.IssueUserSession(bob, iam.SessionOptions{})), 403, "InvalidClientTokenId", invalid)
	if reason := w.lastCall().Reason; !strings.Contains(reason, "MFA") {
		t.Errorf("reason %q", reason)
	}
	want(t, list(w.store.IssueFederatedSession(bob, "guest", iam.SessionOptions{})), 403, "InvalidClientTokenId", invalid)
	if err := list(w.store.IssueUserSession(bob, iam.SessionOptions{MFATime: w.now})); err != nil {
		t.Errorf("with MFA: %v", err)
	}
	if err := failure(w.as("bob").ListUsers(t.Context(), &awsiam.ListUsersInput{})); err != nil {
		t.Errorf("a user: %v", err)
	}
}

// Root users may do everything, and see themselves; other accounts see nothing of this one.
func TestAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, enforced)
	ctx := t.Context()
	keys := func(accountID, seed string) (iam.AccessKey, aws.Credentials) {
		key, err := iam.FixtureAccessKey(accountID, seed)
		if err != nil {
			t.Fatal(err)
		}
		return key, aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}
	}
	rootKey, rootCredentials := keys(account, ":root")
	theirs, theirCredentials := keys(other, "zoe")
	if err := w.store.Load(iam.Snapshot{
		Accounts: []iam.Account{{ID: account, AccessKeys: []iam.AccessKey{rootKey}}},
		Users:    []iam.User{{AccountID: other, Name: "zoe", AccessKeys: []iam.AccessKey{theirs}, AttachedPolicies: []string{adminARN}}},
	}); err != nil {
		t.Fatal(err)
	}
	root, zoe := w.with(rootCredentials), w.with(theirCredentials)
	self := must[*awsiam.GetUserOutput](t)(root.GetUser(ctx, &awsiam.GetUserInput{})).User
	if aws.ToString(self.Arn) != "arn:aws:iam::111122223333:root" || aws.ToString(self.UserId) != account || self.UserName != nil {
		t.Errorf("root is %+v", self)
	}
	if used := must[*awsiam.GetAccessKeyLastUsedOutput](t)(root.GetAccessKeyLastUsed(ctx, &awsiam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String(rootKey.ID)})); used.UserName != nil {
		t.Errorf("the root key is of %+v", used)
	}
	if users := must[*awsiam.ListUsersOutput](t)(zoe.ListUsers(ctx, &awsiam.ListUsersInput{})).Users; len(users) != 1 {
		t.Errorf("zoe sees %+v", users)
	}
	_ = must[*awsiam.CreateRoleOutput](t)(root.CreateRole(ctx, createRole("dev", trustsEC2)))
	p := must[*awsiam.CreatePolicyOutput](t)(root.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(everything)})).Policy
	want(t, failure(zoe.GetUser(ctx, &awsiam.GetUserInput{UserName: aws.String("bob")})), 404, "NoSuchEntity", "The user with name bob cannot be found.")
	want(t, failure(zoe.GetRole(ctx, &awsiam.GetRoleInput{RoleName: aws.String("dev")})), 404, "NoSuchEntity", "The role with name dev cannot be found.")
	want(t, failure(zoe.DeletePolicy(ctx, &awsiam.DeletePolicyInput{PolicyArn: p.Arn})), 404, "NoSuchEntity", "Policy "+aws.ToString(p.Arn)+" was not found.")
	want(t, failure(zoe.AttachUserPolicy(ctx, &awsiam.AttachUserPolicyInput{UserName: aws.String("zoe"), PolicyArn: p.Arn})),
		404, "NoSuchEntity", "Policy "+aws.ToString(p.Arn)+" does not exist or is not attachable.")
	for _, key := range []string{rootKey.ID} {
		want(t, failure(zoe.GetAccessKeyLastUsed(ctx, &awsiam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String(key)})), 403, "AccessDenied",
			fmt.Sprintf("User: arn:aws:iam::%s:user/zoe is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key %s", other, key))
	}
	// A signature that is too old is the gate's to refuse, as at STS.
	w.now = w.now.Add(time.Hour)
	if err := failure(zoe.ListUsers(ctx, &awsiam.ListUsersInput{})); err == nil || !strings.Contains(err.Error(), "SignatureDoesNotMatch: Signature expired") {
		t.Errorf("an old signature: %v", err)
	}
}
