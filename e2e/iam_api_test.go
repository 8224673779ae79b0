package e2e

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Every operation of the IAM API, as a program calls it that sets a stage on AWS, looks at it and takes it down.
var _ = Describe("the IAM API, to the AWS SDK for Go v2", Ordered, func() {
	var (
		client sdk
		p      *play
	)
	BeforeAll(func() {
		client = shared.sdk("trurl")
		p = newPlay(client.iam)
	})
	It("makes users, whose keys work at once and die at once", func(ctx context.Context) {
		p.run(makeUsers()...)
		client.expectKeyOf(ctx, "klapaucius")
	})
	It("makes roles", func() { p.run(makeRoles()...) })
	It("makes policies, and gives them to users and roles", func() { p.run(makePolicies()...) })
	It("makes identity providers", func() { p.run(makeProviders()...) })
	It("tags what it made", func() { p.run(tagAll()...) })
	It("looks for what there is not", func() { p.run(lookAround()...) })
	It("gives lists page by page", func(ctx context.Context) { client.expectIAMPages(ctx) })
	It("takes everything down again, in AWS's order", func() {
		p.run(takeDown()...)
		Expect(p.called).To(HaveLen(71+1), "the operations of emulator/iamapi, and one that is none")
	})
})

const (
	iamPolicyARN   = "arn:aws:iam::111122223333:policy/team/look"
	iamProviderARN = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/1"
	trustNobody    = `{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"ec2.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}`
	trustTrurl     = `{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:user/trurl\"},\"Action\":\"sts:AssumeRole\"}]}`
	mayLook        = `{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"eks:Describe*\",\"Resource\":\"*\"}]}`
)

func makeUsers() []step {
	const none = ""
	return []step{
		{"CreateUser", `{"UserName": "klapaucius", "Path": "/team/", "Tags": [{"Key": "a", "Value": "b"}]}`,
			`{"User": {"UserName": "klapaucius", "Path": "/team/", "Arn": "arn:aws:iam::111122223333:user/team/klapaucius", "UserId": "~AIDA[A-Z0-9]{17}", "CreateDate": "~20.*"}}`, none},
		{"CreateUser", `{"UserName": "klapaucius"}`, "", "EntityAlreadyExists"},
		{"UpdateUser", `{"UserName": "klapaucius", "NewPath": "/"}`, `{}`, none},
		{"GetUser", `{"UserName": "klapaucius"}`, `{"User": {"Path": "/", "Arn": "arn:aws:iam::111122223333:user/klapaucius", "Tags": [{"Key": "a", "Value": "b"}]}}`, none},
		{"GetUser", `{}`, `{"User": {"UserName": "trurl"}}`, none},
		{"ListUsers", `{"PathPrefix": "/", "MaxItems": 2}`, `{"Users": [{"UserName": "alice"}, {"UserName": "bob"}], "IsTruncated": true, "Marker": "~.+"}`, none},
		{"CreateAccessKey", `{"UserName": "klapaucius"}`, `{"AccessKey": {"AccessKeyId": "$key", "SecretAccessKey": "~.{40}", "Status": "Active", "UserName": "klapaucius"}}`, none},
		{"UpdateAccessKey", `{"UserName": "klapaucius", "AccessKeyId": "$key", "Status": "Inactive"}`, `{}`, none},
		{"ListAccessKeys", `{"UserName": "klapaucius"}`, `{"AccessKeyMetadata": [{"Status": "Inactive", "UserName": "klapaucius", "CreateDate": "~20.*"}]}`, none},
		{"GetAccessKeyLastUsed", `{"AccessKeyId": "$key"}`, `{"UserName": "klapaucius", "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"}}`, none},
		{"DeleteAccessKey", `{"UserName": "klapaucius", "AccessKeyId": "$key"}`, `{}`, none},
		{"ListAccessKeys", `{"UserName": "klapaucius"}`, `{"AccessKeyMetadata": []}`, none},
	}
}

// expectKeyOf makes a key for a user, signs with it, and switches it off.
func (s sdk) expectKeyOf(ctx context.Context, user string) {
	GinkgoHelper()
	made, err := s.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String(user)})
	Expect(err).NotTo(HaveOccurred())
	key := made.AccessKey
	own := s.config.Copy()
	own.Credentials = credentials.NewStaticCredentialsProvider(*key.AccessKeyId, *key.SecretAccessKey, "")
	whoami := func() (string, error) {
		out, err := sts.NewFromConfig(own).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return "", err
		}
		return *out.Arn, nil
	}
	Expect(whoami()).To(Equal("arn:aws:iam::111122223333:user/" + user))
	_, err = s.iam.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: key.UserName, AccessKeyId: key.AccessKeyId, Status: types.StatusTypeInactive})
	Expect(err).NotTo(HaveOccurred())
	_, err = whoami()
	Expect(refusalOf(err)).To(Equal(refusal{403, "InvalidClientTokenId", "The security token included in the request is invalid."}))
	_, err = s.iam.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: key.UserName, AccessKeyId: key.AccessKeyId})
	Expect(err).NotTo(HaveOccurred())
}

func makeRoles() []step {
	const none = ""
	return []step{
		{"CreateRole", `{"RoleName": "robot", "Path": "/team/", "Description": "works", "MaxSessionDuration": 7200, "AssumeRolePolicyDocument": "` + trustNobody + `"}`,
			`{"Role": {"RoleName": "robot", "Arn": "arn:aws:iam::111122223333:role/team/robot", "RoleId": "~AROA[A-Z0-9]{17}", "AssumeRolePolicyDocument": "~%7B.*ec2.amazonaws.com.*"}}`, none},
		{"CreateRole", `{"RoleName": "ROBOT", "AssumeRolePolicyDocument": "` + trustNobody + `"}`, "", "EntityAlreadyExists"},
		{"CreateRole", `{"RoleName": "android", "AssumeRolePolicyDocument": "{}"}`, "", "MalformedPolicyDocument"},
		{"UpdateRole", `{"RoleName": "robot", "MaxSessionDuration": 3600, "Description": "rests"}`, `{}`, none},
		{"UpdateRoleDescription", `{"RoleName": "robot", "Description": "works"}`, `{"Role": {"Description": "works"}}`, none},
		{"UpdateAssumeRolePolicy", `{"RoleName": "robot", "PolicyDocument": "` + trustTrurl + `"}`, `{}`, none},
		{"GetRole", `{"RoleName": "robot"}`, `{"Role": {"Path": "/team/", "Description": "works", "MaxSessionDuration": 3600, "AssumeRolePolicyDocument": "~.*trurl.*"}}`, none},
		{"ListRoles", `{"PathPrefix": "/team/"}`, `{"Roles": [{"RoleName": "robot"}], "IsTruncated": false}`, none},
	}
}

func makePolicies() []step {
	const none = ""
	own := func(of string) string { return `"` + of + `", "PolicyName": "own"` }
	return []step{
		{"CreatePolicy", `{"PolicyName": "look", "Path": "/team/", "Description": "looks", "PolicyDocument": "` + mayLook + `"}`,
			`{"Policy": {"Arn": "` + iamPolicyARN + `", "PolicyId": "~ANPA[A-Z0-9]{17}", "DefaultVersionId": "v1", "AttachmentCount": 0, "IsAttachable": true}}`, none},
		{"CreatePolicyVersion", `{"PolicyArn": "` + iamPolicyARN + `", "PolicyDocument": "` + mayLook + `", "SetAsDefault": true}`, `{"PolicyVersion": {"VersionId": "v2", "IsDefaultVersion": true}}`, none},
		{"SetDefaultPolicyVersion", `{"PolicyArn": "` + iamPolicyARN + `", "VersionId": "v1"}`, `{}`, none},
		{"ListPolicyVersions", `{"PolicyArn": "` + iamPolicyARN + `"}`, `{"Versions": [{"VersionId": "v2", "IsDefaultVersion": false}, {"VersionId": "v1", "IsDefaultVersion": true}]}`, none},
		{"GetPolicyVersion", `{"PolicyArn": "` + iamPolicyARN + `", "VersionId": "v1"}`, `{"PolicyVersion": {"Document": "~%7B.*Describe.*"}}`, none},
		{"AttachRolePolicy", `{"RoleName": "robot", "PolicyArn": "` + iamPolicyARN + `"}`, `{}`, none},
		{"AttachUserPolicy", `{"UserName": "klapaucius", "PolicyArn": "` + iamPolicyARN + `"}`, `{}`, none},
		{"GetPolicy", `{"PolicyArn": "` + iamPolicyARN + `"}`, `{"Policy": {"Description": "looks", "AttachmentCount": 2}}`, none},
		{"ListPolicies", `{"Scope": "Local", "PathPrefix": "/team/"}`, `{"Policies": [{"PolicyName": "look"}]}`, none},
		{"ListEntitiesForPolicy", `{"PolicyArn": "` + iamPolicyARN + `"}`, `{"PolicyUsers": [{"UserName": "klapaucius"}], "PolicyRoles": [{"RoleName": "robot"}], "PolicyGroups": []}`, none},
		{"ListAttachedRolePolicies", `{"RoleName": "robot"}`, `{"AttachedPolicies": [{"PolicyName": "look", "PolicyArn": "` + iamPolicyARN + `"}]}`, none},
		{"ListAttachedUserPolicies", `{"UserName": "klapaucius"}`, `{"AttachedPolicies": [{"PolicyName": "look"}]}`, none},
		{"PutRolePolicy", `{"RoleName": ` + own("robot") + `, "PolicyDocument": "` + mayLook + `"}`, `{}`, none},
		{"PutUserPolicy", `{"UserName": ` + own("klapaucius") + `, "PolicyDocument": "` + mayLook + `"}`, `{}`, none},
		{"GetRolePolicy", `{"RoleName": ` + own("robot") + `}`, `{"RoleName": "robot", "PolicyName": "own", "PolicyDocument": "~%7B.*"}`, none},
		{"GetUserPolicy", `{"UserName": ` + own("klapaucius") + `}`, `{"UserName": "klapaucius", "PolicyName": "own", "PolicyDocument": "~%7B.*"}`, none},
		{"ListRolePolicies", `{"RoleName": "robot"}`, `{"PolicyNames": ["own"], "IsTruncated": false}`, none},
		{"ListUserPolicies", `{"UserName": "klapaucius"}`, `{"PolicyNames": ["own"]}`, none},
		{"DeletePolicy", `{"PolicyArn": "` + iamPolicyARN + `"}`, "", "DeleteConflict"},
		{"DeleteRole", `{"RoleName": "robot"}`, "", "DeleteConflict"},
		{"DeleteUser", `{"UserName": "klapaucius"}`, "", "DeleteConflict"},
	}
}

func makeProviders() []step {
	const none = ""
	of := `"OpenIDConnectProviderArn": "` + iamProviderARN + `"`
	return []step{
		{"CreateOpenIDConnectProvider", `{"Url": "https://oidc.example.com/id/1", "ClientIDList": ["sts.amazonaws.com"]}`, `{"OpenIDConnectProviderArn": "` + iamProviderARN + `"}`, none},
		{"AddClientIDToOpenIDConnectProvider", `{` + of + `, "ClientID": "other"}`, `{}`, none},
		{"RemoveClientIDFromOpenIDConnectProvider", `{` + of + `, "ClientID": "sts.amazonaws.com"}`, `{}`, none},
		{"UpdateOpenIDConnectProviderThumbprint", `{` + of + `, "ThumbprintList": ["0123456789012345678901234567890123456789"]}`, `{}`, none},
		{"GetOpenIDConnectProvider", `{` + of + `}`, `{"Url": "oidc.example.com/id/1", "ClientIDList": ["other"], "ThumbprintList": ["0123456789012345678901234567890123456789"]}`, none},
		{"ListOpenIDConnectProviders", `{}`, `{"OpenIDConnectProviderList": [{"Arn": "` + iamProviderARN + `"}]}`, none},
	}
}

func tagAll() []step {
	var steps []step
	for kind, of := range map[string]string{
		"User": `"UserName": "klapaucius"`, "Role": `"RoleName": "robot"`, "Policy": `"PolicyArn": "` + iamPolicyARN + `"`,
		"OpenIDConnectProvider": `"OpenIDConnectProviderArn": "` + iamProviderARN + `"`,
	} {
		steps = append(steps,
			step{"Tag" + kind, `{` + of + `, "Tags": [{"Key": "a", "Value": "1"}, {"Key": "z", "Value": ""}]}`, `{}`, ""},
			step{"Untag" + kind, `{` + of + `, "TagKeys": ["a"]}`, `{}`, ""},
			step{"List" + kind + "Tags", `{` + of + `}`, `{"Tags": [{"Key": "z", "Value": ""}]}`, ""})
	}
	return steps
}

// lookAround asks for what tools look for before they delete a user or role.
func lookAround() []step {
	const ofUser = `{"UserName": "klapaucius"}`
	return []step{
		{"ListInstanceProfilesForRole", `{"RoleName": "robot"}`, `{"InstanceProfiles": []}`, ""},
		{"ListGroupsForUser", ofUser, `{"Groups": []}`, ""},
		{"ListMFADevices", ofUser, `{"MFADevices": []}`, ""},
		{"ListVirtualMFADevices", `{}`, `{"VirtualMFADevices": []}`, ""},
		{"ListSSHPublicKeys", ofUser, `{"SSHPublicKeys": []}`, ""},
		{"ListSigningCertificates", ofUser, `{"Certificates": []}`, ""},
		{"ListServiceSpecificCredentials", ofUser, `{"ServiceSpecificCredentials": []}`, ""},
		{"ListAccountAliases", `{}`, `{"AccountAliases": []}`, ""},
		{"GetLoginProfile", ofUser, "", "NoSuchEntity"},
		{"DeleteLoginProfile", ofUser, "", "NoSuchEntity"},
		{"DeactivateMFADevice", `{"UserName": "klapaucius", "SerialNumber": "GAHT12345678"}`, "", "NoSuchEntity"},
		{"GetUser", `{"UserName": "nobody"}`, "", "NoSuchEntity"},
		{"ListGroups", `{}`, "", "InvalidAction"}, // not emulated
	}
}

func (s sdk) expectIAMPages(ctx context.Context) {
	GinkgoHelper()
	users := iam.NewListUsersPaginator(s.iam, &iam.ListUsersInput{MaxItems: aws.Int32(2)})
	names := pages(ctx, users.HasMorePages, users.NextPage, func(o *iam.ListUsersOutput) []string {
		var names []string
		for _, user := range o.Users {
			names = append(names, aws.ToString(user.UserName))
		}
		return names
	})
	Expect(names).To(Equal([]string{"alice", "bob", "klapaucius", "mallory", "other-user", "trurl"}))
	roles := iam.NewListRolesPaginator(s.iam, &iam.ListRolesInput{MaxItems: aws.Int32(1)})
	names = pages(ctx, roles.HasMorePages, roles.NextPage, func(o *iam.ListRolesOutput) []string { return []string{aws.ToString(o.Roles[0].RoleName)} })
	Expect(names).To(ContainElements("my-cluster-role", "my-node-role", "robot", "some-other-role"))
	Expect(slices.IsSorted(names)).To(BeTrue(), names)
	policies := iam.NewListPoliciesPaginator(s.iam, &iam.ListPoliciesInput{MaxItems: aws.Int32(1)})
	Expect(pages(ctx, policies.HasMorePages, policies.NextPage, func(o *iam.ListPoliciesOutput) []string {
		return []string{aws.ToString(o.Policies[0].PolicyName)}
	})).To(ContainElements("AdministratorAccess", "look"))
}

func takeDown() []step {
	steps := []step{}
	for _, call := range [][2]string{
		{"DeleteOpenIDConnectProvider", `{"OpenIDConnectProviderArn": "` + iamProviderARN + `"}`},
		{"DetachRolePolicy", `{"RoleName": "robot", "PolicyArn": "` + iamPolicyARN + `"}`},
		{"DetachUserPolicy", `{"UserName": "klapaucius", "PolicyArn": "` + iamPolicyARN + `"}`},
		{"DeleteRolePolicy", `{"RoleName": "robot", "PolicyName": "own"}`},
		{"DeleteUserPolicy", `{"UserName": "klapaucius", "PolicyName": "own"}`},
		{"DeletePolicyVersion", `{"PolicyArn": "` + iamPolicyARN + `", "VersionId": "v2"}`},
		{"DeletePolicy", `{"PolicyArn": "` + iamPolicyARN + `"}`},
		{"DeleteRole", `{"RoleName": "robot"}`},
		{"DeleteUser", `{"UserName": "klapaucius"}`},
	} {
		steps = append(steps, step{call[0], call[1], `{}`, ""})
	}
	return append(steps, step{"GetRole", `{"RoleName": "robot"}`, "", "NoSuchEntity"})
}
