package iamapi

import (
	"fmt"
	"net/http"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

func accessKeyOperations() map[string]operation {
	keyID := awsmodel.Required("AccessKeyId", accessKeyIDType)
	return map[string]operation{
		"CreateAccessKey":      {members(anyUser), (*request).userTarget, (*request).createAccessKey},
		"UpdateAccessKey":      {members(anyUser, keyID, awsmodel.Required("Status", statusType)), (*request).userTarget, (*request).updateAccessKey},
		"DeleteAccessKey":      {members(anyUser, keyID), (*request).userTarget, (*request).deleteAccessKey},
		"ListAccessKeys":       {members(anyUser, marker, maxItems), (*request).userTarget, (*request).listAccessKeys},
		"GetAccessKeyLastUsed": {members(keyID), (*request).keyTarget, (*request).getAccessKeyLastUsed},
	}
}

const (
	active   = "Active"
	inactive = "Inactive"
)

func keyStatus(key iam.AccessKey) string {
	if key.Inactive {
		return inactive
	}
	return active
}

// accessKeyResult is the only answer with a secret in it.
type accessKeyResult struct {
	AccessKey struct {
		UserName        string
		AccessKeyID     string `xml:"AccessKeyId" json:"AccessKeyId"`
		Status          string
		SecretAccessKey string
		CreateDate      awsquery.Timestamp
	}
}

func (r *request) createAccessKey() (any, error) {
	u, err := r.user()
	if err != nil {
		return nil, err
	}
	key, err := iam.NewAccessKey(r.account(), r.server.random)
	if err != nil {
		return nil, err
	}
	if key, err = r.store.CreateAccessKey(u.ARN(r.store.Partition()), key); err != nil {
		return nil, err
	}
	var result accessKeyResult
	result.AccessKey.UserName, result.AccessKey.AccessKeyID, result.AccessKey.Status = u.Name, key.ID, keyStatus(key)
	result.AccessKey.SecretAccessKey, result.AccessKey.CreateDate = key.Secret, awsquery.Timestamp(key.CreateDate)
	return result, nil
}

// updateAccessKey switches a key off or on. That nobody can let a key expire is inferred, and so are the words.
func (r *request) updateAccessKey() (any, error) {
	status := r.Params.Get("Status")
	if status != active && status != inactive {
		return nil, invalidInput("The status of an access key is set to Active or Inactive.")
	}
	arn, err := r.userARN()
	if err != nil {
		return nil, err
	}
	return nil, r.store.SetAccessKey(arn, r.Params.Get("AccessKeyId"), status == inactive)
}

func (r *request) deleteAccessKey() (any, error) {
	arn, err := r.userARN()
	if err != nil {
		return nil, err
	}
	return nil, r.store.DeleteAccessKey(arn, r.Params.Get("AccessKeyId"))
}

type accessKeyItem struct {
	UserName    string
	AccessKeyID string `xml:"AccessKeyId" json:"AccessKeyId"`
	Status      string
	CreateDate  awsquery.Timestamp
}

type accessKeysResult struct {
	AccessKeyMetadata []accessKeyItem `xml:"AccessKeyMetadata>member"`
	pageEnd
}

func (r *request) listAccessKeys() (any, error) {
	u, err := r.user()
	if err != nil {
		return nil, err
	}
	items := []accessKeyItem{}
	for _, key := range u.AccessKeys {
		items = append(items, accessKeyItem{u.Name, key.ID, keyStatus(key), awsquery.Timestamp(key.CreateDate)})
	}
	page, end, err := paginate(r, items, func(i accessKeyItem) string { return i.AccessKeyID })
	return accessKeysResult{page, end}, err
}

type lastUsedResult struct {
	UserName          string `xml:",omitempty" json:",omitempty"` // nobody's for a root user's key
	AccessKeyLastUsed struct{ ServiceName, Region string }
}

// getAccessKeyLastUsed says of every key that it was never used: nothing is kept of a key's use. The words of that,
// and the refusal of a key that does not exist, are recorded (localstack, test_iam_users).
func (r *request) getAccessKeyLastUsed() (any, error) {
	id := r.Params.Get("AccessKeyId")
	arn, ok := r.store.AccessKeyOwner(id)
	owner, _ := iam.ParseARN(arn)
	if !ok || owner.AccountID != r.account() {
		return nil, refuse(http.StatusForbidden, "AccessDenied", fmt.Sprintf(
			"User: %s is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key %s", r.Caller.ARN, id))
	}
	var result lastUsedResult
	if u, err := r.store.User(arn); err == nil {
		result.UserName = u.Name
	}
	result.AccessKeyLastUsed.ServiceName, result.AccessKeyLastUsed.Region = "N/A", "N/A"
	return result, nil
}
