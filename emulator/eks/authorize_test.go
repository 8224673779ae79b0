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
		{"eks:TagResource", cluster, map[string][]string{"aws:RequestTag/team": {"robots"}, "aws:TagKeys": {"team"}}},
		{"eks:CreateAccessEntry", cluster, map[string][]string{"eks:principalArn": {"arn:aws:iam::111122223333:user/trurl"}, "eks:accessEntryType": {"STANDARD"}}},
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
		{"eks:TagResource", entryPrefix + "node/*", map[string][]string{
			"eks:clusterName": {"dev"}, "eks:principalArn": {role}, "eks:accessEntryType": {"EC2_LINUX"}, "aws:RequestTag/a": {"b"}, "aws:TagKeys": {"a"},
		}},
		{"iam:PassRole", role, map[string][]string{"iam:PassedToService": {"ec2.amazonaws.com"}}},
	}
	check("CreateAccessEntry")

	person := e.role(t, "111122223333", "/", "person", "ec2.amazonaws.com")
	if _, err := e.trurl().CreateAccessEntry(t.Context(), &awseks.CreateAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: &person, Username: aws.String("p"), KubernetesGroups: []string{"x", "y"}, Tags: map[string]string{"c": "d"}}); err != nil {
		t.Fatal(err)
	}
	all := with(onCluster, "eks:principalArn", person, "eks:accessEntryType", "STANDARD", "eks:username", "p", "aws:RequestTag/c", "d", "aws:TagKeys", "c")
	all["eks:kubernetesGroups"] = []string{"x", "y"}
	tagged := with(all, "eks:clusterName", "dev")
	delete(tagged, "aws:ResourceTag/team")
	tagged["eks:kubernetesGroups"] = []string{"x", "y"}
	want = []question{{"eks:CreateAccessEntry", cluster, all}, {"eks:TagResource", entryPrefix + "person/*", tagged}}
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
