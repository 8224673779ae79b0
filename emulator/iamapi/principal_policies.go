package iamapi

import (
	"strings"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// principalPolicyOperations are those on the policies of users and roles, inline and attached.
func principalPolicyOperations() map[string]operation {
	prefix := awsmodel.Optional("PathPrefix", policyPathType)
	ofUser, ofRole := (*request).userTarget, (*request).roleTarget
	return map[string]operation{
		"PutUserPolicy":            {members(existingUser, policyName, document), ofUser, (*request).putPolicy},
		"GetUserPolicy":            {members(existingUser, policyName), ofUser, (*request).getInlinePolicy},
		"DeleteUserPolicy":         {members(existingUser, policyName), ofUser, (*request).deleteInlinePolicy},
		"ListUserPolicies":         {members(existingUser, marker, maxItems), ofUser, (*request).listInlinePolicies},
		"AttachUserPolicy":         {members(attachedUser, policyArn), ofUser, (*request).attachPolicy},
		"DetachUserPolicy":         {members(attachedUser, policyArn), ofUser, (*request).detachPolicy},
		"ListAttachedUserPolicies": {members(attachedUser, prefix, marker, maxItems), ofUser, (*request).listAttachedPolicies},
		"PutRolePolicy":            {members(roleName, policyName, document), ofRole, (*request).putPolicy},
		"GetRolePolicy":            {members(roleName, policyName), ofRole, (*request).getInlinePolicy},
		"DeleteRolePolicy":         {members(roleName, policyName), ofRole, (*request).deleteInlinePolicy},
		"ListRolePolicies":         {members(roleName, marker, maxItems), ofRole, (*request).listInlinePolicies},
		"AttachRolePolicy":         {members(roleName, policyArn), ofRole, (*request).attachPolicy},
		"DetachRolePolicy":         {members(roleName, policyArn), ofRole, (*request).detachPolicy},
		"ListAttachedRolePolicies": {members(roleName, prefix, marker, maxItems), ofRole, (*request).listAttachedPolicies},
	}
}

// principalPolicies is a user or role with its policies.
type principalPolicies struct {
	arn, name string
	inline    []iam.InlinePolicy
	attached  []string
}

// principal is the user or role that a request names.
func (r *request) principal() (principalPolicies, error) {
	if r.principalKind() == "role" {
		role, err := r.role()
		return principalPolicies{role.ARN(r.store.Partition()), role.Name, role.Policies, role.AttachedPolicies}, err
	}
	u, err := r.user()
	return principalPolicies{u.ARN(r.store.Partition()), u.Name, u.Policies, u.AttachedPolicies}, err
}

func (r *request) putPolicy() (any, error) {
	p, err := r.principal()
	if err != nil {
		return nil, err
	}
	policy, err := parseDocument(r.Params.Get("PolicyDocument"), inlineDocument)
	if err != nil {
		return nil, err
	}
	return nil, r.store.PutInlinePolicy(p.arn, iam.InlinePolicy{Name: r.Params.Get("PolicyName"), Document: policy})
}

// inlinePolicyResult has a user's or a role's name.
type inlinePolicyResult struct {
	UserName       string `xml:",omitempty" json:",omitempty"`
	RoleName       string `xml:",omitempty" json:",omitempty"`
	PolicyName     string
	PolicyDocument string
}

func (r *request) getInlinePolicy() (any, error) {
	p, err := r.principal()
	if err != nil {
		return nil, err
	}
	name := r.Params.Get("PolicyName")
	for _, policy := range p.inline {
		if !strings.EqualFold(policy.Name, name) {
			continue
		}
		result := inlinePolicyResult{PolicyName: policy.Name, PolicyDocument: encode(policy.Document)}
		if r.principalKind() == "role" {
			result.RoleName = p.name
		} else {
			result.UserName = p.name
		}
		return result, nil
	}
	return nil, &iam.EntityError{Kind: iam.KindInlinePolicy, Name: name, Err: iam.ErrNotFound}
}

func (r *request) deleteInlinePolicy() (any, error) {
	p, err := r.principal()
	if err != nil {
		return nil, err
	}
	return nil, r.store.DeleteInlinePolicy(p.arn, r.Params.Get("PolicyName"))
}

type policyNamesResult struct {
	PolicyNames []string `xml:"PolicyNames>member"`
	pageEnd
}

func (r *request) listInlinePolicies() (any, error) {
	p, err := r.principal()
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, policy := range p.inline {
		names = append(names, policy.Name)
	}
	page, end, err := paginate(r, names, func(name string) string { return name })
	return policyNamesResult{page, end}, err
}

func (r *request) attachPolicy() (any, error) {
	if err := r.checkPolicyARN(); err != nil {
		return nil, err
	}
	p, err := r.principal()
	if err != nil {
		return nil, err
	}
	return nil, r.store.AttachPolicy(p.arn, r.Params.Get("PolicyArn"))
}

func (r *request) detachPolicy() (any, error) {
	if err := r.checkPolicyARN(); err != nil {
		return nil, err
	}
	p, err := r.principal()
	if err != nil {
		return nil, err
	}
	return nil, r.store.DetachPolicy(p.arn, r.Params.Get("PolicyArn"))
}

type attachedPolicyItem struct {
	PolicyName string
	PolicyArn  string
}

type attachedPoliciesResult struct {
	AttachedPolicies []attachedPolicyItem `xml:"AttachedPolicies>member"`
	pageEnd
}

func (r *request) listAttachedPolicies() (any, error) {
	p, err := r.principal()
	if err != nil {
		return nil, err
	}
	items := []attachedPolicyItem{}
	for _, arn := range p.attached {
		if policy, err := r.store.Policy(arn); err == nil && r.within(policy.Path) {
			items = append(items, attachedPolicyItem{policy.Name, arn})
		}
	}
	page, end, err := paginate(r, items, func(i attachedPolicyItem) string { return ownerAndName(i.PolicyArn) })
	return attachedPoliciesResult{page, end}, err
}

// ownerAndName is what tells the policies that an account sees apart: the path does not.
func ownerAndName(policyARN string) string {
	arn, _ := iam.ParseARN(policyARN)
	return strings.ToLower(lastName(policyARN)) + "/" + arn.AccountID
}
