package iamapi

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

func policyOperations() map[string]operation {
	return map[string]operation{
		"CreatePolicy": {
			members(policyName, awsmodel.Optional("Path", policyPathType), document, awsmodel.Optional("Description", policyDescriptionType), optional(tags)),
			(*request).newPolicyTarget, (*request).createPolicy,
		},
		"GetPolicy":    {members(policyArn), (*request).policyTarget, (*request).getPolicy},
		"DeletePolicy": {members(policyArn), (*request).policyTarget, (*request).deletePolicy},
		"ListPolicies": {
			members(awsmodel.Optional("Scope", policyScopeType), awsmodel.Optional("OnlyAttached", booleanType), awsmodel.Optional("PathPrefix", policyPathType),
				awsmodel.Optional("PolicyUsageFilter", policyUsageType), marker, maxItems),
			(*request).policiesTarget, (*request).listPolicies,
		},
		"ListEntitiesForPolicy": {
			members(policyArn, awsmodel.Optional("EntityFilter", entityType), awsmodel.Optional("PathPrefix", pathType),
				awsmodel.Optional("PolicyUsageFilter", policyUsageType), marker, maxItems),
			(*request).policyTarget, (*request).listEntitiesForPolicy,
		},
	}
}

// policyItem is a managed policy as answers have it, in the model's order. What is left out where is recorded (localstack,
// test_iam_policies): CreatePolicy's answer has no Description, and Tags only if there are some; GetPolicy's has Tags
// always; a list has neither.
type policyItem struct {
	PolicyName                    string
	PolicyID                      string `xml:"PolicyId" json:"PolicyId"`
	Arn                           string
	Path                          string
	DefaultVersionID              string `xml:"DefaultVersionId" json:"DefaultVersionId"`
	AttachmentCount               int
	PermissionsBoundaryUsageCount int
	IsAttachable                  bool
	Description                   string `xml:",omitempty" json:",omitempty"`
	CreateDate                    awsquery.Timestamp
	UpdateDate                    awsquery.Timestamp
	Tags                          *[]tagItem `xml:"Tags>member,omitempty" json:",omitempty"`
}

type policyResult struct{ Policy policyItem }

func (r *request) showPolicy(p iam.ManagedPolicy) policyItem {
	arn := p.ARN(r.store.Partition())
	users, roles := r.store.AttachedTo(arn, r.account())
	return policyItem{
		PolicyName: p.Name, PolicyID: p.UniqueID, Arn: arn, Path: p.Path, DefaultVersionID: p.DefaultVersion,
		AttachmentCount: len(users) + len(roles), IsAttachable: true,
		CreateDate: awsquery.Timestamp(p.CreateDate), UpdateDate: awsquery.Timestamp(p.UpdateDate()),
	}
}

// checkPolicyARN is for a PolicyArn that is none. Both codes are recorded (localstack, test_iam_roles), the second for a
// permissions boundary.
func (r *request) checkPolicyARN() error {
	text := r.Params.Get("PolicyArn")
	message := fmt.Sprintf("ARN %s is not valid.", text)
	arn, ok := iam.ParseARN(text)
	switch {
	case !ok:
		return awsmodel.ValidationError(message)
	case arn.Service != "iam" || arn.Region != "" || !strings.HasPrefix(arn.Resource, "policy/"):
		return invalidInput(message)
	}
	return nil
}

// policy is the managed policy that a request names: of the account, or of AWS. That others are not found is inferred.
func (r *request) policy() (iam.ManagedPolicy, error) {
	if err := r.checkPolicyARN(); err != nil {
		return iam.ManagedPolicy{}, err
	}
	arn := r.Params.Get("PolicyArn")
	p, err := r.store.Policy(arn)
	if err == nil && p.AccountID != r.account() && !ofAWS(p) {
		err = &iam.EntityError{Kind: iam.KindPolicy, Name: arn, Err: iam.ErrNotFound}
	}
	return p, err
}

// ofAWS says whether a policy is one of AWS's own.
func ofAWS(p iam.ManagedPolicy) bool { return p.AccountID == "aws" }

// ownPolicy is the same, to be changed: AWS's own may not be. What IAM says then is inferred from what it says when a
// policy does not allow something.
func (r *request) ownPolicy() (iam.ManagedPolicy, error) {
	p, err := r.policy()
	if err == nil && ofAWS(p) {
		err = &refusal{refuse(http.StatusForbidden, "AccessDenied", fmt.Sprintf("User: %s is not authorized to perform: iam:%s on resource: policy %s",
			r.Caller.ARN, r.Call.Operation, r.Params.Get("PolicyArn"))), "the policy is AWS's own, which nobody else can change"}
	}
	return p, err
}

func (r *request) createPolicy() (any, error) {
	tags, err := r.newTags(iam.KindPolicy)
	if err != nil {
		return nil, err
	}
	policy, err := parseDocument(r.Params.Get("PolicyDocument"), managedDocument)
	if err != nil {
		return nil, err
	}
	p, err := r.store.CreatePolicy(iam.ManagedPolicy{
		AccountID: r.account(), Path: r.path(), Name: r.Params.Get("PolicyName"), Description: r.Params.Get("Description"),
		Tags: tags, Versions: []iam.PolicyVersion{{Document: policy}},
	})
	if err != nil {
		return nil, err
	}
	item := r.showPolicy(p)
	if len(p.Tags) > 0 {
		shown := showTags(p.Tags)
		item.Tags = &shown
	}
	return policyResult{item}, nil
}

func (r *request) getPolicy() (any, error) {
	p, err := r.policy()
	if err != nil {
		return nil, err
	}
	item, shown := r.showPolicy(p), showTags(p.Tags)
	item.Description, item.Tags = p.Description, &shown
	return policyResult{item}, nil
}

func (r *request) deletePolicy() (any, error) {
	if _, err := r.ownPolicy(); err != nil {
		return nil, err
	}
	return nil, r.store.DeletePolicy(r.Params.Get("PolicyArn"))
}

type policiesResult struct {
	Policies []policyItem `xml:"Policies>member"`
	pageEnd
}

// listPolicies has the account's policies, and of AWS's those whose documents are known and those that somebody has: the
// real list of these is a thousand long.
func (r *request) listPolicies() (any, error) {
	items := []policyItem{}
	scope := r.Params.Get("Scope")
	for _, p := range r.visiblePolicies() {
		item := r.showPolicy(p)
		switch {
		case scope == "AWS" && !ofAWS(p), scope == "Local" && ofAWS(p), !r.within(p.Path):
		case r.Params.Get("OnlyAttached") == "true" && item.AttachmentCount == 0:
		case r.Params.Get("PolicyUsageFilter") == "PermissionsBoundary":
		default:
			items = append(items, item)
		}
	}
	page, end, err := paginate(r, items, func(i policyItem) string { return ownerAndName(i.Arn) })
	return policiesResult{page, end}, err
}

func (r *request) visiblePolicies() []iam.ManagedPolicy {
	byARN := map[string]iam.ManagedPolicy{}
	for _, p := range append(r.store.Policies(), r.store.AWSPolicies()...) {
		if p.AccountID == r.account() || ofAWS(p) {
			byARN[p.ARN(r.store.Partition())] = p
		}
	}
	attached := func(arns []string) {
		for _, arn := range arns {
			if p, err := r.store.Policy(arn); err == nil {
				byARN[arn] = p
			}
		}
	}
	for _, u := range r.store.Users() {
		if u.AccountID == r.account() {
			attached(u.AttachedPolicies)
		}
	}
	for _, role := range r.store.Roles() {
		if role.AccountID == r.account() {
			attached(role.AttachedPolicies)
		}
	}
	var out []iam.ManagedPolicy
	for _, p := range byARN {
		out = append(out, p)
	}
	return out
}

type entityUser struct {
	UserName string
	UserID   string `xml:"UserId" json:"UserId"`
}

type entityRole struct {
	RoleName string
	RoleID   string `xml:"RoleId" json:"RoleId"`
}

type entitiesResult struct {
	PolicyGroups []struct{}   `xml:"PolicyGroups>member"` // there are no groups
	PolicyUsers  []entityUser `xml:"PolicyUsers>member"`
	PolicyRoles  []entityRole `xml:"PolicyRoles>member"`
	pageEnd
}

// entity is a user or a role that has a policy.
type entity struct {
	user *entityUser
	role *entityRole
}

func (e entity) key() string {
	if e.user != nil {
		return "user/" + strings.ToLower(e.user.UserName)
	}
	return "role/" + strings.ToLower(e.role.RoleName)
}

func (r *request) listEntitiesForPolicy() (any, error) {
	if _, err := r.policy(); err != nil {
		return nil, err
	}
	page, end, err := paginate(r, r.entities(), entity.key)
	result := entitiesResult{[]struct{}{}, []entityUser{}, []entityRole{}, end}
	for _, e := range page {
		if e.user != nil {
			result.PolicyUsers = append(result.PolicyUsers, *e.user)
		} else {
			result.PolicyRoles = append(result.PolicyRoles, *e.role)
		}
	}
	return result, err
}

// entities are the users and roles that a request's policy is attached to, as far as its filters let them through.
func (r *request) entities() (out []entity) {
	users, roles := r.store.AttachedTo(r.Params.Get("PolicyArn"), r.account())
	filter := r.Params.Get("EntityFilter")
	if r.Params.Get("PolicyUsageFilter") == "PermissionsBoundary" {
		return nil
	}
	for _, u := range users {
		if (filter == "" || filter == "User") && r.within(u.Path) {
			out = append(out, entity{user: &entityUser{u.Name, u.UniqueID}})
		}
	}
	for _, role := range roles {
		if (filter == "" || filter == "Role") && r.within(role.Path) {
			out = append(out, entity{role: &entityRole{role.Name, role.UniqueID}})
		}
	}
	return out
}
