package iamapi

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// refusal is an answer in AWS's words with what decided it, which AWS does not say.
type refusal struct {
	answer *awsquery.Error
	reason string
}

func (e *refusal) Error() string { return e.answer.Error() + " (" + e.reason + ")" }

func refuse(status int, code, message string) *awsquery.Error {
	return &awsquery.Error{Status: status, Code: code, Message: message}
}

func noSuchEntity(format string, args ...any) error {
	return refuse(http.StatusNotFound, "NoSuchEntity", fmt.Sprintf(format, args...))
}

func invalidInput(message string) error {
	return refuse(http.StatusBadRequest, "InvalidInput", message)
}

// notEmulated refuses a parameter that would change what a user or role may do: ignoring it would be wrong without a
// word. Code and text are ours.
func (r *request) notEmulated(parameter, instead string) error {
	return refuse(http.StatusBadRequest, "NotEmulated",
		fmt.Sprintf("%s with %s is not emulated: %s", r.Call.Operation, parameter, instead))
}

// asAnswer is this API's [stsfake.Query].Answer.
func asAnswer(err error) (answer *awsquery.Error, reason string) {
	var explained *refusal
	switch {
	case errors.As(err, &explained):
		return explained.answer, explained.reason
	case errors.As(err, &answer):
		return answer, ""
	}
	return refuse(http.StatusInternalServerError, "ServiceFailure", // the words are those of AWS's common errors
		"The request processing has failed because of an unknown error, exception or failure."), err.Error()
}

// denied puts a denial into IAM's words. Sessions that may not call IAM at all hear that their token is invalid, which is
// recorded for those of GetSessionToken without MFA (aws-vault#15, aws-vault#328), and inferred for federated users.
func (r *request) denied(err error, shown string) error {
	var denied *iam.AccessDeniedError
	if !errors.As(err, &denied) {
		return err
	}
	if denied.Kind {
		return &refusal{refuse(http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid"), denied.Reason}
	}
	denied.Resource = shown
	return &refusal{refuse(http.StatusForbidden, "AccessDenied", denied.Message()), denied.Reason}
}

// word puts what the store says into AWS's words.
func (r *request) word(err error) error {
	var entity *iam.EntityError
	var problems iam.Problems
	switch {
	case errors.As(err, &entity):
		return r.wordEntity(entity)
	case errors.As(err, &problems):
		return wordProblems(problems)
	}
	return err
}

func (r *request) wordEntity(e *iam.EntityError) error {
	switch {
	case errors.Is(e, iam.ErrNotFound):
		return r.wordMissing(e)
	case errors.Is(e, iam.ErrExists):
		return refuse(http.StatusConflict, "EntityAlreadyExists", existsMessage(e))
	case errors.Is(e, iam.ErrLimit):
		return refuse(http.StatusConflict, "LimitExceeded", r.limitMessage(e.Quota))
	}
	return refuse(http.StatusConflict, "DeleteConflict", conflictMessage(e.Conflict))
}

// wordMissing is recorded (localstack, test_iam_users, test_iam_roles, test_iam_policies and test_iam_oidc), but for user
// policies (lucidsoftware/cumulus#71) and MFA devices, where it is inferred.
func (r *request) wordMissing(e *iam.EntityError) error {
	switch e.Kind {
	case iam.KindUser, iam.KindRole:
		return noSuchEntity("The %s with name %s cannot be found.", e.Kind, lastName(e.Name))
	case iam.KindInlinePolicy:
		return noSuchEntity("The %s policy with name %s cannot be found.", r.principalKind(), e.Name)
	case iam.KindAccessKey:
		return noSuchEntity("The Access Key with id %s cannot be found.", e.Name)
	case iam.KindPolicy:
		if strings.HasPrefix(r.Call.Operation, "Attach") {
			return noSuchEntity("Policy %s does not exist or is not attachable.", e.Name)
		}
		return noSuchEntity("Policy %s was not found.", e.Name)
	case iam.KindAttachment:
		return noSuchEntity("Policy %s was not found.", e.Name)
	case iam.KindPolicyVersion:
		return noSuchVersion(r.Params.Get("PolicyArn"), e.Name)
	case iam.KindMFADevice:
		return noSuchEntity("MFA Device with serial number %s cannot be found.", e.Name)
	case iam.KindOIDCProvider:
		return r.noSuchProvider()
	}
	return noSuchEntity("%s %s cannot be found.", e.Kind, e.Name)
}

func noSuchVersion(policyARN, version string) error {
	return noSuchEntity("Policy %s version %s does not exist or is not attachable.", policyARN, version)
}

// principalKind is what kind of principal an operation on inline policies is about: user or role.
func (r *request) principalKind() string {
	if strings.Contains(r.Call.Operation, "Role") {
		return "role"
	}
	return "user"
}

// existsMessage is recorded (same).
func existsMessage(e *iam.EntityError) string {
	switch e.Kind {
	case iam.KindUser:
		return "User with name " + e.Name + " already exists."
	case iam.KindRole:
		return "Role with name " + e.Name + " already exists."
	case iam.KindPolicy:
		return "A policy called " + e.Name + " already exists. Duplicate names are not allowed."
	}
	return "Provider with url " + e.Name + " already exists."
}

// limitMessage is recorded for access keys, versions, tags and client IDs (localstack), for the size of managed and trust
// policies (ministryofjustice/analytical-platform#6873, kubeflow/dashboard#29), for attached policies
// (cloud-platform-environments#14118) and for the size of a role's inline policies (amplify-backend#2615). The others are
// inferred from these.
func (r *request) limitMessage(q iam.Quota) string {
	switch q.Name {
	case iam.QuotaUserPolicySize, iam.QuotaRolePolicySize:
		name := cmp.Or(r.Params.Get("RoleName"), r.Params.Get("UserName"))
		return fmt.Sprintf("Maximum policy size of %d bytes exceeded for %s %s", q.Max, r.principalKind(), name)
	case iam.QuotaPolicyVersions:
		return fmt.Sprintf("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", q.Max)
	case iam.QuotaTags:
		return "The number of tags has reached the maximum limit."
	}
	return fmt.Sprintf("Cannot exceed quota for %s: %d", q.Name, q.Max)
}

// conflictMessage is recorded: policies and versions by localstack, access keys in aws-controllers-k8s/community#2229, MFA
// devices in aws-nuke#281, attached policies in serverless/components#312, other versions in aws-nuke#1.
func conflictMessage(c iam.Conflict) string {
	switch c {
	case iam.ConflictInlinePolicies:
		return "Cannot delete entity, must delete policies first."
	case iam.ConflictAttachedPolicies:
		return "Cannot delete entity, must detach all policies first."
	case iam.ConflictAccessKeys:
		return "Cannot delete entity, must delete access keys first."
	case iam.ConflictMFADevices:
		return "Cannot delete entity, must delete MFA device first."
	case iam.ConflictAttached:
		return "Cannot delete a policy attached to entities."
	case iam.ConflictVersions:
		return "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. " +
			"The default version is deleted with the policy."
	}
	return "Cannot delete the default version of a policy."
}

// wordProblems is for what the model lets through and the store does not hold. A trust policy's principal that does
// not exist has AWS's words (ucx#2269, aws-cdk and Terraform issues by the dozen); the rest is ours.
func wordProblems(problems iam.Problems) error {
	for _, p := range problems {
		if p.Principal != "" {
			return &refusal{malformed(invalidPrincipal("AWS", p.Principal)), problems.Error()}
		}
	}
	return invalidInput(problems.Error())
}

// lastName is the name at the end of an ARN, or a name.
func lastName(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }
