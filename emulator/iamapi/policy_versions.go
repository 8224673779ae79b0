package iamapi

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

func policyVersionOperations() map[string]operation {
	ofPolicy := (*request).policyTarget
	return map[string]operation{
		"CreatePolicyVersion":     {members(policyArn, document, awsmodel.Optional("SetAsDefault", booleanType)), ofPolicy, (*request).createPolicyVersion},
		"GetPolicyVersion":        {members(policyArn, versionID), ofPolicy, (*request).getPolicyVersion},
		"DeletePolicyVersion":     {members(policyArn, versionID), ofPolicy, (*request).deletePolicyVersion},
		"ListPolicyVersions":      {members(policyArn, marker, maxItems), ofPolicy, (*request).listPolicyVersions},
		"SetDefaultPolicyVersion": {members(policyArn, versionID), ofPolicy, (*request).setDefaultPolicyVersion},
	}
}

// versionItem is a version of a policy. Only GetPolicyVersion's answer has the document (localstack, test_iam_policies).
type versionItem struct {
	Document         string `xml:",omitempty" json:",omitempty"`
	VersionID        string `xml:"VersionId" json:"VersionId"`
	IsDefaultVersion bool
	CreateDate       awsquery.Timestamp
}

type versionResult struct{ PolicyVersion versionItem }

func showVersion(v iam.PolicyVersion, defaultVersion string) versionItem {
	return versionItem{VersionID: v.ID, IsDefaultVersion: v.ID == defaultVersion, CreateDate: awsquery.Timestamp(v.CreateDate)}
}

func (r *request) createPolicyVersion() (any, error) {
	if _, err := r.ownPolicy(); err != nil {
		return nil, err
	}
	policy, err := parseDocument(r.Params.Get("PolicyDocument"), managedDocument)
	if err != nil {
		return nil, err
	}
	setDefault := r.Params.Get("SetAsDefault") == "true"
	v, err := r.store.CreatePolicyVersion(r.Params.Get("PolicyArn"), policy, setDefault)
	item := showVersion(v, "")
	item.IsDefaultVersion = setDefault
	return versionResult{item}, err
}

// version is the version that a request names. A policy that does not exist has no versions (localstack,
// test_iam_policies).
func (r *request) version(p iam.ManagedPolicy, err error) (iam.PolicyVersion, error) {
	if malformed := r.checkPolicyARN(); malformed != nil {
		return iam.PolicyVersion{}, malformed
	}
	v, ok := p.Version(r.Params.Get("VersionId"))
	if err != nil || !ok {
		return iam.PolicyVersion{}, noSuchVersion(r.Params.Get("PolicyArn"), r.Params.Get("VersionId"))
	}
	return v, nil
}

func (r *request) getPolicyVersion() (any, error) {
	p, err := r.policy()
	if err == nil && ofAWS(p) && len(p.Versions) == 0 {
		return nil, refuse(http.StatusBadRequest, "NotEmulated", fmt.Sprintf( // ours
			"GetPolicyVersion of %s is not emulated: the documents of AWS's policies are known for a few only. Create a policy of your own.", r.Params.Get("PolicyArn")))
	}
	v, err := r.version(p, err)
	if err != nil {
		return nil, err
	}
	item := showVersion(v, p.DefaultVersion)
	item.Document = encode(v.Document)
	return versionResult{item}, nil
}

// changeVersion is what SetDefaultPolicyVersion and DeletePolicyVersion have in common.
func (r *request) changeVersion(change func(arn, version string) error) (any, error) {
	p, err := r.ownPolicy()
	if ofAWS(p) {
		return nil, err
	}
	v, err := r.version(p, err)
	if err != nil {
		return nil, err
	}
	return nil, change(r.Params.Get("PolicyArn"), v.ID)
}

func (r *request) deletePolicyVersion() (any, error) {
	return r.changeVersion(r.store.DeletePolicyVersion)
}

func (r *request) setDefaultPolicyVersion() (any, error) {
	return r.changeVersion(r.store.SetDefaultPolicyVersion)
}

type versionsResult struct {
	Versions []versionItem `xml:"Versions>member"`
	pageEnd
}

// listPolicyVersions has the newest first (localstack, test_iam_policies).
func (r *request) listPolicyVersions() (any, error) {
	p, err := r.policy()
	if err != nil {
		return nil, err
	}
	items := []versionItem{}
	for _, v := range p.Versions {
		items = append(items, showVersion(v, p.DefaultVersion))
	}
	page, end, err := paginate(r, items, func(i versionItem) string {
		n, _ := strconv.Atoi(strings.TrimPrefix(i.VersionID, "v"))
		return fmt.Sprintf("%010d", 1_000_000_000-n)
	})
	return versionsResult{page, end}, err
}
