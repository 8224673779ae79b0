package eks

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/access"
)

const viewPolicy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"

// association asks for a policy for a whole cluster, or for some namespaces.
func association(cluster, principal, policy string, namespaces ...string) *awseks.AssociateAccessPolicyInput {
	scope := &types.AccessScope{Type: types.AccessScopeTypeCluster}
	if len(namespaces) > 0 {
		scope = &types.AccessScope{Type: types.AccessScopeTypeNamespace, Namespaces: namespaces}
	}
	return &awseks.AssociateAccessPolicyInput{ClusterName: &cluster, PrincipalArn: &principal, PolicyArn: &policy, AccessScope: scope}
}

func TestListAccessPolicies(t *testing.T) {
	t.Parallel()
	e := start(t)
	var want, got []string
	for _, policy := range access.Policies() {
		want = append(want, policy.Name+" "+policy.ARN("aws"))
	}
	pager := awseks.NewListAccessPoliciesPaginator(e.trurl(), &awseks.ListAccessPoliciesInput{MaxResults: aws.Int32(3)})
	for pager.HasMorePages() {
		page, err := pager.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, policy := range page.AccessPolicies {
			got = append(got, aws.ToString(policy.Name)+" "+aws.ToString(policy.Arn))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
}

func TestAssociations(t *testing.T) {
	t.Parallel()
	e := start(t)
	arn := e.create(t, "dev", types.AuthenticationModeApi)
	role := e.entry(t, "dev", "dev")
	e.announced()
	made := time.Time(timestamp(e.now))
	out, err := e.trurl().AssociateAccessPolicy(t.Context(), association("dev", role, viewPolicy, "default", "dev-*"))
	if err != nil {
		t.Fatal(err)
	}
	want := &types.AssociatedAccessPolicy{
		PolicyArn: aws.String(viewPolicy), AssociatedAt: &made, ModifiedAt: &made,
		AccessScope: &types.AccessScope{Type: types.AccessScopeTypeNamespace, Namespaces: []string{"default", "dev-*"}},
	}
	if diff := cmp.Diff(want, out.AssociatedAccessPolicy, sdkTypes()); diff != "" || aws.ToString(out.ClusterName) != "dev" || aws.ToString(out.PrincipalArn) != role {
		t.Errorf("associated in %v for %v (-want +got):\n%s", out.ClusterName, out.PrincipalArn, diff)
	}

	e.now = e.now.Add(time.Minute)
	changed := time.Time(timestamp(e.now))
	out, err = e.trurl().AssociateAccessPolicy(t.Context(), association("dev", role, viewPolicy))
	if err != nil {
		t.Fatal(err)
	}
	want.ModifiedAt, want.AccessScope = &changed, &types.AccessScope{Type: types.AccessScopeTypeCluster, Namespaces: []string{}}
	if diff := cmp.Diff(want, out.AssociatedAccessPolicy, sdkTypes()); diff != "" {
		t.Errorf("another scope (-want +got):\n%s", diff)
	}
	admin := access.Policy{Name: clusterAdminPolicy}.ARN("aws")
	if _, err := e.trurl().AssociateAccessPolicy(t.Context(), association("dev", role, admin, "a")); err != nil {
		t.Fatal(err)
	}
	if got, want := associated(t, e, role), []string{admin, viewPolicy}; !cmp.Equal(got, want) {
		t.Errorf("associated %v, want %v", got, want)
	}
	if _, err := e.trurl().DisassociateAccessPolicy(t.Context(), &awseks.DisassociateAccessPolicyInput{ClusterName: aws.String("dev"), PrincipalArn: &role, PolicyArn: &admin}); err != nil {
		t.Fatal(err)
	}
	if got, want := associated(t, e, role), []string{viewPolicy}; !cmp.Equal(got, want) {
		t.Errorf("associated %v, want %v", got, want)
	}
	if diff := cmp.Diff([]Change{{AccessChanged, arn}, {AccessChanged, arn}, {AccessChanged, arn}, {AccessChanged, arn}}, e.announced()); diff != "" {
		t.Errorf("announced (-want +got):\n%s", diff)
	}
}

// associated are the ARNs of the policies of an entry in cluster dev, read page by page.
func associated(t *testing.T, e *environment, role string) []string {
	t.Helper()
	var arns []string
	pager := awseks.NewListAssociatedAccessPoliciesPaginator(e.trurl(), &awseks.ListAssociatedAccessPoliciesInput{ClusterName: aws.String("dev"), PrincipalArn: &role, MaxResults: aws.Int32(1)})
	for pager.HasMorePages() {
		page, err := pager.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, policy := range page.AssociatedAccessPolicies {
			arns = append(arns, aws.ToString(policy.PolicyArn))
		}
	}
	return arns
}

func TestAssociateRefusals(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "dev", types.AuthenticationModeApi)
	e.create(t, "old", types.AuthenticationModeConfigMap)
	role := e.entry(t, "dev", "dev")
	for _, kind := range []string{"EC2_LINUX", "EC2"} {
		node := e.role(t, "111122223333", "/", kind, "ec2.amazonaws.com")
		if _, err := e.trurl().CreateAccessEntry(t.Context(), &awseks.CreateAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: &node, Type: &kind}); err != nil {
			t.Fatal(err)
		}
	}
	const (
		node, autoNode = "arn:aws:iam::111122223333:role/EC2_LINUX", "arn:aws:iam::111122223333:role/EC2"
		format         = "400 InvalidParameterException: The policyArn parameter format is not valid"
		noPolicy       = "404 ResourceNotFoundException: The specified policyArn could not be found. You can view your available access policies with 'list-access-policies'"
		noEntry        = "404 ResourceNotFoundException: The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'."
		forbidden      = "400 InvalidParameterException: accessScope should not include namespaces if the type is not set as namespace"
		needed         = "400 InvalidParameterException: At least 1 namespace must be provided if the type is set as namespace"
		standard       = `400 InvalidParameterException: This operation can only be performed on Access Entries with a type of "STANDARD".`
		nobody         = "arn:aws:iam::111122223333:role/nobody"
	)
	namespaced := func(in *awseks.AssociateAccessPolicyInput, kind types.AccessScopeType, namespaces ...string) *awseks.AssociateAccessPolicyInput {
		in.AccessScope = &types.AccessScope{Type: kind, Namespaces: namespaces}
		return in
	}
	for _, test := range []struct {
		what string
		in   *awseks.AssociateAccessPolicyInput
		want string
	}{
		{"IAM policy", association("dev", role, "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"), format}, // measured
		{"no ARN", association("dev", role, "AmazonEKSViewPolicy"), format},
		{"unknown policy", association("dev", role, viewPolicy+"2"), noPolicy},                                                     // measured
		{"another partition", association("dev", role, "arn:aws-cn:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"), noPolicy}, // measured
		{"a part too few", association("dev", role, "arn:aws:eks:aws:cluster-access-policy/AmazonEKSViewPolicy"), noPolicy},
		{"cluster with namespaces", namespaced(association("dev", role, viewPolicy), types.AccessScopeTypeCluster, "default"), forbidden}, // measured
		{"namespace without any", namespaced(association("dev", role, viewPolicy), types.AccessScopeTypeNamespace), needed},               // measured
		{"unknown scope", namespaced(association("dev", role, viewPolicy), "node"), "400 InvalidParameterException: The parameter accessScope.type must be one of [cluster, namespace]."},
		{"node", association("dev", node, viewPolicy), standard}, // measured
		{"no entry", association("dev", nobody, viewPolicy), noEntry},
		{"no entry and no policy", association("dev", nobody, viewPolicy+"2"), noEntry},
		{"service-linked role", association("dev", serviceLinkedRole, viewPolicy), "400 InvalidParameterException: The caller is not allowed to modify access entries with a principalArn value of a Service Linked Role"},
		{"no cluster", association("none", role, viewPolicy), "404 ResourceNotFoundException: No cluster found for name: none."},
		{"format before the cluster", association("none", role, "x"), format},
		{"CONFIG_MAP", association("old", role, viewPolicy), "400 InvalidRequestException: The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation."}, // measured
	} {
		_, err := e.trurl().AssociateAccessPolicy(t.Context(), test.in)
		wantRefusal(t, test.what, err, test.want)
	}
	if _, err := e.trurl().AssociateAccessPolicy(t.Context(), association("dev", autoNode, "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAutoNodePolicy")); err != nil {
		t.Errorf("a policy for an entry of type EC2: %v", err)
	}
	for what, test := range map[string]struct{ principal, policy, want string }{
		"not associated": {role, viewPolicy, noPolicy},
		"no entry":       {nobody, viewPolicy, noEntry},
		"format":         {role, "arn:aws:iam::aws:policy/x", format},
	} {
		_, err := e.trurl().DisassociateAccessPolicy(t.Context(), &awseks.DisassociateAccessPolicyInput{ClusterName: aws.String("dev"), PrincipalArn: &test.principal, PolicyArn: &test.policy})
		wantRefusal(t, "disassociate: "+what, err, test.want)
	}
}

// Who looks at the trace learns why a policy without rules allows nothing.
func TestPolicyWithoutRules(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "dev", types.AuthenticationModeApi)
	role := e.entry(t, "dev", "dev")
	for _, policy := range access.Policies() {
		if policy.ServiceLinked {
			_, err := e.trurl().AssociateAccessPolicy(t.Context(), association("dev", role, policy.ARN("aws")))
			wantRefusal(t, policy.Name, err, "400 InvalidParameterException: The specified policyArn is designated for AWS service-linked roles only")
			continue
		}
		if _, err := e.trurl().AssociateAccessPolicy(t.Context(), association("dev", role, policy.ARN("aws"))); err != nil {
			t.Errorf("%s: %v", policy.Name, err)
		}
		want := ""
		if policy.Rules == nil {
			want = fmt.Sprintf("%s: its rules are documented in prose only: it allows nothing here", policy.Name)
		}
		if call := e.lastCall(t); call.Reason != want || call.Status != 200 {
			t.Errorf("%s: status %d, reason %q; want 200, %q", policy.Name, call.Status, call.Reason, want)
		}
	}
}
