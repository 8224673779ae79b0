package iamapi

import (
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"
)

// Every member that the SDK can send is held against the model, and no other: the SDK's inputs are made from it [D].
func TestModelHasTheSDKsMembers(t *testing.T) {
	t.Parallel()
	client := reflect.TypeFor[*awsiam.Client]()
	for name, op := range operations() {
		method, ok := client.MethodByName(name)
		if !ok {
			t.Errorf("the SDK has no operation %s", name)
			continue
		}
		var want, got []string
		for field := range method.Type.In(2).Elem().Fields() {
			if field.IsExported() {
				want = append(want, field.Name)
			}
		}
		for _, m := range op.model {
			got = append(got, m.Name)
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-SDK +model):\n%s", name, diff)
		}
	}
}

// TestSDKSetsAStage calls every operation with AWS's SDK, as a tool would that makes users, roles, policies and a provider,
// looks at them and takes them away again.
func TestSDKSetsAStage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c, ctx := w.as("admin"), t.Context()
	stageUsers(t, w, c)
	stageRoles(t, c)
	stagePolicies(t, c)
	stageProviders(t, c)
	stageTags(t, c)
	stageRest(t, c)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(operations())), w.operations()); diff != "" {
		t.Errorf("(-known +called):\n%s", diff)
	}
	// Everything that was made goes away again, in AWS's order.
	for _, err := range []error{
		failure(c.RemoveClientIDFromOpenIDConnectProvider(ctx, &awsiam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(providerARN), ClientID: aws.String("b")})),
		failure(c.DeleteOpenIDConnectProvider(ctx, &awsiam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(providerARN)})),
		failure(c.DetachRolePolicy(ctx, &awsiam.DetachRolePolicyInput{RoleName: aws.String("dev"), PolicyArn: aws.String(readARN)})),
		failure(c.DetachUserPolicy(ctx, &awsiam.DetachUserPolicyInput{UserName: aws.String("carol"), PolicyArn: aws.String(readARN)})),
		failure(c.DeleteRolePolicy(ctx, &awsiam.DeleteRolePolicyInput{RoleName: aws.String("dev"), PolicyName: aws.String("own")})),
		failure(c.DeleteUserPolicy(ctx, &awsiam.DeleteUserPolicyInput{UserName: aws.String("carol"), PolicyName: aws.String("own")})),
		failure(c.DeletePolicyVersion(ctx, &awsiam.DeletePolicyVersionInput{PolicyArn: aws.String(readARN), VersionId: aws.String("v2")})),
		failure(c.DeletePolicy(ctx, &awsiam.DeletePolicyInput{PolicyArn: aws.String(readARN)})),
		failure(c.DeleteRole(ctx, &awsiam.DeleteRoleInput{RoleName: aws.String("dev")})),
		failure(c.DeleteUser(ctx, &awsiam.DeleteUserInput{UserName: aws.String("carol")})),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if s := w.store.Snapshot(); len(s.Users) != 2 || len(s.Roles)+len(s.Policies)+len(s.OIDCProviders) != 0 {
		t.Errorf("something is left: %+v", s)
	}
}

const (
	readARN     = "arn:aws:iam::111122223333:policy/team/read"
	providerARN = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/1"
)

func stageUsers(t *testing.T, w *world, c *awsiam.Client) {
	t.Helper()
	ctx := t.Context()
	tags := []types.Tag{{Key: aws.String("team"), Value: aws.String("blue")}}
	created := must[*awsiam.CreateUserOutput](t)(c.CreateUser(ctx, &awsiam.CreateUserInput{UserName: aws.String("caro"), Path: aws.String("/x/"), Tags: tags})).User
	if aws.ToString(created.Arn) != "arn:aws:iam::111122223333:user/x/caro" || aws.ToString(created.Path) != "/x/" || !strings.HasPrefix(aws.ToString(created.UserId), "AIDA") ||
		created.CreateDate.IsZero() || len(created.Tags) != 1 {
		t.Errorf("created %+v", created)
	}
	_ = must[*awsiam.UpdateUserOutput](t)(c.UpdateUser(ctx, &awsiam.UpdateUserInput{UserName: aws.String("caro"), NewUserName: aws.String("carol"), NewPath: aws.String("/")}))
	got := must[*awsiam.GetUserOutput](t)(c.GetUser(ctx, &awsiam.GetUserInput{UserName: aws.String("carol")})).User
	if aws.ToString(got.UserId) != aws.ToString(created.UserId) || aws.ToString(got.Arn) != userARN("carol") || len(got.Tags) != 1 || !got.CreateDate.Equal(*created.CreateDate) {
		t.Errorf("renamed %+v", got)
	}
	if self := must[*awsiam.GetUserOutput](t)(c.GetUser(ctx, &awsiam.GetUserInput{})).User; aws.ToString(self.UserName) != "admin" {
		t.Errorf("the caller is %+v", self)
	}
	users := must[*awsiam.ListUsersOutput](t)(c.ListUsers(ctx, &awsiam.ListUsersInput{})).Users
	if len(users) != 3 || aws.ToString(users[2].UserName) != "carol" || users[2].Tags != nil {
		t.Errorf("listed %+v", users)
	}
	key := must[*awsiam.CreateAccessKeyOutput](t)(c.CreateAccessKey(ctx, &awsiam.CreateAccessKeyInput{UserName: aws.String("carol")})).AccessKey
	if len(aws.ToString(key.SecretAccessKey)) != 40 || !strings.HasPrefix(aws.ToString(key.AccessKeyId), "AKIA") || key.Status != types.StatusTypeActive || key.CreateDate.IsZero() || aws.ToString(key.UserName) != "carol" {
		t.Errorf("created %+v", key)
	}
	// The key works at once, for its own user, until it is switched off, and is dead when it is deleted.
	own := w.with(aws.Credentials{AccessKeyID: *key.AccessKeyId, SecretAccessKey: *key.SecretAccessKey})
	listed := must[*awsiam.ListAccessKeysOutput](t)(own.ListAccessKeys(ctx, &awsiam.ListAccessKeysInput{})).AccessKeyMetadata
	if len(listed) != 1 || aws.ToString(listed[0].AccessKeyId) != *key.AccessKeyId || listed[0].CreateDate.IsZero() {
		t.Errorf("listed %+v", listed)
	}
	used := must[*awsiam.GetAccessKeyLastUsedOutput](t)(c.GetAccessKeyLastUsed(ctx, &awsiam.GetAccessKeyLastUsedInput{AccessKeyId: key.AccessKeyId}))
	if aws.ToString(used.UserName) != "carol" || aws.ToString(used.AccessKeyLastUsed.ServiceName) != "N/A" || used.AccessKeyLastUsed.LastUsedDate != nil {
		t.Errorf("last used %+v", used)
	}
	_ = must[*awsiam.UpdateAccessKeyOutput](t)(c.UpdateAccessKey(ctx, &awsiam.UpdateAccessKeyInput{UserName: aws.String("carol"), AccessKeyId: key.AccessKeyId, Status: types.StatusTypeInactive}))
	if listed := must[*awsiam.ListAccessKeysOutput](t)(c.ListAccessKeys(ctx, &awsiam.ListAccessKeysInput{UserName: aws.String("carol")})).AccessKeyMetadata; listed[0].Status != types.StatusTypeInactive {
		t.Errorf("listed %+v", listed)
	}
	want(t, failure(own.GetUser(ctx, &awsiam.GetUserInput{})), 403, "InvalidClientTokenId", "The security token included in the request is invalid.")
	_ = must[*awsiam.DeleteAccessKeyOutput](t)(c.DeleteAccessKey(ctx, &awsiam.DeleteAccessKeyInput{UserName: aws.String("carol"), AccessKeyId: key.AccessKeyId}))
}

func stageRoles(t *testing.T, c *awsiam.Client) {
	t.Helper()
	ctx := t.Context()
	created := must[*awsiam.CreateRoleOutput](t)(c.CreateRole(ctx, &awsiam.CreateRoleInput{
		RoleName: aws.String("dev"), AssumeRolePolicyDocument: aws.String(trustsEC2), Description: aws.String("for developers"), MaxSessionDuration: aws.Int32(7200),
	})).Role
	if created.Description != nil || created.MaxSessionDuration != nil || created.RoleLastUsed != nil || created.Tags != nil || decoded(t, created.AssumeRolePolicyDocument) != trustsEC2 ||
		aws.ToString(created.Arn) != "arn:aws:iam::111122223333:role/dev" || !strings.HasPrefix(aws.ToString(created.RoleId), "AROA") || created.CreateDate.IsZero() {
		t.Errorf("created %+v", created)
	}
	// The document comes back as it was written, spaces and all.
	spaced := "{\n  \"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"" + userARN("carol") + "\"}, \"Action\": [\"sts:AssumeRole\"]}}"
	_ = must[*awsiam.UpdateAssumeRolePolicyOutput](t)(c.UpdateAssumeRolePolicy(ctx, &awsiam.UpdateAssumeRolePolicyInput{RoleName: aws.String("dev"), PolicyDocument: aws.String(spaced)}))
	_ = must[*awsiam.UpdateRoleOutput](t)(c.UpdateRole(ctx, &awsiam.UpdateRoleInput{RoleName: aws.String("DEV"), MaxSessionDuration: aws.Int32(3600)}))
	got := must[*awsiam.GetRoleOutput](t)(c.GetRole(ctx, &awsiam.GetRoleInput{RoleName: aws.String("dev")})).Role
	if aws.ToString(got.Description) != "for developers" || aws.ToInt32(got.MaxSessionDuration) != 3600 || got.RoleLastUsed == nil || got.RoleLastUsed.Region != nil || decoded(t, got.AssumeRolePolicyDocument) != spaced {
		t.Errorf("got %+v", got)
	}
	described := must[*awsiam.UpdateRoleDescriptionOutput](t)(c.UpdateRoleDescription(ctx, &awsiam.UpdateRoleDescriptionInput{RoleName: aws.String("dev"), Description: aws.String("x")})).Role
	if aws.ToString(described.Description) != "x" || described.MaxSessionDuration != nil {
		t.Errorf("described %+v", described)
	}
	_ = must[*awsiam.UpdateRoleOutput](t)(c.UpdateRole(ctx, &awsiam.UpdateRoleInput{RoleName: aws.String("dev"), Description: aws.String("")}))
	roles := must[*awsiam.ListRolesOutput](t)(c.ListRoles(ctx, &awsiam.ListRolesInput{PathPrefix: aws.String("/")})).Roles
	if len(roles) != 1 || roles[0].Description != nil || aws.ToInt32(roles[0].MaxSessionDuration) != 3600 || roles[0].RoleLastUsed != nil {
		t.Errorf("listed %+v", roles)
	}
}

func decoded(t *testing.T, text *string) string {
	t.Helper()
	document, err := url.PathUnescape(aws.ToString(text))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func stagePolicies(t *testing.T, c *awsiam.Client) {
	t.Helper()
	ctx := t.Context()
	created := must[*awsiam.CreatePolicyOutput](t)(c.CreatePolicy(ctx, &awsiam.CreatePolicyInput{
		PolicyName: aws.String("read"), Path: aws.String("/team/"), PolicyDocument: aws.String(everything), Description: aws.String("reads"),
		Tags: []types.Tag{{Key: aws.String("b"), Value: aws.String("")}, {Key: aws.String("a"), Value: aws.String("1")}},
	})).Policy
	if aws.ToString(created.Arn) != readARN || aws.ToString(created.DefaultVersionId) != "v1" || created.Description != nil || len(created.Tags) != 2 || !created.IsAttachable || !strings.HasPrefix(aws.ToString(created.PolicyId), "ANPA") {
		t.Errorf("created %+v", created)
	}
	for _, err := range []error{
		failure(c.AttachRolePolicy(ctx, &awsiam.AttachRolePolicyInput{RoleName: aws.String("dev"), PolicyArn: aws.String(readARN)})),
		failure(c.AttachUserPolicy(ctx, &awsiam.AttachUserPolicyInput{UserName: aws.String("carol"), PolicyArn: aws.String(readARN)})),
		failure(c.PutRolePolicy(ctx, &awsiam.PutRolePolicyInput{RoleName: aws.String("dev"), PolicyName: aws.String("own"), PolicyDocument: aws.String(everything)})),
		failure(c.PutUserPolicy(ctx, &awsiam.PutUserPolicyInput{UserName: aws.String("carol"), PolicyName: aws.String("own"), PolicyDocument: aws.String(everything)})),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	v2 := must[*awsiam.CreatePolicyVersionOutput](t)(c.CreatePolicyVersion(ctx, &awsiam.CreatePolicyVersionInput{PolicyArn: aws.String(readARN), PolicyDocument: aws.String(everything), SetAsDefault: true})).PolicyVersion
	if aws.ToString(v2.VersionId) != "v2" || !v2.IsDefaultVersion || v2.Document != nil || v2.CreateDate.IsZero() {
		t.Errorf("created %+v", v2)
	}
	_ = must[*awsiam.SetDefaultPolicyVersionOutput](t)(c.SetDefaultPolicyVersion(ctx, &awsiam.SetDefaultPolicyVersionInput{PolicyArn: aws.String(readARN), VersionId: aws.String("v1")}))
	versions := must[*awsiam.ListPolicyVersionsOutput](t)(c.ListPolicyVersions(ctx, &awsiam.ListPolicyVersionsInput{PolicyArn: aws.String(readARN)})).Versions
	if len(versions) != 2 || aws.ToString(versions[0].VersionId) != "v2" || versions[0].IsDefaultVersion || !versions[1].IsDefaultVersion || versions[1].Document != nil {
		t.Errorf("versions %+v", versions)
	}
	if v := must[*awsiam.GetPolicyVersionOutput](t)(c.GetPolicyVersion(ctx, &awsiam.GetPolicyVersionInput{PolicyArn: aws.String(readARN), VersionId: aws.String("v1")})).PolicyVersion; decoded(t, v.Document) != everything || !v.IsDefaultVersion {
		t.Errorf("v1 is %+v", v)
	}
	got := must[*awsiam.GetPolicyOutput](t)(c.GetPolicy(ctx, &awsiam.GetPolicyInput{PolicyArn: aws.String(readARN)})).Policy
	if aws.ToString(got.Description) != "reads" || aws.ToInt32(got.AttachmentCount) != 2 || aws.ToInt32(got.PermissionsBoundaryUsageCount) != 0 || aws.ToString(got.Tags[0].Key) != "a" {
		t.Errorf("got %+v", got)
	}
	lookAtPolicies(t, c)
}

// lookAtPolicies lists what is attached, from both sides, and what is inline.
func lookAtPolicies(t *testing.T, c *awsiam.Client) {
	t.Helper()
	ctx := t.Context()
	entities := must[*awsiam.ListEntitiesForPolicyOutput](t)(c.ListEntitiesForPolicy(ctx, &awsiam.ListEntitiesForPolicyInput{PolicyArn: aws.String(readARN)}))
	if len(entities.PolicyUsers) != 1 || len(entities.PolicyRoles) != 1 || len(entities.PolicyGroups) != 0 || aws.ToString(entities.PolicyRoles[0].RoleName) != "dev" || entities.PolicyUsers[0].UserId == nil {
		t.Errorf("entities %+v", entities)
	}
	for filter, wanted := range map[types.EntityType][2]int{types.EntityTypeUser: {1, 0}, types.EntityTypeRole: {0, 1}, types.EntityTypeGroup: {0, 0}} {
		entities := must[*awsiam.ListEntitiesForPolicyOutput](t)(c.ListEntitiesForPolicy(ctx, &awsiam.ListEntitiesForPolicyInput{PolicyArn: aws.String(readARN), EntityFilter: filter}))
		if len(entities.PolicyUsers) != wanted[0] || len(entities.PolicyRoles) != wanted[1] {
			t.Errorf("%s: %+v", filter, entities)
		}
	}
	attached := must[*awsiam.ListAttachedRolePoliciesOutput](t)(c.ListAttachedRolePolicies(ctx, &awsiam.ListAttachedRolePoliciesInput{RoleName: aws.String("dev")})).AttachedPolicies
	if len(attached) != 1 || aws.ToString(attached[0].PolicyArn) != readARN || aws.ToString(attached[0].PolicyName) != "read" {
		t.Errorf("attached %+v", attached)
	}
	if elsewhere := must[*awsiam.ListAttachedUserPoliciesOutput](t)(c.ListAttachedUserPolicies(ctx, &awsiam.ListAttachedUserPoliciesInput{UserName: aws.String("carol"), PathPrefix: aws.String("/other/")})).AttachedPolicies; len(elsewhere) != 0 {
		t.Errorf("attached elsewhere %+v", elsewhere)
	}
	if p := must[*awsiam.GetRolePolicyOutput](t)(c.GetRolePolicy(ctx, &awsiam.GetRolePolicyInput{RoleName: aws.String("dev"), PolicyName: aws.String("own")})); decoded(t, p.PolicyDocument) != everything || aws.ToString(p.RoleName) != "dev" {
		t.Errorf("inline %+v", p)
	}
	if p := must[*awsiam.GetUserPolicyOutput](t)(c.GetUserPolicy(ctx, &awsiam.GetUserPolicyInput{UserName: aws.String("carol"), PolicyName: aws.String("own")})); decoded(t, p.PolicyDocument) != everything || aws.ToString(p.UserName) != "carol" {
		t.Errorf("inline %+v", p)
	}
	if names := must[*awsiam.ListRolePoliciesOutput](t)(c.ListRolePolicies(ctx, &awsiam.ListRolePoliciesInput{RoleName: aws.String("dev")})).PolicyNames; !slices.Equal(names, []string{"own"}) {
		t.Errorf("inline of dev %v", names)
	}
	if names := must[*awsiam.ListUserPoliciesOutput](t)(c.ListUserPolicies(ctx, &awsiam.ListUserPoliciesInput{UserName: aws.String("carol")})).PolicyNames; !slices.Equal(names, []string{"own"}) {
		t.Errorf("inline of carol %v", names)
	}
	for scope, wanted := range map[types.PolicyScopeType][]string{
		types.PolicyScopeTypeLocal: {"read"}, types.PolicyScopeTypeAws: {"AdministratorAccess", "IAMFullAccess", "IAMReadOnlyAccess"},
		types.PolicyScopeTypeAll: {"AdministratorAccess", "IAMFullAccess", "IAMReadOnlyAccess", "read"},
	} {
		var names []string
		for _, p := range must[*awsiam.ListPoliciesOutput](t)(c.ListPolicies(ctx, &awsiam.ListPoliciesInput{Scope: scope})).Policies {
			names = append(names, aws.ToString(p.PolicyName))
		}
		if !slices.Equal(names, wanted) {
			t.Errorf("%s: got %v", scope, names)
		}
	}
	used := must[*awsiam.ListPoliciesOutput](t)(c.ListPolicies(ctx, &awsiam.ListPoliciesInput{OnlyAttached: true})).Policies
	bounds := must[*awsiam.ListPoliciesOutput](t)(c.ListPolicies(ctx, &awsiam.ListPoliciesInput{PolicyUsageFilter: types.PolicyUsageTypePermissionsBoundary})).Policies
	if len(used) != 2 || len(bounds) != 0 || used[1].Tags != nil || used[1].Description != nil {
		t.Errorf("attached %+v, boundaries %+v", used, bounds)
	}
}

func stageProviders(t *testing.T, c *awsiam.Client) {
	t.Helper()
	ctx := t.Context()
	created := must[*awsiam.CreateOpenIDConnectProviderOutput](t)(c.CreateOpenIDConnectProvider(ctx, &awsiam.CreateOpenIDConnectProviderInput{
		Url: aws.String("https://oidc.example.com/id/1"), ClientIDList: []string{"sts.amazonaws.com"}, Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	}))
	if aws.ToString(created.OpenIDConnectProviderArn) != providerARN || len(created.Tags) != 1 {
		t.Errorf("created %+v", created)
	}
	for _, err := range []error{
		failure(c.AddClientIDToOpenIDConnectProvider(ctx, &awsiam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(providerARN), ClientID: aws.String("b")})),
		failure(c.RemoveClientIDFromOpenIDConnectProvider(ctx, &awsiam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(providerARN), ClientID: aws.String("sts.amazonaws.com")})),
		failure(c.UpdateOpenIDConnectProviderThumbprint(ctx, &awsiam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: aws.String(providerARN), ThumbprintList: []string{repeat("a", 40)}})),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got := must[*awsiam.GetOpenIDConnectProviderOutput](t)(c.GetOpenIDConnectProvider(ctx, &awsiam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(providerARN)}))
	if aws.ToString(got.Url) != "oidc.example.com/id/1" || !slices.Equal(got.ClientIDList, []string{"b"}) || !slices.Equal(got.ThumbprintList, []string{repeat("a", 40)}) || got.CreateDate.IsZero() || len(got.Tags) != 1 {
		t.Errorf("got %+v", got)
	}
	list := must[*awsiam.ListOpenIDConnectProvidersOutput](t)(c.ListOpenIDConnectProviders(ctx, &awsiam.ListOpenIDConnectProvidersInput{})).OpenIDConnectProviderList
	if len(list) != 1 || aws.ToString(list[0].Arn) != providerARN {
		t.Errorf("listed %+v", list)
	}
}

// stageTags tags everything that can have tags, twice, and takes one off again.
func stageTags(t *testing.T, c *awsiam.Client) {
	t.Helper()
	ctx := t.Context()
	tags := []types.Tag{{Key: aws.String("z"), Value: aws.String("1")}, {Key: aws.String("m"), Value: aws.String("")}}
	keys := []string{"z", "nothing"}
	for _, err := range []error{
		failure(c.TagUser(ctx, &awsiam.TagUserInput{UserName: aws.String("carol"), Tags: tags})),
		failure(c.TagRole(ctx, &awsiam.TagRoleInput{RoleName: aws.String("dev"), Tags: tags})),
		failure(c.TagPolicy(ctx, &awsiam.TagPolicyInput{PolicyArn: aws.String(readARN), Tags: tags})),
		failure(c.TagOpenIDConnectProvider(ctx, &awsiam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(providerARN), Tags: tags})),
		failure(c.UntagUser(ctx, &awsiam.UntagUserInput{UserName: aws.String("carol"), TagKeys: keys})),
		failure(c.UntagRole(ctx, &awsiam.UntagRoleInput{RoleName: aws.String("dev"), TagKeys: keys})),
		failure(c.UntagPolicy(ctx, &awsiam.UntagPolicyInput{PolicyArn: aws.String(readARN), TagKeys: keys})),
		failure(c.UntagOpenIDConnectProvider(ctx, &awsiam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(providerARN), TagKeys: keys})),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got := map[string][]types.Tag{
		"user":     must[*awsiam.ListUserTagsOutput](t)(c.ListUserTags(ctx, &awsiam.ListUserTagsInput{UserName: aws.String("carol")})).Tags,
		"role":     must[*awsiam.ListRoleTagsOutput](t)(c.ListRoleTags(ctx, &awsiam.ListRoleTagsInput{RoleName: aws.String("dev")})).Tags,
		"policy":   must[*awsiam.ListPolicyTagsOutput](t)(c.ListPolicyTags(ctx, &awsiam.ListPolicyTagsInput{PolicyArn: aws.String(readARN)})).Tags,
		"provider": must[*awsiam.ListOpenIDConnectProviderTagsOutput](t)(c.ListOpenIDConnectProviderTags(ctx, &awsiam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderArn: aws.String(providerARN)})).Tags,
	}
	for what, wanted := range map[string][]string{"user": {"m=", "team=blue"}, "role": {"m="}, "policy": {"a=1", "b=", "m="}, "provider": {"k=v", "m="}} {
		var texts []string
		for _, tag := range got[what] {
			texts = append(texts, aws.ToString(tag.Key)+"="+aws.ToString(tag.Value))
		}
		if !slices.Equal(texts, wanted) {
			t.Errorf("%s has %v", what, texts)
		}
	}
}

// stageRest asks for everything that there is not, as Terraform does before it destroys.
func stageRest(t *testing.T, c *awsiam.Client) {
	t.Helper()
	ctx := t.Context()
	carol := aws.String("carol")
	for name, n := range map[string]int{
		"instance profiles":   len(must[*awsiam.ListInstanceProfilesForRoleOutput](t)(c.ListInstanceProfilesForRole(ctx, &awsiam.ListInstanceProfilesForRoleInput{RoleName: aws.String("dev")})).InstanceProfiles),
		"groups":              len(must[*awsiam.ListGroupsForUserOutput](t)(c.ListGroupsForUser(ctx, &awsiam.ListGroupsForUserInput{UserName: carol})).Groups),
		"MFA devices":         len(must[*awsiam.ListMFADevicesOutput](t)(c.ListMFADevices(ctx, &awsiam.ListMFADevicesInput{UserName: carol})).MFADevices),
		"virtual MFA devices": len(must[*awsiam.ListVirtualMFADevicesOutput](t)(c.ListVirtualMFADevices(ctx, &awsiam.ListVirtualMFADevicesInput{AssignmentStatus: types.AssignmentStatusTypeAssigned})).VirtualMFADevices),
		"SSH keys":            len(must[*awsiam.ListSSHPublicKeysOutput](t)(c.ListSSHPublicKeys(ctx, &awsiam.ListSSHPublicKeysInput{UserName: carol})).SSHPublicKeys),
		"certificates":        len(must[*awsiam.ListSigningCertificatesOutput](t)(c.ListSigningCertificates(ctx, &awsiam.ListSigningCertificatesInput{UserName: carol})).Certificates),
		"credentials":         len(must[*awsiam.ListServiceSpecificCredentialsOutput](t)(c.ListServiceSpecificCredentials(ctx, &awsiam.ListServiceSpecificCredentialsInput{UserName: carol})).ServiceSpecificCredentials),
		"aliases":             len(must[*awsiam.ListAccountAliasesOutput](t)(c.ListAccountAliases(ctx, &awsiam.ListAccountAliasesInput{})).AccountAliases),
	} {
		if n != 0 {
			t.Errorf("there are %d %s", n, name)
		}
	}
	const none = "Login Profile for User carol cannot be found."
	want(t, failure(c.GetLoginProfile(ctx, &awsiam.GetLoginProfileInput{UserName: carol})), 404, "NoSuchEntity", none)
	want(t, failure(c.DeleteLoginProfile(ctx, &awsiam.DeleteLoginProfileInput{UserName: carol})), 404, "NoSuchEntity", none)
	want(t, failure(c.DeactivateMFADevice(ctx, &awsiam.DeactivateMFADeviceInput{UserName: carol, SerialNumber: aws.String("GAHT12345678")})),
		404, "NoSuchEntity", "MFA Device with serial number GAHT12345678 cannot be found.")
	// These are called again when everything goes away; here so that the list of called operations is complete.
	want(t, failure(c.DeleteUserPolicy(ctx, &awsiam.DeleteUserPolicyInput{UserName: carol, PolicyName: aws.String("x")})), 404, "NoSuchEntity", "The user policy with name x cannot be found.")
	want(t, failure(c.DeleteRolePolicy(ctx, &awsiam.DeleteRolePolicyInput{RoleName: aws.String("dev"), PolicyName: aws.String("x")})), 404, "NoSuchEntity", "The role policy with name x cannot be found.")
	want(t, failure(c.DetachUserPolicy(ctx, &awsiam.DetachUserPolicyInput{UserName: carol, PolicyArn: aws.String(adminARN)})), 404, "NoSuchEntity", "Policy "+adminARN+" was not found.")
	want(t, failure(c.DetachRolePolicy(ctx, &awsiam.DetachRolePolicyInput{RoleName: aws.String("dev"), PolicyArn: aws.String(adminARN)})), 404, "NoSuchEntity", "Policy "+adminARN+" was not found.")
	want(t, failure(c.DeleteUser(ctx, &awsiam.DeleteUserInput{UserName: carol})), 409, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	want(t, failure(c.DeleteRole(ctx, &awsiam.DeleteRoleInput{RoleName: aws.String("dev")})), 409, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	want(t, failure(c.DeletePolicy(ctx, &awsiam.DeletePolicyInput{PolicyArn: aws.String(readARN)})), 409, "DeleteConflict", "Cannot delete a policy attached to entities.")
	want(t, failure(c.DeletePolicyVersion(ctx, &awsiam.DeletePolicyVersionInput{PolicyArn: aws.String(readARN), VersionId: aws.String("v1")})), 409, "DeleteConflict", "Cannot delete the default version of a policy.")
	want(t, failure(c.DeleteOpenIDConnectProvider(ctx, &awsiam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(providerARN + "x")})),
		404, "NoSuchEntity", "OpenId connect Provider "+providerARN+"x cannot be found.")
}
