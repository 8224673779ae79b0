package iamapi

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// pages walks an SDK's paginator and says how many items each page had.
func pages[Out any](t *testing.T, more func() bool, next func() (Out, error), count func(Out) int) (sizes []int) {
	t.Helper()
	for more() {
		out, err := next()
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, count(out))
	}
	return sizes
}

func TestPaginators(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c, ctx := w.as("admin"), t.Context()
	for i := range 5 {
		name := aws.String(fmt.Sprintf("n%d", i))
		_ = must[*awsiam.CreateUserOutput](t)(c.CreateUser(ctx, &awsiam.CreateUserInput{UserName: name, Path: aws.String("/p/")}))
		_ = must[*awsiam.CreateRoleOutput](t)(c.CreateRole(ctx, createRole(*name, trustsEC2)))
		p := must[*awsiam.CreatePolicyOutput](t)(c.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: name, PolicyDocument: aws.String(everything)})).Policy
		for _, err := range []error{
			failure(c.AttachRolePolicy(ctx, &awsiam.AttachRolePolicyInput{RoleName: aws.String("n0"), PolicyArn: p.Arn})),
			failure(c.PutRolePolicy(ctx, &awsiam.PutRolePolicyInput{RoleName: aws.String("n0"), PolicyName: name, PolicyDocument: aws.String(everything)})),
			failure(c.AttachUserPolicy(ctx, &awsiam.AttachUserPolicyInput{UserName: name, PolicyArn: aws.String("arn:aws:iam::111122223333:policy/n0")})),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 4 {
		_ = must[*awsiam.CreatePolicyVersionOutput](t)(c.CreatePolicyVersion(ctx, &awsiam.CreatePolicyVersionInput{PolicyArn: aws.String("arn:aws:iam::111122223333:policy/n0"), PolicyDocument: aws.String(everything)}))
	}
	_ = must[*awsiam.TagUserOutput](t)(c.TagUser(ctx, &awsiam.TagUserInput{UserName: aws.String("n0"), Tags: tagsOf(repeat("ü", 128), "", repeat("ß", 128), "", "a", "", "b", "", "c", "")}))
	two := aws.Int32(2)
	users := awsiam.NewListUsersPaginator(c, &awsiam.ListUsersInput{MaxItems: two, PathPrefix: aws.String("/p/")})
	roles := awsiam.NewListRolesPaginator(c, &awsiam.ListRolesInput{MaxItems: two})
	policies := awsiam.NewListPoliciesPaginator(c, &awsiam.ListPoliciesInput{MaxItems: two, Scope: "Local"})
	attached := awsiam.NewListAttachedRolePoliciesPaginator(c, &awsiam.ListAttachedRolePoliciesInput{RoleName: aws.String("n0"), MaxItems: two})
	inline := awsiam.NewListRolePoliciesPaginator(c, &awsiam.ListRolePoliciesInput{RoleName: aws.String("n0"), MaxItems: two})
	versions := awsiam.NewListPolicyVersionsPaginator(c, &awsiam.ListPolicyVersionsInput{PolicyArn: aws.String("arn:aws:iam::111122223333:policy/n0"), MaxItems: two})
	tags := awsiam.NewListUserTagsPaginator(c, &awsiam.ListUserTagsInput{UserName: aws.String("n0"), MaxItems: two})
	entities := awsiam.NewListEntitiesForPolicyPaginator(c, &awsiam.ListEntitiesForPolicyInput{PolicyArn: aws.String("arn:aws:iam::111122223333:policy/n0"), MaxItems: two})
	for name, sizes := range map[string][]int{
		"users":    pages[*awsiam.ListUsersOutput](t, users.HasMorePages, func() (*awsiam.ListUsersOutput, error) { return users.NextPage(ctx) }, func(o *awsiam.ListUsersOutput) int { return len(o.Users) }),
		"roles":    pages[*awsiam.ListRolesOutput](t, roles.HasMorePages, func() (*awsiam.ListRolesOutput, error) { return roles.NextPage(ctx) }, func(o *awsiam.ListRolesOutput) int { return len(o.Roles) }),
		"policies": pages[*awsiam.ListPoliciesOutput](t, policies.HasMorePages, func() (*awsiam.ListPoliciesOutput, error) { return policies.NextPage(ctx) }, func(o *awsiam.ListPoliciesOutput) int { return len(o.Policies) }),
		"attached": pages[*awsiam.ListAttachedRolePoliciesOutput](t, attached.HasMorePages, func() (*awsiam.ListAttachedRolePoliciesOutput, error) { return attached.NextPage(ctx) }, func(o *awsiam.ListAttachedRolePoliciesOutput) int { return len(o.AttachedPolicies) }),
		"inline":   pages[*awsiam.ListRolePoliciesOutput](t, inline.HasMorePages, func() (*awsiam.ListRolePoliciesOutput, error) { return inline.NextPage(ctx) }, func(o *awsiam.ListRolePoliciesOutput) int { return len(o.PolicyNames) }),
		"versions": pages[*awsiam.ListPolicyVersionsOutput](t, versions.HasMorePages, func() (*awsiam.ListPolicyVersionsOutput, error) { return versions.NextPage(ctx) }, func(o *awsiam.ListPolicyVersionsOutput) int { return len(o.Versions) }),
		"tags":     pages[*awsiam.ListUserTagsOutput](t, tags.HasMorePages, func() (*awsiam.ListUserTagsOutput, error) { return tags.NextPage(ctx) }, func(o *awsiam.ListUserTagsOutput) int { return len(o.Tags) }),
	} {
		if !slices.Equal(sizes, []int{2, 2, 1}) {
			t.Errorf("%s come in pages of %v", name, sizes)
		}
	}
	sizes := pages[*awsiam.ListEntitiesForPolicyOutput](t, entities.HasMorePages, func() (*awsiam.ListEntitiesForPolicyOutput, error) { return entities.NextPage(ctx) },
		func(o *awsiam.ListEntitiesForPolicyOutput) int { return len(o.PolicyUsers) + len(o.PolicyRoles) })
	if !slices.Equal(sizes, []int{2, 2, 2}) {
		t.Errorf("entities come in pages of %v", sizes)
	}
}

// A page goes on behind an item that was deleted since, and a marker is of one operation.
func TestMarkers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c, ctx := w.as("admin"), t.Context()
	for _, name := range []string{"x1", "x2", "x3"} {
		_ = must[*awsiam.CreateRoleOutput](t)(c.CreateRole(ctx, createRole(name, trustsEC2)))
	}
	first := must[*awsiam.ListRolesOutput](t)(c.ListRoles(ctx, &awsiam.ListRolesInput{MaxItems: aws.Int32(1)}))
	if !first.IsTruncated || first.Marker == nil {
		t.Fatalf("got %+v", first)
	}
	_ = must[*awsiam.DeleteRoleOutput](t)(c.DeleteRole(ctx, &awsiam.DeleteRoleInput{RoleName: aws.String("x1")}))
	next := must[*awsiam.ListRolesOutput](t)(c.ListRoles(ctx, &awsiam.ListRolesInput{Marker: first.Marker}))
	if next.IsTruncated || next.Marker != nil || len(next.Roles) != 2 || aws.ToString(next.Roles[0].RoleName) != "x2" {
		t.Errorf("got %+v", next)
	}
	want(t, failure(c.ListUsers(ctx, &awsiam.ListUsersInput{Marker: first.Marker})), 400, "ValidationError", "Invalid Marker.")
}

// A store that was saved and loaded again answers the same, down to dates and documents.
func TestSavedStateAnswersTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c, ctx := w.as("admin"), t.Context()
	stageUsers(t, w, c)
	stageRoles(t, c)
	stagePolicies(t, c)
	stageProviders(t, c)
	stageTags(t, c)
	_ = must[*awsiam.DetachRolePolicyOutput](t)(c.DetachRolePolicy(ctx, &awsiam.DetachRolePolicyInput{RoleName: aws.String("dev"), PolicyArn: aws.String(readARN)}))
	data, err := json.MarshalIndent(w.store.Snapshot(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	var saved iam.Snapshot
	if err := json.Unmarshal(data, &saved); err != nil {
		t.Fatal(err)
	}
	next := newWorld(t, nil)
	for _, name := range []string{"admin", "bob"} {
		if err := next.store.DeleteUser(userARN(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := next.store.Load(saved); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(look(t, c), look(t, next.as("admin"))); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}

// look asks for everything that was staged.
func look(t *testing.T, c *awsiam.Client) string {
	t.Helper()
	ctx := t.Context()
	carol, dev := aws.String("carol"), aws.String("dev")
	text, err := json.MarshalIndent([]any{
		must[*awsiam.ListUsersOutput](t)(c.ListUsers(ctx, &awsiam.ListUsersInput{})).Users,
		must[*awsiam.GetUserOutput](t)(c.GetUser(ctx, &awsiam.GetUserInput{UserName: carol})).User,
		must[*awsiam.ListAccessKeysOutput](t)(c.ListAccessKeys(ctx, &awsiam.ListAccessKeysInput{})).AccessKeyMetadata,
		must[*awsiam.GetRoleOutput](t)(c.GetRole(ctx, &awsiam.GetRoleInput{RoleName: dev})).Role,
		must[*awsiam.GetRolePolicyOutput](t)(c.GetRolePolicy(ctx, &awsiam.GetRolePolicyInput{RoleName: dev, PolicyName: aws.String("own")})).PolicyDocument,
		must[*awsiam.ListAttachedUserPoliciesOutput](t)(c.ListAttachedUserPolicies(ctx, &awsiam.ListAttachedUserPoliciesInput{UserName: carol})).AttachedPolicies,
		must[*awsiam.ListPoliciesOutput](t)(c.ListPolicies(ctx, &awsiam.ListPoliciesInput{})).Policies,
		must[*awsiam.GetPolicyOutput](t)(c.GetPolicy(ctx, &awsiam.GetPolicyInput{PolicyArn: aws.String(readARN)})).Policy,
		must[*awsiam.ListPolicyVersionsOutput](t)(c.ListPolicyVersions(ctx, &awsiam.ListPolicyVersionsInput{PolicyArn: aws.String(readARN)})).Versions,
		must[*awsiam.GetOpenIDConnectProviderOutput](t)(c.GetOpenIDConnectProvider(ctx, &awsiam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(providerARN)})).Tags,
		must[*awsiam.ListRoleTagsOutput](t)(c.ListRoleTags(ctx, &awsiam.ListRoleTagsInput{RoleName: dev})).Tags,
	}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
