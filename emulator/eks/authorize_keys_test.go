package eks

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// [D] What is asked of operations on a cluster: eks:clusterName is no key of theirs, and an identity provider has an ARN
// of its own (service authorization reference).
func TestConditionKeysOfClusters(t *testing.T) {
	t.Parallel()
	e, questions := asked(t, func(question) error { return nil })
	arn := e.create(t, "dev", types.AuthenticationModeApi)
	c, ctx, dev := e.trurl(), t.Context(), aws.String("dev")
	settings := &awseks.UpdateClusterConfigInput{
		Name: dev, KubeApiServerConfig: &types.KubeApiServerConfigRequest{}, KubeSchedulerConfig: &types.KubeSchedulerConfigRequest{},
	}
	for operation, test := range map[string]struct {
		call     func() error
		resource string
		keys     map[string][]string
	}{
		"DescribeCluster": {func() error { _, err := c.DescribeCluster(ctx, &awseks.DescribeClusterInput{Name: dev}); return err }, arn, map[string][]string{}},
		"ListAccessEntries": {func() error {
			_, err := c.ListAccessEntries(ctx, &awseks.ListAccessEntriesInput{ClusterName: dev})
			return err
		}, arn, map[string][]string{}},
		"UpdateClusterConfig": {func() error { _, err := c.UpdateClusterConfig(ctx, settings); return err }, arn, map[string][]string{
			"eks:kubeApiServerConfig": {"true"}, "eks:kubeSchedulerConfig": {"true"},
		}},
		"DescribeIdentityProviderConfig": {func() error {
			_, err := c.DescribeIdentityProviderConfig(ctx, &awseks.DescribeIdentityProviderConfigInput{
				ClusterName: dev, IdentityProviderConfig: &types.IdentityProviderConfig{Type: aws.String("oidc"), Name: aws.String("idp")},
			})
			if err == nil {
				t.Error("there is an identity provider")
			}
			return nil
		}, "arn:aws:eks:us-west-2:111122223333:identityproviderconfig/dev/oidc/idp/*", nil},
	} {
		questions()
		if err := test.call(); err != nil {
			t.Fatal(err)
		}
		want := []question{{"eks:" + operation, test.resource, test.keys}}
		if diff := cmp.Diff(want, questions(), cmp.AllowUnexported(question{})); diff != "" {
			t.Errorf("%s asked (-want +got):\n%s", operation, diff)
		}
	}
}

// [D] The role of Auto Mode's nodes is passed to EC2, by CreateCluster and UpdateClusterConfig (service authorization
// reference).
func TestPassedNodeRoles(t *testing.T) {
	t.Parallel()
	e, questions := asked(t, func(question) error { return nil })
	node := e.role(t, "111122223333", "/", "node", "ec2.amazonaws.com")
	compute := &types.ComputeConfigRequest{Enabled: aws.Bool(true), NodeRoleArn: &node}
	network := &types.KubernetesNetworkConfigRequest{ElasticLoadBalancing: &types.ElasticLoadBalancing{Enabled: aws.Bool(true)}}
	storage := &types.StorageConfigRequest{BlockStorage: &types.BlockStorage{Enabled: aws.Bool(true)}}
	in := creation("dev", types.AuthenticationModeApi)
	in.ComputeConfig, in.KubernetesNetworkConfig, in.StorageConfig = compute, network, storage
	passed := func() (roles []string) {
		for _, q := range questions() {
			if q.action == "iam:PassRole" {
				roles = append(roles, q.resource+" to "+q.keys["iam:PassedToService"][0])
			}
		}
		return roles
	}
	if _, err := e.trurl().CreateCluster(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{clusterRole + " to eks.amazonaws.com", node + " to ec2.amazonaws.com"}, passed()); diff != "" {
		t.Errorf("CreateCluster (-want +got):\n%s", diff)
	}
	e.activate(t, "dev")
	if _, err := e.trurl().UpdateClusterConfig(t.Context(), &awseks.UpdateClusterConfigInput{
		Name: aws.String("dev"), ComputeConfig: compute, KubernetesNetworkConfig: network, StorageConfig: storage,
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{node + " to ec2.amazonaws.com"}, passed()); diff != "" {
		t.Errorf("UpdateClusterConfig (-want +got):\n%s", diff)
	}
}

// [D] Operations on an access entry have the keys of the resource type access-entry (service authorization reference).
func TestConditionKeysOfEntries(t *testing.T) {
	t.Parallel()
	e, questions := asked(t, func(question) error { return nil })
	e.create(t, "dev", types.AuthenticationModeApi)
	c, ctx, dev := e.trurl(), t.Context(), aws.String("dev")
	person := aws.String(e.role(t, "111122223333", "/", "person", "ec2.amazonaws.com"))
	created, err := c.CreateAccessEntry(ctx, &awseks.CreateAccessEntryInput{
		ClusterName: dev, PrincipalArn: person, Username: aws.String("p"), KubernetesGroups: []string{"x", "y"}, Tags: map[string]string{"c": "d"},
	})
	if err != nil {
		t.Fatal(err)
	}
	entry := created.AccessEntry.AccessEntryArn
	of := func(groups []string, more ...string) map[string][]string {
		keys := with(map[string][]string{"eks:kubernetesGroups": groups}, "eks:clusterName", "dev", "eks:principalArn", *person,
			"eks:accessEntryType", "STANDARD", "eks:username", "p", "aws:ResourceTag/c", "d")
		if groups == nil {
			delete(keys, "eks:kubernetesGroups")
		}
		return with(keys, more...)
	}
	groups := []string{"x", "y"}
	scoped := of(groups, "eks:policyArn", viewPolicy, "eks:accessScope", "namespace")
	scoped["eks:namespaces"] = []string{"a", "b"}
	for _, test := range []struct {
		operation string
		call      func() error
		want      map[string][]string
	}{
		{"DescribeAccessEntry", func() error {
			_, err := c.DescribeAccessEntry(ctx, &awseks.DescribeAccessEntryInput{ClusterName: dev, PrincipalArn: person})
			return err
		}, of(groups)},
		{"AssociateAccessPolicy", func() error {
			_, err := c.AssociateAccessPolicy(ctx, association("dev", *person, viewPolicy, "a", "b"))
			return err
		}, scoped},
		{"ListAssociatedAccessPolicies", func() error {
			_, err := c.ListAssociatedAccessPolicies(ctx, &awseks.ListAssociatedAccessPoliciesInput{ClusterName: dev, PrincipalArn: person})
			return err
		}, of(groups)},
		{"DisassociateAccessPolicy", func() error {
			_, err := c.DisassociateAccessPolicy(ctx, &awseks.DisassociateAccessPolicyInput{ClusterName: dev, PrincipalArn: person, PolicyArn: aws.String(viewPolicy)})
			return err
		}, scoped},
		{"TagResource", func() error {
			_, err := c.TagResource(ctx, &awseks.TagResourceInput{ResourceArn: entry, Tags: map[string]string{"e": "f"}})
			return err
		}, of(groups, "aws:RequestTag/e", "f", "aws:TagKeys", "e")},
		{"UntagResource", func() error {
			_, err := c.UntagResource(ctx, &awseks.UntagResourceInput{ResourceArn: entry, TagKeys: []string{"e"}})
			return err
		}, of(groups, "aws:ResourceTag/e", "f", "aws:TagKeys", "e")},
		// [X] What the request says counts, not what the entry has.
		{"UpdateAccessEntry", func() error {
			_, err := c.UpdateAccessEntry(ctx, &awseks.UpdateAccessEntryInput{ClusterName: dev, PrincipalArn: person, Username: aws.String("q"), KubernetesGroups: []string{"z"}})
			return err
		}, of([]string{"z"}, "eks:username", "q")},
		{"UpdateAccessEntry", func() error {
			_, err := c.UpdateAccessEntry(ctx, &awseks.UpdateAccessEntryInput{ClusterName: dev, PrincipalArn: person, KubernetesGroups: []string{}})
			return err
		}, of(nil, "eks:username", "q")},
		{"DeleteAccessEntry", func() error {
			_, err := c.DeleteAccessEntry(ctx, &awseks.DeleteAccessEntryInput{ClusterName: dev, PrincipalArn: person})
			return err
		}, of(nil, "eks:username", "q")},
		// [X] Whose entry a resource ARN is of that there is not, nobody can tell: its name has no path.
		{"UntagResource", func() error {
			if _, err := c.UntagResource(ctx, &awseks.UntagResourceInput{ResourceArn: entry, TagKeys: []string{"e"}}); err == nil {
				t.Error("tags of an entry that is gone")
			}
			return nil
		}, map[string][]string{"eks:clusterName": {"dev"}, "aws:TagKeys": {"e"}}},
	} {
		questions()
		if err := test.call(); err != nil {
			t.Fatal(err)
		}
		want := []question{{"eks:" + test.operation, *entry, test.want}}
		if diff := cmp.Diff(want, questions(), cmp.AllowUnexported(question{})); diff != "" {
			t.Errorf("%s asked (-want +got):\n%s", test.operation, diff)
		}
	}
}

// [D] Who makes the creator's access entry needs eks:CreateAccessEntry (service authorization reference). [X] In which
// cases.
func TestCreatorEntryIsAuthorized(t *testing.T) {
	t.Parallel()
	e, questions := asked(t, func(q question) error {
		if q.action == "eks:CreateAccessEntry" {
			return &iam.AccessDeniedError{Principal: "P", Action: q.action, Resource: q.resource}
		}
		return nil
	})
	const refused = "403 AccessDeniedException: User: P is not authorized to perform: eks:CreateAccessEntry on resource: " +
		"arn:aws:eks:us-west-2:111122223333:cluster/dev because no identity-based policy allows the eks:CreateAccessEntry action"
	create := func(name string, mode types.AuthenticationMode, admin *bool) error {
		in := creation(name, mode)
		in.AccessConfig.BootstrapClusterCreatorAdminPermissions = admin
		_, err := e.trurl().CreateCluster(t.Context(), in)
		return err
	}
	wantRefusal(t, "by default", create("dev", types.AuthenticationModeApi, nil), refused)
	wantRefusal(t, "when asked for", create("dev", types.AuthenticationModeApiAndConfigMap, aws.Bool(true)), refused)
	for name, err := range map[string]error{
		"when not asked for": create("none", types.AuthenticationModeApi, aws.Bool(false)),
		"in CONFIG_MAP":      create("dev", types.AuthenticationModeConfigMap, nil),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	e.activate(t, "dev")
	questions()
	in := &awseks.UpdateClusterConfigInput{Name: aws.String("dev"), AccessConfig: &types.UpdateAccessConfigRequest{AuthenticationMode: types.AuthenticationModeApiAndConfigMap}}
	_, err := e.trurl().UpdateClusterConfig(t.Context(), in)
	wantRefusal(t, "out of CONFIG_MAP", err, refused)
	got := questions()
	want := question{"eks:CreateAccessEntry", clusterARN("dev"), map[string][]string{"eks:principalArn": {"arn:aws:iam::111122223333:user/trurl"}, "eks:accessEntryType": {"STANDARD"}}}
	if diff := cmp.Diff(want, got[len(got)-1], cmp.AllowUnexported(question{})); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if c, _ := e.clusters.Cluster(oregon, "dev"); c.AccessConfig.AuthenticationMode != ModeConfigMap {
		t.Errorf("the cluster is %+v", c.AccessConfig)
	}
}
