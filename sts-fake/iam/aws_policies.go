package iam

import (
	"fmt"
	"strings"
	"time"
)

// awsAccount stands in place of an account ID in the ARNs of AWS's own policies.
const awsAccount = "aws"

// awsPolicies are the policies of AWS whose documents are known here, by path and name, from the AWS Managed Policy
// Reference. Each is the policy's present document, whatever its version's number is at AWS.
func awsPolicies() (map[string]Policy, error) {
	out := map[string]Policy{}
	for name, text := range map[string]string{
		"/AdministratorAccess": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
		"/IAMFullAccess": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:*","organizations:DescribeAccount",` +
			`"organizations:DescribeOrganization","organizations:DescribeOrganizationalUnit","organizations:DescribePolicy",` +
			`"organizations:ListChildren","organizations:ListParents","organizations:ListPoliciesForTarget","organizations:ListRoots",` +
			`"organizations:ListPolicies","organizations:ListTargetsForPolicy"],"Resource":"*"}]}`,
		"/IAMReadOnlyAccess": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:GenerateCredentialReport",` +
			`"iam:GenerateServiceLastAccessedDetails","iam:Get*","iam:List*","iam:SimulateCustomPolicy","iam:SimulatePrincipalPolicy"],"Resource":"*"}]}`,
	} {
		p, err := ParsePolicy([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("read AWS's policy %s: %w", name, err)
		}
		out[name] = p
	}
	return out, nil
}

// awsPolicyDate is when AdministratorAccess was made (in an example of the AWS CLI). AWS's other policies have the
// same date here.
func awsPolicyDate() time.Time { return time.Date(2015, 2, 6, 18, 39, 46, 0, time.UTC) }

// awsPolicy is a policy of AWS: any whose ARN has the form of one. One whose document is not known has no versions.
func (st *state) awsPolicy(text string) (ManagedPolicy, bool) {
	arn, ok := ParseARN(text)
	resource, isPolicy := strings.CutPrefix(arn.Resource, "policy/")
	if !ok || !isPolicy || arn.Partition != st.partition || arn.Service != "iam" || arn.Region != "" || arn.AccountID != awsAccount {
		return ManagedPolicy{}, false
	}
	slash := strings.LastIndexByte(resource, '/') + 1
	path, name := "/"+resource[:slash], resource[slash:]
	if name == "" || len(name) > maxPolicyNameLength || !isName(name) || !isPath(path) {
		return ManagedPolicy{}, false
	}
	p := ManagedPolicy{
		AccountID: awsAccount, Path: path, Name: name, CreateDate: awsPolicyDate(),
		UniqueID: uniqueID(policyIDPrefix, awsAccount, path, name, 0), DefaultVersion: "v1", LastVersion: 1,
	}
	if document, known := st.awsPolicies[path+name]; known {
		p.Versions = []PolicyVersion{{ID: "v1", Document: document, CreateDate: awsPolicyDate()}}
	}
	return p, true
}
