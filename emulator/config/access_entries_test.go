package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/access"
	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/eks"
)

const withEntries = `apiVersion: eksemu/v1alpha1
kind: Environment
users: [{name: trurl}, {name: alice}, {name: bob, account: "444455556666"}]
roles: [{name: r, path: /team/, trustPolicy: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {AWS: "111122223333"}, Action: sts:AssumeRole}]}}]
clusters:
- name: c
  creator: trurl
  role: r
  MODE
  accessEntries:
`

func TestAccessEntries(t *testing.T) {
	t.Parallel()
	const text = `  - principal: alice
    username: al
    kubernetesGroups: [devs]
    tags: {team: a}
    accessPolicies:
    - policy: AmazonEKSViewPolicy
      namespaces: [default, "dev-*"]
    - policy: arn:aws:eks::aws:cluster-access-policy/AmazonEKSSecretReaderPolicy
  - {principal: "arn:aws:iam::111122223333:role/team/r", type: EC2_LINUX}
  - {principal: bob}
`
	env, problems := config.Load("e.yaml", []byte(strings.Replace(withEntries, "MODE", "authenticationMode: API", 1)+text), options())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	const policies = "arn:aws:eks::aws:cluster-access-policy/"
	want := []eks.EntrySpec{
		{
			PrincipalARN: "arn:aws:iam::111122223333:user/alice", Username: "al", KubernetesGroups: []string{"devs"}, Tags: map[string]string{"team": "a"},
			Policies: []eks.PolicySpec{
				{PolicyARN: policies + "AmazonEKSViewPolicy", Scope: access.Scope{Type: access.ScopeNamespace, Namespaces: []string{"default", "dev-*"}}},
				{PolicyARN: policies + "AmazonEKSSecretReaderPolicy", Scope: access.Scope{Type: access.ScopeCluster}},
			},
		},
		{PrincipalARN: "arn:aws:iam::111122223333:role/team/r", Type: eks.TypeEC2Linux},
		{PrincipalARN: "arn:aws:iam::444455556666:user/bob"},
	}
	if diff := cmp.Diff(want, env.InitialEntries(env.Clusters[0])); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if !env.Clusters[0].CreatorIsAdmin() || env.EnforceIAM {
		t.Error("defaults")
	}
}

func TestAccessEntryProblems(t *testing.T) {
	t.Parallel()
	const both, configMap = "authenticationMode: API_AND_CONFIG_MAP", "authenticationMode: CONFIG_MAP"
	for name, test := range map[string]struct{ mode, entries, want string }{
		"nobody":        {both, "  - {principal: alise}\n", `e.yaml:11: clusters[0].accessEntries[0].principal: there is no user or role named "alise" (did you mean "alice"?)`},
		"no principal":  {both, "  - {username: x}\n", `e.yaml:11: clusters[0].accessEntries[0].principal: no principal (name a user or role)`},
		"no path":       {both, "  - {principal: 'arn:aws:iam::111122223333:role/r'}\n", `e.yaml:11: clusters[0].accessEntries[0].principal: there is no user or role with the ARN arn:aws:iam::111122223333:role/r (write the name of a user or role, or the ARN of one, its path included)`},
		"twice":         {both, "  - {principal: alice}\n  - {principal: 'arn:aws:iam::111122223333:user/alice'}\n", `e.yaml:12: clusters[0].accessEntries[1].principal: the principal of line 11 has an access entry already (remove one)`},
		"the creator":   {both, "  - {principal: trurl}\n", `e.yaml:11: clusters[0].accessEntries[0].principal: the principal of line 7 has an access entry already (remove one)`},
		"masters":       {both, "  - {principal: alice, kubernetesGroups: ['system:masters']}\n", `e.yaml:11: clusters[0].accessEntries[0]: access entry: The kubernetes group name system:masters is invalid, it cannot start with system: (see the user guide of EKS, Grant IAM users access to Kubernetes with EKS access entries)`},
		"another place": {both, "  - {principal: bob, type: EC2_LINUX}\n", `e.yaml:11: clusters[0].accessEntries[0]: access entry: AccessEntry principalArn must be IAM role when using types [EC2_LINUX, EC2_WINDOWS, FARGATE_LINUX, HYBRID_LINUX, EC2] (see the user guide of EKS, Grant IAM users access to Kubernetes with EKS access entries)`},
		"policies": {both, `  - principal: alice
    accessPolicies:
    - policy: AmazonEKSVewPolicy
    - policy: arn:aws:iam::aws:policy/AdministratorAccess
    - {policy: AmazonEKSEditPolicy}
`, `e.yaml:13: clusters[0].accessEntries[0].accessPolicies[0].policy: access policy: The specified policyArn could not be found. You can view your available access policies with 'list-access-policies' (did you mean "AmazonEKSViewPolicy"?)
e.yaml:14: clusters[0].accessEntries[0].accessPolicies[1].policy: access policy: The policyArn parameter format is not valid (` + "`aws eks list-access-policies` lists them)"},
		"no namespaces": {both, `  - principal: alice
    accessPolicies:
    - policy: AmazonEKSViewPolicy
      namespaces: []
    - policy: AmazonEKSEditPolicy
      namespaces:
`, `e.yaml:14: clusters[0].accessEntries[0].accessPolicies[0].namespaces: access policy: At least 1 namespace must be provided if the type is set as namespace (list some, or remove namespaces: the policy then counts in the whole cluster)
e.yaml:16: clusters[0].accessEntries[0].accessPolicies[1].namespaces: access policy: At least 1 namespace must be provided if the type is set as namespace (list some, or remove namespaces: the policy then counts in the whole cluster)`},
		"a policy twice": {both, `  - principal: alice
    accessPolicies:
    - {policy: AmazonEKSViewPolicy, namespaces: [a]}
    - {policy: AmazonEKSEditPolicy}
    - {policy: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"}
`, `e.yaml:15: clusters[0].accessEntries[0].accessPolicies[2].policy: the access entry has the policy of line 13 already (remove one, or put the namespaces of both into one)`},
		"policies of nodes": {both, "  - {principal: r, type: EC2_LINUX, accessPolicies: [{policy: AmazonEKSViewPolicy}]}\n",
			`e.yaml:11: clusters[0].accessEntries[0].accessPolicies[0].policy: access policy: This operation can only be performed on Access Entries with a type of "STANDARD". (` + "`aws eks list-access-policies` lists them)"},
		"with CONFIG_MAP":  {configMap, "  - {principal: alice}\n", `e.yaml:10: clusters[0].accessEntries: with authenticationMode CONFIG_MAP a cluster has no access entries (set authenticationMode: API_AND_CONFIG_MAP, or remove this)`},
		"no administrator": {configMap + "\n  bootstrapClusterCreatorAdminPermissions: false", "", `e.yaml:10: clusters[0].bootstrapClusterCreatorAdminPermissions: bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP (set authenticationMode: API_AND_CONFIG_MAP, or remove this)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(withEntries, "MODE", test.mode, 1)
			if test.entries == "" {
				text = strings.Replace(text, "  accessEntries:\n", "", 1)
			}
			_, problems := config.Load("e.yaml", []byte(text+test.entries), options())
			if diff := cmp.Diff(test.want, problems.Error()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
