package iamapi

import (
	"strings"
	"time"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

func roleOperations() map[string]operation {
	description := awsmodel.Optional("Description", roleDescriptionType)
	duration := awsmodel.Optional("MaxSessionDuration", maxSessionDurationType)
	return map[string]operation{
		"CreateRole": {
			members(awsmodel.Optional("Path", pathType), roleName, awsmodel.Required("AssumeRolePolicyDocument", policyDocumentType),
				description, duration, awsmodel.Optional("PermissionsBoundary", arnType), optional(tags)),
			(*request).newRoleTarget, (*request).createRole,
		},
		"GetRole":                {members(roleName), (*request).roleTarget, (*request).getRole},
		"UpdateRole":             {members(roleName, description, duration), (*request).roleTarget, (*request).updateRole},
		"UpdateRoleDescription":  {members(roleName, awsmodel.Required("Description", roleDescriptionType)), (*request).roleTarget, (*request).updateRoleDescription},
		"UpdateAssumeRolePolicy": {members(roleName, document), (*request).roleTarget, (*request).updateAssumeRolePolicy},
		"DeleteRole":             {members(roleName), (*request).roleTarget, (*request).deleteRole},
		"ListRoles":              {members(awsmodel.Optional("PathPrefix", pathPrefixType), marker, maxItems), (*request).rolesTarget, (*request).listRoles},
	}
}

// roleItem is a role as answers have it, in the model's order. What is left out where is recorded (localstack,
// test_iam_roles): the answer of CreateRole has no Description and MaxSessionDuration, that of GetRole has
// everything, and a list has no tags and RoleLastUsed.
type roleItem struct {
	Path                     string
	RoleName                 string
	RoleID                   string `xml:"RoleId" json:"RoleId"`
	Arn                      string
	CreateDate               awsquery.Timestamp
	AssumeRolePolicyDocument string
	Description              string    `xml:",omitempty" json:",omitempty"`
	MaxSessionDuration       int       `xml:",omitempty" json:",omitempty"`
	Tags                     []tagItem `xml:"Tags>member,omitempty" json:",omitempty"`
	RoleLastUsed             *struct{} `json:",omitempty"` // nothing is kept of a role's use
}

type roleResult struct{ Role roleItem }

func (r *request) showRole(role iam.Role) roleItem {
	return roleItem{
		Path: role.Path, RoleName: role.Name, RoleID: role.UniqueID, Arn: role.ARN(r.store.Partition()),
		CreateDate: awsquery.Timestamp(role.CreateDate), AssumeRolePolicyDocument: encode(role.TrustPolicy),
	}
}

func (r *request) showWholeRole(role iam.Role) roleItem {
	item := r.showRole(role)
	item.Description, item.MaxSessionDuration = role.Description, int(role.MaxSessionDuration/time.Second)
	return item
}

// role is the role that a request names.
func (r *request) role() (iam.Role, error) {
	return r.store.RoleNamed(r.account(), r.Params.Get("RoleName"))
}

func (r *request) roleARN() (string, error) {
	role, err := r.role()
	return role.ARN(r.store.Partition()), err
}

func (r *request) createRole() (any, error) {
	if r.Params.Has("PermissionsBoundary") {
		return nil, r.notEmulated("PermissionsBoundary", noBoundaries)
	}
	tags, err := r.newTags(iam.KindRole)
	if err != nil {
		return nil, err
	}
	trust, err := parseDocument(r.Params.Get("AssumeRolePolicyDocument"), trustDocument)
	if err != nil {
		return nil, err
	}
	role, err := r.store.CreateRole(iam.Role{
		AccountID: r.account(), Path: r.path(), Name: r.Params.Get("RoleName"), Description: r.Params.Get("Description"),
		MaxSessionDuration: r.maxSessionDuration(), TrustPolicy: trust, Tags: tags,
	})
	if err != nil {
		return nil, err
	}
	item := r.showRole(role)
	item.Tags = showTags(role.Tags)
	return roleResult{item}, nil
}

// maxSessionDuration is the request's, 0 without one.
func (r *request) maxSessionDuration() time.Duration {
	return time.Duration(awsmodel.Int(r.Params, "MaxSessionDuration", 0)) * time.Second
}

func (r *request) getRole() (any, error) {
	role, err := r.role()
	if err != nil {
		return nil, err
	}
	item := r.showWholeRole(role)
	item.Tags, item.RoleLastUsed = showTags(role.Tags), &struct{}{}
	return roleResult{item}, nil
}

func (r *request) updateRole() (any, error) {
	arn, err := r.roleARN()
	if err != nil {
		return nil, err
	}
	var update iam.RoleUpdate
	if description, given := r.Params.Lookup("Description"); given {
		update.Description = &description
	}
	if duration := r.maxSessionDuration(); duration != 0 {
		update.MaxSessionDuration = &duration
	}
	return struct{}{}, r.store.UpdateRole(arn, update)
}

func (r *request) updateRoleDescription() (any, error) {
	arn, err := r.roleARN()
	if err != nil {
		return nil, err
	}
	description := r.Params.Get("Description")
	if err := r.store.UpdateRole(arn, iam.RoleUpdate{Description: &description}); err != nil {
		return nil, err
	}
	role, err := r.role()
	item := r.showRole(role)
	item.Description = role.Description
	return roleResult{item}, err
}

func (r *request) updateAssumeRolePolicy() (any, error) {
	arn, err := r.roleARN()
	if err != nil {
		return nil, err
	}
	trust, err := parseDocument(r.Params.Get("PolicyDocument"), trustDocument)
	if err != nil {
		return nil, err
	}
	return nil, r.store.UpdateRole(arn, iam.RoleUpdate{TrustPolicy: &trust})
}

func (r *request) deleteRole() (any, error) {
	arn, err := r.roleARN()
	if err != nil {
		return nil, err
	}
	return nil, r.store.DeleteRoleIfBare(arn)
}

type rolesResult struct {
	Roles []roleItem `xml:"Roles>member"`
	pageEnd
}

func (r *request) listRoles() (any, error) {
	items := []roleItem{}
	for _, role := range r.store.Roles() {
		if role.AccountID == r.account() && r.within(role.Path) {
			items = append(items, r.showWholeRole(role))
		}
	}
	page, end, err := paginate(r, items, func(i roleItem) string { return strings.ToLower(i.RoleName) })
	return rolesResult{page, end}, err
}
