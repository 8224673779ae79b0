package eks

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// question is what a server asked about a request.
type question struct {
	action, resource string
	keys             map[string][]string
}

// asked starts an endpoint that remembers its questions and answers them with answer.
func asked(t *testing.T, answer func(question) error) (*environment, func() []question) {
	t.Helper()
	var questions []question // requests of a test come one after the other
	e := startWith(t, Options{Version: "1.37", Authorize: func(c iam.Caller, action, resource string, req iam.RequestContext, keys map[string][]string) error {
		if c.PrincipalARN != "arn:aws:iam::111122223333:user/trurl" || req.Region != "us-west-2" || req.UserAgent == "" || !req.SourceIP.IsLoopback() {
			t.Errorf("asked for caller %+v of request %+v", c, req)
		}
		questions = append(questions, question{action, resource, keys})
		return answer(question{action, resource, keys})
	}})
	return e, func() []question {
		got := questions
		questions = nil
		return got
	}
}

// Every operation asks for the action of its name before it says anything.
func TestEveryOperationIsAuthorized(t *testing.T) {
	t.Parallel()
	refuse := false
	e, questions := asked(t, func(q question) error {
		if !refuse {
			return nil
		}
		return &iam.AccessDeniedError{Principal: "P", Action: q.action, Resource: q.resource, Reason: "because of the test"}
	})
	e.create(t, "dev", types.AuthenticationModeApi)
	questions()
	refuse = true
	keys := e.keys["trurl"]
	fill := strings.NewReplacer("{name}", "dev", "{principalArn}", "arn%3Aaws%3Aiam%3A%3A111122223333%3Auser%2Ftrurl",
		"{policyArn}", "arn%3Aaws%3Aeks%3A%3Aaws%3Acluster-access-policy%2FAmazonEKSClusterAdminPolicy", "{updateId}", "u",
		"{resourceArn}", "arn%3Aaws%3Aeks%3Aus-west-2%3A111122223333%3Acluster%2Fdev")
	for _, route := range New(Options{}).routes() {
		body := ""
		switch route.operation {
		case "CreateCluster":
			body = `{"name":"dev"}`
		case "DescribeIdentityProviderConfig":
			body = `{"identityProviderConfig":{"type":"oidc","name":"idp"}}`
		}
		answer, text := e.send(t, route.method, fill.Replace(route.path), body, &keys)
		got := questions()
		if len(got) != 1 || got[0].action != "eks:"+route.operation {
			t.Errorf("%s asked %+v", route.operation, got)
			continue
		}
		want := fmt.Sprintf(`403 AccessDeniedException {"message":"User: P is not authorized to perform: eks:%s on resource: %s because no identity-based policy allows the eks:%s action"}`,
			route.operation, got[0].resource, route.operation)
		if have := fmt.Sprint(answer.StatusCode, " ", answer.Header.Get("x-amzn-ErrorType"), " ", text); have != want {
			t.Errorf("%s:\ngot  %s\nwant %s", route.operation, have, want)
		}
		if call := e.lastCall(t); call.Reason != "because of the test" {
			t.Errorf("%s: reason %q", route.operation, call.Reason)
		}
	}
}

func TestExplicitDenial(t *testing.T) {
	t.Parallel()
	e, _ := asked(t, func(q question) error {
		return &iam.AccessDeniedError{Principal: "arn:aws:iam::111122223333:user/trurl", Action: q.action, Resource: q.resource, Explicit: true}
	})
	_, err := e.trurl().ListClusters(t.Context(), &awseks.ListClustersInput{})
	wantRefusal(t, "denied", err, "403 AccessDeniedException: User: arn:aws:iam::111122223333:user/trurl is not authorized to perform: eks:ListClusters on resource: "+
		"arn:aws:eks:us-west-2:111122223333:cluster/* with an explicit deny in an identity-based policy")
}

// Which resources and condition keys policies see.
func TestConditionKeys(t *testing.T) {
	t.Parallel()
	e, questions := asked(t, func(question) error { return nil })
	const cluster, entryPrefix = "arn:aws:eks:us-west-2:111122223333:cluster/dev", "arn:aws:eks:us-west-2:111122223333:access-entry/dev/role/111122223333/"
	in := creation("dev", types.AuthenticationModeApi)
	in.Tags, in.DeletionProtection, in.Version = map[string]string{"team": "robots"}, aws.Bool(false), aws.String("1.37")
	in.AccessConfig.BootstrapClusterCreatorAdminPermissions = aws.Bool(true)
	in.ResourcesVpcConfig.EndpointPublicAccess = aws.Bool(true)
	if _, err := e.trurl().CreateCluster(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	want := []question{
		{"eks:CreateCluster", cluster, map[string][]string{
			"aws:RequestTag/team": {"robots"}, "aws:TagKeys": {"team"}, "eks:authenticationMode": {"API"},
			"eks:bootstrapClusterCreatorAdminPermissions": {"true"}, "eks:deletionProtection": {"false"}, "eks:endpointPublicAccess": {"true"}, "eks:kubernetesVersion": {"1.37"},
		}},
		{"iam:PassRole", clusterRole, map[string][]string{"iam:PassedToService": {"eks.amazonaws.com"}}},
	}
	check := func(what string) {
		t.Helper()
		got := questions()
		for i := range got { // IDs are random
			if at := strings.LastIndex(got[i].resource, "/"); strings.HasPrefix(got[i].resource, entryPrefix) && !strings.HasSuffix(got[i].resource, "/*") {
				got[i].resource = got[i].resource[:at] + "/ID"
			}
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(question{})); diff != "" {
			t.Errorf("%s asked (-want +got):\n%s", what, diff)
		}
	}
	check("CreateCluster")
	e.activate(t, "dev")

	role := e.role(t, "111122223333", "/", "node", "ec2.amazonaws.com")
	if _, err := e.trurl().CreateAccessEntry(t.Context(), &awseks.CreateAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: &role, Type: aws.String("EC2_LINUX"), Tags: map[string]string{"a": "b"}}); err != nil {
		t.Fatal(err)
	}
	onCluster := map[string][]string{"aws:ResourceTag/team": {"robots"}}
	want = []question{
		{"eks:CreateAccessEntry", cluster, with(onCluster, "eks:principalArn", role, "eks:accessEntryType", "EC2_LINUX", "aws:RequestTag/a", "b", "aws:TagKeys", "a")},
		{"iam:PassRole", role, map[string][]string{"iam:PassedToService": {"ec2.amazonaws.com"}}},
	}
	check("CreateAccessEntry")

	person := e.role(t, "111122223333", "/", "person", "ec2.amazonaws.com")
	if _, err := e.trurl().CreateAccessEntry(t.Context(), &awseks.CreateAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: &person, Username: aws.String("p"), KubernetesGroups: []string{"x", "y"}, Tags: map[string]string{"c": "d"}}); err != nil {
		t.Fatal(err)
	}
	all := with(onCluster, "eks:principalArn", person, "eks:accessEntryType", "STANDARD", "eks:username", "p", "aws:RequestTag/c", "d", "aws:TagKeys", "c")
	all["eks:kubernetesGroups"] = []string{"x", "y"}
	want = []question{{"eks:CreateAccessEntry", cluster, all}}
	check("CreateAccessEntry of a person")

	_, err := e.trurl().DescribeAccessEntry(t.Context(), &awseks.DescribeAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: aws.String("arn:aws:iam::111122223333:role/nobody")})
	if err == nil {
		t.Error("an entry of nobody")
	}
	want = []question{{"eks:DescribeAccessEntry", entryPrefix + "nobody/*", map[string][]string{
		"eks:clusterName": {"dev"}, "eks:principalArn": {"arn:aws:iam::111122223333:role/nobody"},
	}}}
	check("DescribeAccessEntry of nobody")
}

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

// with is a copy of some keys with others.
func with(keys map[string][]string, more ...string) map[string][]string {
	all := map[string][]string{}
	for key, values := range keys {
		all[key] = values
	}
	for pair := range slices.Chunk(more, 2) {
		all[pair[0]] = []string{pair[1]}
	}
	return all
}
