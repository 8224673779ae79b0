package iamapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// refusalCase is a call that IAM refuses, with where its words are from: [M] recorded, [D] documented, [X] inferred.
type refusalCase struct {
	source  string
	call    func(*world, *awsiam.Client, *testing.T) error
	status  int
	code    string
	message string
}

func runRefusals(t *testing.T, tests []refusalCase) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			want(t, tt.call(w, w.as("admin"), t), tt.status, tt.code, tt.message)
			if call := w.lastCall(); call.Code != tt.code || call.Message != tt.message || call.Status != tt.status {
				t.Errorf("the record has %d %s %q", call.Status, call.Code, call.Message)
			}
		})
	}
}

func createRole(name, trust string) *awsiam.CreateRoleInput {
	return &awsiam.CreateRoleInput{RoleName: aws.String(name), AssumeRolePolicyDocument: aws.String(trust)}
}

func tagsOf(pairs ...string) (tags []types.Tag) {
	for i := 0; i < len(pairs); i += 2 {
		tags = append(tags, types.Tag{Key: aws.String(pairs[i]), Value: aws.String(pairs[i+1])})
	}
	return tags
}

func manyTags(n int) (tags []types.Tag) {
	for i := range n {
		tags = append(tags, types.Tag{Key: aws.String(fmt.Sprint(i)), Value: aws.String("")})
	}
	return tags
}

func TestNoSuchEntity(t *testing.T) {
	t.Parallel()
	const user, role = "The user with name nobody cannot be found.", "The role with name nobody cannot be found."
	nobody := aws.String("nobody")
	policy := "arn:aws:iam::111122223333:policy/nothing"
	foreign := "arn:aws:iam::444455556666:policy/theirs"
	notFound := func(source string, message string, call func(*awsiam.Client, *testing.T) error) refusalCase {
		return refusalCase{source, func(_ *world, c *awsiam.Client, t *testing.T) error { return call(c, t) }, 404, "NoSuchEntity", message}
	}
	runRefusals(t, []refusalCase{
		notFound("[M] localstack test_user_errors, get", user, func(c *awsiam.Client, t *testing.T) error {
			return failure(c.GetUser(t.Context(), &awsiam.GetUserInput{UserName: nobody}))
		}),
		notFound("[M] same, update", user, func(c *awsiam.Client, t *testing.T) error {
			return failure(c.UpdateUser(t.Context(), &awsiam.UpdateUserInput{UserName: nobody, NewPath: aws.String("/x/")}))
		}),
		notFound("[M] same, delete", user, func(c *awsiam.Client, t *testing.T) error {
			return failure(c.DeleteUser(t.Context(), &awsiam.DeleteUserInput{UserName: nobody}))
		}),
		notFound("[M] test_access_key_errors, create", user, func(c *awsiam.Client, t *testing.T) error {
			return failure(c.CreateAccessKey(t.Context(), &awsiam.CreateAccessKeyInput{UserName: nobody}))
		}),
		notFound("[M] same, update", "The Access Key with id AKIAIOSFODNN7EXAMPLE cannot be found.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.UpdateAccessKey(t.Context(), &awsiam.UpdateAccessKeyInput{AccessKeyId: aws.String("AKIAIOSFODNN7EXAMPLE"), Status: types.StatusTypeActive}))
		}),
		notFound("[X] same, somebody else's", "The Access Key with id AKIAIOSFODNN7EXAMPLE cannot be found.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.DeleteAccessKey(t.Context(), &awsiam.DeleteAccessKeyInput{UserName: aws.String("bob"), AccessKeyId: aws.String("AKIAIOSFODNN7EXAMPLE")}))
		}),
		notFound("[M] test_user_tag_errors", user, func(c *awsiam.Client, t *testing.T) error {
			return failure(c.TagUser(t.Context(), &awsiam.TagUserInput{UserName: nobody, Tags: tagsOf("a", "b")}))
		}),
		notFound("[M] lucidsoftware/cumulus#71", "The user policy with name x cannot be found.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.GetUserPolicy(t.Context(), &awsiam.GetUserPolicyInput{UserName: aws.String("bob"), PolicyName: aws.String("x")}))
		}),
		notFound("[M] test_role_errors, get", role, func(c *awsiam.Client, t *testing.T) error {
			return failure(c.GetRole(t.Context(), &awsiam.GetRoleInput{RoleName: nobody}))
		}),
		notFound("[M] same, update", role, func(c *awsiam.Client, t *testing.T) error {
			return failure(c.UpdateRole(t.Context(), &awsiam.UpdateRoleInput{RoleName: nobody}))
		}),
		notFound("[M] same, delete", role, func(c *awsiam.Client, t *testing.T) error {
			return failure(c.DeleteRole(t.Context(), &awsiam.DeleteRoleInput{RoleName: nobody}))
		}),
		notFound("[M] test_role_inline_policy_errors, put", role, func(c *awsiam.Client, t *testing.T) error {
			return failure(c.PutRolePolicy(t.Context(), &awsiam.PutRolePolicyInput{RoleName: nobody, PolicyName: aws.String("x"), PolicyDocument: aws.String(everything)}))
		}),
		notFound("[M] same, get", role, func(c *awsiam.Client, t *testing.T) error {
			return failure(c.GetRolePolicy(t.Context(), &awsiam.GetRolePolicyInput{RoleName: nobody, PolicyName: aws.String("x")}))
		}),
		notFound("[M] test_user_managed_policy_errors, attach", "Policy "+policy+" does not exist or is not attachable.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.AttachUserPolicy(t.Context(), &awsiam.AttachUserPolicyInput{UserName: aws.String("bob"), PolicyArn: aws.String(policy)}))
		}),
		notFound("[X] attach another account's", "Policy "+foreign+" does not exist or is not attachable.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.AttachUserPolicy(t.Context(), &awsiam.AttachUserPolicyInput{UserName: aws.String("bob"), PolicyArn: aws.String(foreign)}))
		}),
		notFound("[M] same, detach", "Policy "+adminARN+" was not found.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.DetachUserPolicy(t.Context(), &awsiam.DetachUserPolicyInput{UserName: aws.String("bob"), PolicyArn: aws.String(adminARN)}))
		}),
		notFound("[X] get policy", "Policy "+policy+" was not found.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.GetPolicy(t.Context(), &awsiam.GetPolicyInput{PolicyArn: aws.String(policy)}))
		}),
		notFound("[M] test_policy_tag_update_errors", "Policy "+policy+" was not found.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.TagPolicy(t.Context(), &awsiam.TagPolicyInput{PolicyArn: aws.String(policy), Tags: tagsOf("a", "b")}))
		}),
		notFound("[X] new version of no policy", "Policy "+policy+" was not found.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.CreatePolicyVersion(t.Context(), &awsiam.CreatePolicyVersionInput{PolicyArn: aws.String(policy), PolicyDocument: aws.String(everything)}))
		}),
		notFound("[M] test_policy_version_errors, get", "Policy "+policy+" version v1 does not exist or is not attachable.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.GetPolicyVersion(t.Context(), &awsiam.GetPolicyVersionInput{PolicyArn: aws.String(policy), VersionId: aws.String("v1")}))
		}),
		notFound("[M] same, set default", "Policy "+policy+" version v1 does not exist or is not attachable.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.SetDefaultPolicyVersion(t.Context(), &awsiam.SetDefaultPolicyVersionInput{PolicyArn: aws.String(policy), VersionId: aws.String("v1")}))
		}),
		notFound("[M] test_get_open_id_connect_provider_not_found", "OpenIDConnect Provider not found for arn "+providerARN, func(c *awsiam.Client, t *testing.T) error {
			return failure(c.GetOpenIDConnectProvider(t.Context(), &awsiam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(providerARN)}))
		}),
		notFound("[X] another account's", "OpenIDConnect Provider not found for arn arn:aws:iam::444455556666:oidc-provider/x", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.AddClientIDToOpenIDConnectProvider(t.Context(), &awsiam.AddClientIDToOpenIDConnectProviderInput{
				OpenIDConnectProviderArn: aws.String("arn:aws:iam::444455556666:oidc-provider/x"), ClientID: aws.String("x"),
			}))
		}),
	})
}

func TestExistsLimitsAndConflicts(t *testing.T) {
	t.Parallel()
	bob := aws.String("bob")
	large := strings.Replace(everything, `"*"}`, `"arn:aws:s3:::`+repeat("x", 7000)+`"}`, 1)
	runRefusals(t, []refusalCase{
		{"[M] test_user_errors", func(_ *world, c *awsiam.Client, t *testing.T) error {
			return failure(c.CreateUser(t.Context(), &awsiam.CreateUserInput{UserName: aws.String("Bob")}))
		}, 409, "EntityAlreadyExists", "User with name Bob already exists."},
		{"[X] rename to one that there is", func(_ *world, c *awsiam.Client, t *testing.T) error {
			return failure(c.UpdateUser(t.Context(), &awsiam.UpdateUserInput{UserName: bob, NewUserName: aws.String("admin")}))
		}, 409, "EntityAlreadyExists", "User with name admin already exists."},
		{"[M] test_role_errors", func(_ *world, c *awsiam.Client, t *testing.T) error {
			_ = must[*awsiam.CreateRoleOutput](t)(c.CreateRole(t.Context(), createRole("dev", trustsEC2)))
			return failure(c.CreateRole(t.Context(), createRole("dev", trustsEC2)))
		}, 409, "EntityAlreadyExists", "Role with name dev already exists."},
		{"[M] test_policy_errors", func(_ *world, c *awsiam.Client, t *testing.T) error {
			in := &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(everything)}
			_ = must[*awsiam.CreatePolicyOutput](t)(c.CreatePolicy(t.Context(), in))
			return failure(c.CreatePolicy(t.Context(), in))
		}, 409, "EntityAlreadyExists", "A policy called p already exists. Duplicate names are not allowed."},
		{"[M] test_create_open_id_connect_provider_duplicate_error", func(_ *world, c *awsiam.Client, t *testing.T) error {
			in := &awsiam.CreateOpenIDConnectProviderInput{Url: aws.String("https://x.example.com")}
			_ = must[*awsiam.CreateOpenIDConnectProviderOutput](t)(c.CreateOpenIDConnectProvider(t.Context(), in))
			return failure(c.CreateOpenIDConnectProvider(t.Context(), in))
		}, 409, "EntityAlreadyExists", "Provider with url https://x.example.com already exists."},
		{"[M] test_access_key_limit", func(_ *world, c *awsiam.Client, t *testing.T) error {
			_ = must[*awsiam.CreateAccessKeyOutput](t)(c.CreateAccessKey(t.Context(), &awsiam.CreateAccessKeyInput{UserName: bob}))
			return failure(c.CreateAccessKey(t.Context(), &awsiam.CreateAccessKeyInput{UserName: bob}))
		}, 409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"},
		{"[M] ministryofjustice/analytical-platform#6873", func(_ *world, c *awsiam.Client, t *testing.T) error {
			return failure(c.CreatePolicy(t.Context(), &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(large)}))
		}, 409, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144"},
		{"[M] kubeflow/dashboard#29", func(_ *world, c *awsiam.Client, t *testing.T) error {
			trust := strings.Replace(trustsEC2, `"sts:AssumeRole"}`, `"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"`+repeat("x", 2000)+`"}}}`, 1)
			return failure(c.CreateRole(t.Context(), createRole("dev", trust)))
		}, 409, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048"},
		{"[X] after amplify-backend#2615", func(_ *world, c *awsiam.Client, t *testing.T) error {
			return failure(c.PutUserPolicy(t.Context(), &awsiam.PutUserPolicyInput{UserName: bob, PolicyName: aws.String("p"), PolicyDocument: aws.String(large)}))
		}, 409, "LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user bob"},
		{"[M] amplify-backend#2615", func(_ *world, c *awsiam.Client, t *testing.T) error {
			_ = must[*awsiam.CreateRoleOutput](t)(c.CreateRole(t.Context(), createRole("dev", trustsEC2)))
			for _, name := range []string{"a", "b"} {
				if err := failure(c.PutRolePolicy(t.Context(), &awsiam.PutRolePolicyInput{RoleName: aws.String("dev"), PolicyName: aws.String(name), PolicyDocument: aws.String(large)})); err != nil {
					return err
				}
			}
			return nil
		}, 409, "LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role dev"},
		{"[M] cloud-platform-environments#14118, with the default of 10", func(_ *world, c *awsiam.Client, t *testing.T) error {
			_ = must[*awsiam.CreateRoleOutput](t)(c.CreateRole(t.Context(), createRole("dev", trustsEC2)))
			for i := range 11 {
				arn := fmt.Sprintf("arn:aws:iam::aws:policy/Access%d", i)
				if err := failure(c.AttachRolePolicy(t.Context(), &awsiam.AttachRolePolicyInput{RoleName: aws.String("dev"), PolicyArn: aws.String(arn)})); err != nil {
					return err
				}
			}
			return nil
		}, 409, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10"},
		{"[M] test_policy_version_limit", func(_ *world, c *awsiam.Client, t *testing.T) error {
			p := must[*awsiam.CreatePolicyOutput](t)(c.CreatePolicy(t.Context(), &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(everything)})).Policy
			for range 5 {
				if err := failure(c.CreatePolicyVersion(t.Context(), &awsiam.CreatePolicyVersionInput{PolicyArn: p.Arn, PolicyDocument: aws.String(everything)})); err != nil {
					return err
				}
			}
			return nil
		}, 409, "LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version."},
		{"[M] test_open_id_connect_provider_tags_limit, of a user", func(_ *world, c *awsiam.Client, t *testing.T) error {
			_ = must[*awsiam.TagUserOutput](t)(c.TagUser(t.Context(), &awsiam.TagUserInput{UserName: bob, Tags: manyTags(50)}))
			return failure(c.TagUser(t.Context(), &awsiam.TagUserInput{UserName: bob, Tags: tagsOf("x", "y")}))
		}, 409, "LimitExceeded", "The number of tags has reached the maximum limit."},
		{"[M] test_create_open_id_connect_provider_quota_error", func(_ *world, c *awsiam.Client, t *testing.T) error {
			var ids []string
			for i := range 101 {
				ids = append(ids, fmt.Sprint(i))
			}
			return failure(c.CreateOpenIDConnectProvider(t.Context(), &awsiam.CreateOpenIDConnectProviderInput{Url: aws.String("https://x.example.com"), ClientIDList: ids}))
		}, 409, "LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100"},
		{"[M] aws-controllers-k8s/community#2229", func(_ *world, c *awsiam.Client, t *testing.T) error {
			return failure(c.DeleteUser(t.Context(), &awsiam.DeleteUserInput{UserName: bob}))
		}, 409, "DeleteConflict", "Cannot delete entity, must delete access keys first."},
		{"[M] aws-nuke#281", func(w *world, c *awsiam.Client, t *testing.T) error {
			device := iam.MFADevice{SerialNumber: "GAHT12345678", Seed: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}
			_ = must[iam.User](t)(w.store.PutUser(iam.User{AccountID: account, Name: "dave", MFADevices: []iam.MFADevice{device}}))
			return failure(c.DeleteUser(t.Context(), &awsiam.DeleteUserInput{UserName: aws.String("dave")}))
		}, 409, "DeleteConflict", "Cannot delete entity, must delete MFA device first."},
		{"[M] test_delete_role_with_inline_policy", func(_ *world, c *awsiam.Client, t *testing.T) error {
			_ = must[*awsiam.CreateRoleOutput](t)(c.CreateRole(t.Context(), createRole("dev", trustsEC2)))
			_ = must[*awsiam.PutRolePolicyOutput](t)(c.PutRolePolicy(t.Context(), &awsiam.PutRolePolicyInput{RoleName: aws.String("dev"), PolicyName: aws.String("p"), PolicyDocument: aws.String(everything)}))
			return failure(c.DeleteRole(t.Context(), &awsiam.DeleteRoleInput{RoleName: aws.String("dev")}))
		}, 409, "DeleteConflict", "Cannot delete entity, must delete policies first."},
		{"[M] rebuy-de/aws-nuke#1", func(_ *world, c *awsiam.Client, t *testing.T) error {
			p := must[*awsiam.CreatePolicyOutput](t)(c.CreatePolicy(t.Context(), &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(everything)})).Policy
			_ = must[*awsiam.CreatePolicyVersionOutput](t)(c.CreatePolicyVersion(t.Context(), &awsiam.CreatePolicyVersionInput{PolicyArn: p.Arn, PolicyDocument: aws.String(everything)}))
			return failure(c.DeletePolicy(t.Context(), &awsiam.DeletePolicyInput{PolicyArn: p.Arn}))
		}, 409, "DeleteConflict", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy."},
	})
}

// IAM leaves the values out of its messages, has members in alphabetical order, and judges a list of texts as a whole [M]
// (localstack, test_iam_oidc and test_iam_policies).
func TestValidation(t *testing.T) {
	t.Parallel()
	const one, failed = "1 validation error detected: Value at '", "' failed to satisfy constraint: Member must "
	bob := aws.String("bob")
	invalid := func(source, message string, call func(*awsiam.Client, *testing.T) error) refusalCase {
		return refusalCase{source, func(_ *world, c *awsiam.Client, t *testing.T) error { return call(c, t) }, 400, "ValidationError", message}
	}
	input := func(source, message string, call func(*awsiam.Client, *testing.T) error) refusalCase {
		tt := invalid(source, message, call)
		tt.code = "InvalidInput"
		return tt
	}
	runRefusals(t, []refusalCase{
		invalid("[M] three at once", "3 validation errors detected: Value at 'clientIDList"+failed+"satisfy constraint: [Member must have length less than or equal to 255, Member must have length greater than or equal to 1]; "+
			"Value at 'thumbprintList"+failed+"satisfy constraint: [Member must have length less than or equal to 40, Member must have length greater than or equal to 40]; "+
			"Value at 'url"+failed+"have length less than or equal to 255", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.CreateOpenIDConnectProvider(t.Context(), &awsiam.CreateOpenIDConnectProviderInput{
				Url: aws.String("https://" + repeat("x", 255)), ClientIDList: []string{repeat("x", 256)}, ThumbprintList: []string{"x"},
			}))
		}),
		invalid("[M] eks-hybrid#112", "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.CreateRole(t.Context(), createRole("a:b", trustsEC2)))
		}),
		invalid("[X] same for users", "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.CreateUser(t.Context(), &awsiam.CreateUserInput{UserName: aws.String("a b")}))
		}),
		invalid("[X] moto", "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.CreateUser(t.Context(), &awsiam.CreateUserInput{UserName: aws.String("x"), Path: aws.String("x")}))
		}),
		invalid("[X] long name", one+"userName"+failed+"have length less than or equal to 64", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.CreateUser(t.Context(), &awsiam.CreateUserInput{UserName: aws.String(repeat("x", 65))}))
		}),
		invalid("[X] session duration", one+"maxSessionDuration"+failed+"have value greater than or equal to 3600", func(c *awsiam.Client, t *testing.T) error {
			in := createRole("dev", trustsEC2)
			in.MaxSessionDuration = aws.Int32(3599)
			return failure(c.CreateRole(t.Context(), in))
		}),
		invalid("[X] status", one+"status"+failed+"satisfy enum value set: [Active, Inactive, Expired]", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.UpdateAccessKey(t.Context(), &awsiam.UpdateAccessKeyInput{AccessKeyId: aws.String("AKIAIOSFODNN7EXAMPLE"), Status: "Off"}))
		}),
		input("[X] status that is not for callers", "The status of an access key is set to Active or Inactive.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.UpdateAccessKey(t.Context(), &awsiam.UpdateAccessKeyInput{AccessKeyId: aws.String("AKIAIOSFODNN7EXAMPLE"), Status: "Expired"}))
		}),
		invalid("[X] page size", one+"maxItems"+failed+"have value less than or equal to 1000", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.ListUsers(t.Context(), &awsiam.ListUsersInput{MaxItems: aws.Int32(1001)}))
		}),
		invalid("[X] fakecloud#1615", "Invalid Marker.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.ListUsers(t.Context(), &awsiam.ListUsersInput{Marker: aws.String("x")}))
		}),
		invalid("[M] test_policy_version_errors", one+`versionId`+failed+`satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`, func(c *awsiam.Client, t *testing.T) error {
			return failure(c.SetDefaultPolicyVersion(t.Context(), &awsiam.SetDefaultPolicyVersionInput{PolicyArn: aws.String(readARN), VersionId: aws.String("1")}))
		}),
		invalid("[M] test_role_tag_errors, too many", one+"tags"+failed+"have length less than or equal to 50", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.TagUser(t.Context(), &awsiam.TagUserInput{UserName: bob, Tags: manyTags(51)}))
		}),
		invalid("[M] same, key", one+"tags.1.member.key"+failed+"have length less than or equal to 128", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.TagUser(t.Context(), &awsiam.TagUserInput{UserName: bob, Tags: tagsOf(repeat("x", 129), "")}))
		}),
		invalid("[M] same, value", one+"tags.1.member.value"+failed+"have length less than or equal to 256", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.TagUser(t.Context(), &awsiam.TagUserInput{UserName: bob, Tags: tagsOf("x", repeat("x", 257))}))
		}),
		invalid("[M] same, character", one+`tags.1.member.key`+failed+`satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+`, func(c *awsiam.Client, t *testing.T) error {
			return failure(c.TagUser(t.Context(), &awsiam.TagUserInput{UserName: bob, Tags: tagsOf("a*", "")}))
		}),
		invalid("[M] same, keys to take off", one+`tagKeys`+failed+`satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+, Member must not be null]`, func(c *awsiam.Client, t *testing.T) error {
			return failure(c.UntagUser(t.Context(), &awsiam.UntagUserInput{UserName: bob, TagKeys: []string{"ok", "a*"}}))
		}),
		input("[M] same, twice in another case", "Duplicate tag keys found. Please note that Tag keys are case insensitive.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.TagUser(t.Context(), &awsiam.TagUserInput{UserName: bob, Tags: tagsOf("a", "", "A", "")}))
		}),
		input("[M] test_policy_tag_create_errors", "Duplicate tag keys found.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.CreatePolicy(t.Context(), &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(everything), Tags: tagsOf("a", "", "a", "")}))
		}),
		input("[X] ours: reserved tag", `user `+userARN("bob2")+`: tag "aws:x": begins with "aws:", which is reserved`, func(c *awsiam.Client, t *testing.T) error {
			return failure(c.CreateUser(t.Context(), &awsiam.CreateUserInput{UserName: aws.String("bob2"), Tags: tagsOf("aws:x", "")}))
		}),
		invalid("[M] test_role_managed_policy_errors", "ARN longpolicynamebutnoarn is not valid.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.AttachUserPolicy(t.Context(), &awsiam.AttachUserPolicyInput{UserName: bob, PolicyArn: aws.String("longpolicynamebutnoarn")}))
		}),
		input("[M] test_role_permissions_boundary_errors", "ARN arn:aws:iam::111122223333:not_a_policy/invalid is not valid.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.GetPolicy(t.Context(), &awsiam.GetPolicyInput{PolicyArn: aws.String("arn:aws:iam::111122223333:not_a_policy/invalid")}))
		}),
		input("[X] no ARN of a provider", "ARN arn:aws:iam::111122223333:role/x is not valid.", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.GetOpenIDConnectProvider(t.Context(), &awsiam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String("arn:aws:iam::111122223333:role/x")}))
		}),
		invalid("[M] test_create_open_id_connect_provider_invalid_url", "Invalid Open ID Connect Provider URL", func(c *awsiam.Client, t *testing.T) error {
			return failure(c.CreateOpenIDConnectProvider(t.Context(), &awsiam.CreateOpenIDConnectProviderInput{Url: aws.String("x.example.com")}))
		}),
		input("[M] test_create_open_id_connect_provider_too_many_thumbprints", "Thumbprint list must contain fewer than 5 entries.", func(c *awsiam.Client, t *testing.T) error {
			list := strings.Split(strings.TrimSuffix(repeat(repeat("a", 40)+",", 6), ","), ",")
			return failure(c.CreateOpenIDConnectProvider(t.Context(), &awsiam.CreateOpenIDConnectProviderInput{Url: aws.String("https://x.example.com"), ThumbprintList: list}))
		}),
		{"[X] ours: boundaries of users", func(_ *world, c *awsiam.Client, t *testing.T) error {
			return failure(c.CreateUser(t.Context(), &awsiam.CreateUserInput{UserName: aws.String("x"), PermissionsBoundary: aws.String(adminARN)}))
		}, 400, "NotEmulated", "CreateUser with PermissionsBoundary is not emulated: " + noBoundaries},
		{"[X] ours: boundaries of roles", func(_ *world, c *awsiam.Client, t *testing.T) error {
			in := createRole("dev", trustsEC2)
			in.PermissionsBoundary = aws.String(adminARN)
			return failure(c.CreateRole(t.Context(), in))
		}, 400, "NotEmulated", "CreateRole with PermissionsBoundary is not emulated: " + noBoundaries},
		{"[X] ours: documents of AWS's policies", func(_ *world, c *awsiam.Client, t *testing.T) error {
			return failure(c.GetPolicyVersion(t.Context(), &awsiam.GetPolicyVersionInput{PolicyArn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess"), VersionId: aws.String("v1")}))
		}, 400, "NotEmulated", "GetPolicyVersion of arn:aws:iam::aws:policy/ReadOnlyAccess is not emulated: the documents of AWS's policies are known for a few only. Create a policy of your own."},
		{"[X] AWS's policies are AWS's", func(_ *world, c *awsiam.Client, t *testing.T) error {
			return failure(c.DeletePolicy(t.Context(), &awsiam.DeletePolicyInput{PolicyArn: aws.String(adminARN)}))
		}, 403, "AccessDenied", "User: " + userARN("admin") + " is not authorized to perform: iam:DeletePolicy on resource: policy " + adminARN},
		{"[X] their versions too", func(_ *world, c *awsiam.Client, t *testing.T) error {
			return failure(c.DeletePolicyVersion(t.Context(), &awsiam.DeletePolicyVersionInput{PolicyArn: aws.String(adminARN), VersionId: aws.String("v1")}))
		}, 403, "AccessDenied", "User: " + userARN("admin") + " is not authorized to perform: iam:DeletePolicyVersion on resource: policy " + adminARN},
		{"[M] test_access_key_errors, last used", func(_ *world, c *awsiam.Client, t *testing.T) error {
			return failure(c.GetAccessKeyLastUsed(t.Context(), &awsiam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String("AKIAIOSFODNN7EXAMPLE")}))
		}, 403, "AccessDenied", "User: " + userARN("admin") + " is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key AKIAIOSFODNN7EXAMPLE"},
	})
}

// A state that cannot be saved is not changed, and the client hears of a failure, not of its cause.
func TestUnsavedChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	before := len(w.store.Users())
	w.faulty = fmt.Errorf("disk full")
	err := failure(w.as("admin").CreateUser(t.Context(), &awsiam.CreateUserInput{UserName: aws.String("x")}))
	want(t, err, http.StatusInternalServerError, "ServiceFailure", "The request processing has failed because of an unknown error, exception or failure.")
	if len(w.store.Users()) != before || !strings.Contains(w.lastCall().Reason, "disk full") {
		t.Errorf("%d users, reason %q", len(w.store.Users()), w.lastCall().Reason)
	}
}
