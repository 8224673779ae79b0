package iamapi

import (
	"strings"
	"time"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

func userOperations() map[string]operation {
	return map[string]operation{
		"CreateUser": {
			members(awsmodel.Optional("Path", pathType), attachedUser, awsmodel.Optional("PermissionsBoundary", arnType), optional(tags)),
			(*request).newUserTarget, (*request).createUser,
		},
		"GetUser": {members(anyUser), (*request).userTarget, (*request).getUser},
		"UpdateUser": {
			members(existingUser, awsmodel.Optional("NewPath", pathType), awsmodel.Optional("NewUserName", userNameType)),
			(*request).userTarget, (*request).updateUser,
		},
		"DeleteUser": {members(existingUser), (*request).userTarget, (*request).deleteUser},
		"ListUsers":  {members(awsmodel.Optional("PathPrefix", pathPrefixType), marker, maxItems), (*request).usersTarget, (*request).listUsers},
	}
}

// userItem is a user as answers have it, in the model's order. Lists have no tags (IAM API reference, ListUsers).
type userItem struct {
	Path       string `xml:",omitempty" json:",omitempty"` // a root user has neither path nor name
	UserName   string `xml:",omitempty" json:",omitempty"`
	UserID     string `xml:"UserId" json:"UserId"`
	Arn        string
	CreateDate awsquery.Timestamp
	Tags       []tagItem `xml:"Tags>member,omitempty" json:",omitempty"`
}

type userResult struct{ User userItem }

func (r *request) showUser(u iam.User) userItem {
	return userItem{
		Path: u.Path, UserName: u.Name, UserID: u.UniqueID, Arn: u.ARN(r.store.Partition()), CreateDate: awsquery.Timestamp(u.CreateDate),
	}
}

// userName is the user that a request names, or the caller's own (localstack, test_iam_users, has the refusal of a role's
// session).
func (r *request) userName() (string, error) {
	if name := r.Params.Get("UserName"); name != "" {
		return name, nil
	}
	if r.Caller.Type != iam.CallerUser {
		return "", awsmodel.ValidationError("Must specify userName when calling with non-User credentials")
	}
	return lastName(r.Caller.PrincipalARN), nil
}

// user is the same user itself.
func (r *request) user() (iam.User, error) {
	name, err := r.userName()
	if err != nil {
		return iam.User{}, err
	}
	return r.store.UserNamed(r.account(), name)
}

// userARN is the same user's ARN.
func (r *request) userARN() (string, error) {
	u, err := r.user()
	return u.ARN(r.store.Partition()), err
}

func (r *request) createUser() (any, error) {
	if r.Params.Has("PermissionsBoundary") {
		return nil, r.notEmulated("PermissionsBoundary", noBoundaries)
	}
	tags, err := r.newTags(iam.KindUser)
	if err != nil {
		return nil, err
	}
	u, err := r.store.CreateUser(iam.User{AccountID: r.account(), Path: r.path(), Name: r.Params.Get("UserName"), Tags: tags})
	if err != nil {
		return nil, err
	}
	item := r.showUser(u)
	item.Tags = showTags(u.Tags)
	return userResult{item}, nil
}

// noBoundaries is why a permissions boundary is refused.
const noBoundaries = "policies decide without boundaries here. Leave it out, or put the bounds into a policy that denies."

// getUser is about the caller itself without a name; a root user has an ARN and an ID. When its account was made is
// not known: its CreateDate is made up.
func (r *request) getUser() (any, error) {
	if !r.Params.Has("UserName") && r.Caller.Type == iam.CallerRoot {
		return userResult{userItem{UserID: r.Caller.UserID, Arn: r.Caller.ARN, CreateDate: awsquery.Timestamp(time.Unix(0, 0))}}, nil
	}
	u, err := r.user()
	if err != nil {
		return nil, err
	}
	item := r.showUser(u)
	item.Tags = showTags(u.Tags)
	return userResult{item}, nil
}

func (r *request) updateUser() (any, error) {
	arn, err := r.userARN()
	if err != nil {
		return nil, err
	}
	return nil, r.store.RenameUser(arn, r.Params.Get("NewPath"), r.Params.Get("NewUserName"))
}

func (r *request) deleteUser() (any, error) {
	arn, err := r.userARN()
	if err != nil {
		return nil, err
	}
	return nil, r.store.DeleteUserIfBare(arn)
}

type usersResult struct {
	Users []userItem `xml:"Users>member"`
	pageEnd
}

func (r *request) listUsers() (any, error) {
	items := []userItem{}
	for _, u := range r.store.Users() {
		if u.AccountID == r.account() && r.within(u.Path) {
			items = append(items, r.showUser(u))
		}
	}
	page, end, err := paginate(r, items, func(i userItem) string { return strings.ToLower(i.UserName) })
	return usersResult{page, end}, err
}
