package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
)

// sdkCluster is the cluster that the SDK makes, uses and deletes.
const (
	sdkCluster    = "made-with-the-sdk"
	sdkClusterARN = "arn:aws:eks:us-west-2:111122223333:cluster/" + sdkCluster
)

// Every operation of the EKS API, as a program calls it that was written for AWS: what it sends comes back.
var _ = Describe("the EKS API, to the AWS SDK for Go v2", Ordered, func() {
	var (
		client sdk
		p      *play
	)
	BeforeAll(func() {
		client = shared.sdk("trurl")
		p = newPlay(client.eks)
		DeferCleanup(func() { client.deleteCluster(sdkCluster) })
	})
	It("makes a cluster, and the SDK's and the CLI's waiters see it become ACTIVE", func(ctx context.Context) {
		p.run(makeCluster())
		cli := shared.waitWhileMade(sdkCluster)
		waiter := eks.NewClusterActiveWaiter(client.eks, func(o *eks.ClusterActiveWaiterOptions) { o.MinDelay, o.MaxDelay = 200*time.Millisecond, time.Second })
		Expect(waiter.Wait(ctx, &eks.DescribeClusterInput{Name: aws.String(sdkCluster)}, patience)).To(Succeed())
		Eventually(cli, patience).Should(gexec.Exit(0))
	})
	It("shows and changes it", func() {
		p.run(lookAtCluster()...)
		p.run(changeCluster()...)
	})
	It("has access entries, with policies", func() { p.run(useEntries()...) })
	It("has tags", func() { p.run(useTags()...) })
	It("has nothing else", func() { p.run(findNothing()...) })
	It("gives lists page by page", func(ctx context.Context) { client.expectPages(ctx) })
	It("deletes it, and the SDK's waiter sees it go", func(ctx context.Context) {
		p.run(step{"DeleteCluster", `{"name": "made-with-the-sdk"}`, `{"Cluster": {"Name": "made-with-the-sdk", "Status": "DELETING"}}`, ""})
		waiter := eks.NewClusterDeletedWaiter(client.eks, func(o *eks.ClusterDeletedWaiterOptions) { o.MinDelay, o.MaxDelay = 200*time.Millisecond, time.Second })
		Expect(waiter.Wait(ctx, &eks.DescribeClusterInput{Name: aws.String(sdkCluster)}, patience)).To(Succeed())
		p.run(step{"ListClusters", `{}`, `{"Clusters": ["my-cluster"]}`, ""})
	})
	It("was called with every operation that it has", func() {
		Expect(strings.Join(slices.Sorted(maps.Keys(p.called)), ", ")).To(Equal(knownOperations))
	})
})

func makeCluster() step {
	return step{
		"CreateCluster", newClusterInput(sdkCluster, `"accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": true},
			"version": "1.37", "clientRequestToken": "once", "tags": {"team": "a"}, "logging": {"clusterLogging": [{"types": ["api"], "enabled": true}]}`),
		`{"Cluster": {"Name": "made-with-the-sdk", "Arn": "` + sdkClusterARN + `", "Status": "CREATING", "Version": "1.37", "Tags": {"team": "a"},
			"RoleArn": "arn:aws:iam::111122223333:role/my-cluster-role", "AccessConfig": {"AuthenticationMode": "API_AND_CONFIG_MAP"},
			"ResourcesVpcConfig": {"SubnetIds": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]}, "CreatedAt": "~20.*",
			"Logging": {"ClusterLogging": [{"Enabled": true, "Types": ["api"]}, {"Enabled": false, "Types": ["audit", "authenticator", "controllerManager", "scheduler"]}]}}}`, "",
	}
}

func lookAtCluster() []step {
	const none = "" // no error code
	return []step{
		{"DescribeCluster", `{"name": "made-with-the-sdk"}`, `{"Cluster": {"Status": "ACTIVE", "Endpoint": "~https://.*", "CertificateAuthority": {"Data": "~.{100,}"},
			"PlatformVersion": "~eks\\.\\d+", "Identity": {"Oidc": {"Issuer": "~https://oidc.eks.us-west-2.amazonaws.com/id/[0-9A-F]{32}"}}}}`, none},
		{"ListClusters", `{}`, `{"Clusters": ["made-with-the-sdk", "my-cluster"], "NextToken": null}`, none},
		{"DescribeClusterVersions", `{}`, `{"ClusterVersions": [{"ClusterVersion": "1.37", "DefaultVersion": true}]}`, none},
	}
}

// changeCluster goes from mode to mode. The next update is taken when the one before has ended, which is before its caller
// has the answer.
func changeCluster() []step {
	const none = ""
	return []step{
		{"UpdateClusterConfig", `{"name": "made-with-the-sdk", "logging": {"clusterLogging": [{"types": ["audit"], "enabled": true}]}}`,
			`{"Update": {"Id": "$logging", "Type": "LoggingUpdate", "Status": "InProgress", "Errors": [], "Params": [{"Type": "ClusterLogging", "Value": "~.*audit.*"}]}}`, none},
		{"UpdateClusterConfig", `{"name": "made-with-the-sdk", "accessConfig": {"authenticationMode": "API"}}`,
			`{"Update": {"Id": "$mode", "Type": "AccessConfigUpdate", "Params": [{"Type": "AuthenticationMode", "Value": "\"API\""}]}}`, none},
		{"DescribeUpdate", `{"name": "made-with-the-sdk", "updateId": "$mode"}`, `{"Update": {"Status": "Successful", "Type": "AccessConfigUpdate"}}`, none},
		{"ListUpdates", `{"name": "made-with-the-sdk"}`, `{"UpdateIds": ["~.{36}", "~.{36}"]}`, none},
		{"DescribeCluster", `{"name": "made-with-the-sdk"}`, `{"Cluster": {"Status": "ACTIVE", "AccessConfig": {"AuthenticationMode": "API"}}}`, none},
		{"UpdateClusterVersion", `{"name": "made-with-the-sdk", "version": "1.38"}`, "", "InvalidParameterException"},
	}
}

func useEntries() []step {
	const (
		none  = ""
		entry = `"clusterName": "made-with-the-sdk", "principalArn": "` + masterRoleARN + `"`
	)
	return []step{
		{"CreateAccessEntry", `{` + entry + `, "kubernetesGroups": ["viewers"], "tags": {"a": "b"}}`,
			`{"AccessEntry": {"ClusterName": "made-with-the-sdk", "PrincipalArn": "` + masterRoleARN + `", "KubernetesGroups": ["viewers"], "Tags": {"a": "b"}, "Type": "STANDARD",
				"Username": "arn:aws:sts::111122223333:assumed-role/some-other-role/{{SessionName}}", "CreatedAt": "~20.*", "ModifiedAt": "~20.*",
				"AccessEntryArn": "~arn:aws:eks:us-west-2:111122223333:access-entry/made-with-the-sdk/role/111122223333/some-other-role/[0-9a-f-]{36}"}}`, none},
		{"UpdateAccessEntry", `{` + entry + `, "kubernetesGroups": [], "username": "other:{{SessionName}}"}`,
			`{"AccessEntry": {"KubernetesGroups": [], "Username": "other:{{SessionName}}", "AccessEntryArn": "$entry"}}`, none},
		{"DescribeAccessEntry", `{` + entry + `}`, `{"AccessEntry": {"Username": "other:{{SessionName}}", "KubernetesGroups": [], "Tags": {"a": "b"}}}`, none},
		{"ListAccessPolicies", `{"maxResults": 3}`, `{"AccessPolicies": [{"Name": "AIDevOpsAgentAccessPolicy", "Arn": "~arn:aws:eks::aws:cluster-access-policy/.*"}, {}, {}], "NextToken": "~.+"}`, none},
		{"AssociateAccessPolicy", `{` + entry + `, "policyArn": "` + viewPolicyARN + `", "accessScope": {"type": "namespace", "namespaces": ["dev-*", "default"]}}`,
			`{"ClusterName": "made-with-the-sdk", "PrincipalArn": "` + masterRoleARN + `", "AssociatedAccessPolicy": {"PolicyArn": "` + viewPolicyARN + `",
				"AccessScope": {"Type": "namespace", "Namespaces": ["dev-*", "default"]}, "AssociatedAt": "~20.*", "ModifiedAt": "~20.*"}}`, none},
		{"AssociateAccessPolicy", `{` + entry + `, "policyArn": "` + viewPolicyARN + `", "accessScope": {"type": "cluster"}}`, "", none},
		{"ListAssociatedAccessPolicies", `{` + entry + `}`, `{"AssociatedAccessPolicies": [{"PolicyArn": "` + viewPolicyARN + `", "AccessScope": {"Type": "cluster", "Namespaces": []}}]}`, none},
		{"ListAccessEntries", `{"clusterName": "made-with-the-sdk", "associatedPolicyArn": "` + viewPolicyARN + `"}`, `{"AccessEntries": ["` + masterRoleARN + `"]}`, none},
		{"DisassociateAccessPolicy", `{` + entry + `, "policyArn": "` + viewPolicyARN + `"}`, `{}`, none},
		{"ListAssociatedAccessPolicies", `{` + entry + `}`, `{"AssociatedAccessPolicies": []}`, none},
		{"TagResource", `{"resourceArn": "$entry", "tags": {"c": "d"}}`, `{}`, none},
		{"ListTagsForResource", `{"resourceArn": "$entry"}`, `{"Tags": {"a": "b", "c": "d"}}`, none},
		{"DeleteAccessEntry", `{` + entry + `}`, `{}`, none},
		{"DescribeAccessEntry", `{` + entry + `}`, "", "ResourceNotFoundException"},
	}
}

func useTags() []step {
	const none = ""
	return []step{
		{"TagResource", `{"resourceArn": "` + sdkClusterARN + `", "tags": {"team": "b", "cost": "1"}}`, `{}`, none},
		{"ListTagsForResource", `{"resourceArn": "` + sdkClusterARN + `"}`, `{"Tags": {"team": "b", "cost": "1"}}`, none},
		{"UntagResource", `{"resourceArn": "` + sdkClusterARN + `", "tagKeys": ["team"]}`, `{}`, none},
		{"DescribeCluster", `{"name": "made-with-the-sdk"}`, `{"Cluster": {"Tags": {"team": null, "cost": "1"}}}`, none},
	}
}

// findNothing asks for what tools look for before they delete a cluster.
func findNothing() []step {
	var steps []step
	for operation, member := range map[string]string{
		"ListNodegroups": "Nodegroups", "ListFargateProfiles": "FargateProfileNames", "ListAddons": "Addons", "ListPodIdentityAssociations": "Associations",
		"ListCapabilities": "Capabilities", "ListInsights": "Insights", "ListIdentityProviderConfigs": "IdentityProviderConfigs",
	} {
		steps = append(steps, step{operation, `{"clusterName": "made-with-the-sdk"}`, fmt.Sprintf(`{%q: []}`, member), ""})
	}
	return append(steps,
		step{"DescribeAddonVersions", `{}`, `{"Addons": []}`, ""},
		step{"ListEksAnywhereSubscriptions", `{}`, `{"Subscriptions": []}`, ""},
		step{
			"DescribeIdentityProviderConfig", `{"clusterName": "made-with-the-sdk", "identityProviderConfig": {"type": "oidc", "name": "x"}}`,
			"", "ResourceNotFoundException",
		})
}

// expectPages reads every list of the API with the SDK's paginators, in pages of one, and of ten for the policies.
func (s sdk) expectPages(ctx context.Context) {
	GinkgoHelper()
	name := aws.String(sdkCluster)
	clusters := eks.NewListClustersPaginator(s.eks, &eks.ListClustersInput{MaxResults: aws.Int32(1)})
	Expect(pages(ctx, clusters.HasMorePages, clusters.NextPage, func(o *eks.ListClustersOutput) []string { return o.Clusters })).
		To(Equal([]string{sdkCluster, "my-cluster"}))
	updates := eks.NewListUpdatesPaginator(s.eks, &eks.ListUpdatesInput{Name: name, MaxResults: aws.Int32(1)})
	Expect(pages(ctx, updates.HasMorePages, updates.NextPage, func(o *eks.ListUpdatesOutput) []string { return o.UpdateIds })).To(HaveLen(2))
	policies := eks.NewListAccessPoliciesPaginator(s.eks, &eks.ListAccessPoliciesInput{MaxResults: aws.Int32(10)})
	names := pages(ctx, policies.HasMorePages, policies.NextPage, func(o *eks.ListAccessPoliciesOutput) []string {
		var names []string
		for _, policy := range o.AccessPolicies {
			names = append(names, aws.ToString(policy.Name))
		}
		return names
	})
	Expect(len(names)).To(BeNumerically(">", 30))
	Expect(names).To(ContainElement("AmazonEKSViewPolicy"))
	Expect(slices.Compact(slices.Clone(names))).To(Equal(names), "one is listed twice")
	s.expectEntryPages(ctx, name)
}

func (s sdk) expectEntryPages(ctx context.Context, name *string) {
	GinkgoHelper()
	mustCall(s.eks, "CreateAccessEntry", entryInput(*name, masterRoleARN, ""))
	for _, policy := range []string{"Edit", "View"} {
		mustCall(s.eks, "AssociateAccessPolicy", associateInput(*name, masterRoleARN, "arn:aws:eks::aws:cluster-access-policy/AmazonEKS"+policy+"Policy", `{"type": "cluster"}`))
	}
	entries := eks.NewListAccessEntriesPaginator(s.eks, &eks.ListAccessEntriesInput{ClusterName: name, MaxResults: aws.Int32(1)})
	Expect(pages(ctx, entries.HasMorePages, entries.NextPage, func(o *eks.ListAccessEntriesOutput) []string {
		Expect(len(o.AccessEntries)).To(BeNumerically("<=", 1))
		return o.AccessEntries
	})).To(ContainElements(creatorARN, masterRoleARN))
	associated := eks.NewListAssociatedAccessPoliciesPaginator(s.eks,
		&eks.ListAssociatedAccessPoliciesInput{ClusterName: name, PrincipalArn: aws.String(masterRoleARN), MaxResults: aws.Int32(1)})
	Expect(pages(ctx, associated.HasMorePages, associated.NextPage, func(o *eks.ListAssociatedAccessPoliciesOutput) []string {
		return []string{aws.ToString(o.AssociatedAccessPolicies[0].PolicyArn)}
	})).To(Equal([]string{"arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy", viewPolicyARN}))
}

// pages reads all pages of one of the SDK's paginators.
func pages[Page, Options any](ctx context.Context, more func() bool, next func(context.Context, ...Options) (Page, error), items func(Page) []string) []string {
	GinkgoHelper()
	var all []string
	for more() {
		page, err := next(ctx)
		Expect(err).NotTo(HaveOccurred())
		all = append(all, items(page)...)
	}
	return all
}
