package emulator

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"k8s.io/apimachinery/pkg/util/wait"
)

// eksClient is the creator's, at the direct endpoint.
func (e *Environment) eksClient(t *testing.T) *awseks.Client {
	t.Helper()
	return awseks.New(awseks.Options{
		BaseEndpoint: aws.String(e.runtime.Gateway), Region: "us-west-2", RetryMaxAttempts: 1,
		HTTPClient:  &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		Credentials: credentials.StaticCredentialsProvider{Value: keys(t, e.opts.Config, "trurl")},
	})
}

// askForCluster has the EKS API make a cluster.
func (e *Environment) askForCluster(t *testing.T, name string) {
	t.Helper()
	out, err := e.eksClient(t).CreateCluster(t.Context(), &awseks.CreateClusterInput{
		Name: &name, RoleArn: aws.String("arn:aws:iam::111122223333:role/my-cluster-role"),
		ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: []string{"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"}},
	})
	if err != nil || out.Cluster.Status != types.ClusterStatusCreating {
		t.Fatalf("%+v, %v", out, err)
	}
}

func (e *Environment) askToDelete(t *testing.T, name string) {
	t.Helper()
	if _, err := e.eksClient(t).DeleteCluster(t.Context(), &awseks.DeleteClusterInput{Name: &name}); err != nil {
		t.Fatal(err)
	}
}

// described is a cluster as the EKS API has it, nil if it has none.
func (e *Environment) described(t *testing.T, name string) *types.Cluster {
	t.Helper()
	out, err := e.eksClient(t).DescribeCluster(t.Context(), &awseks.DescribeClusterInput{Name: &name})
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Cluster
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 5*time.Millisecond, 30*time.Second, true, func(context.Context) (bool, error) { return so(), nil })
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// startsControlPlane tells whether there is a process of a cluster.
func (e *Environment) startsControlPlane(name string) bool {
	return slices.ContainsFunc(e.Status().Components, func(c ComponentStatus) bool { return strings.HasPrefix(c.Name, name+"/") && c.PID != 0 })
}

// again is an environment that goes on where another one ends.
func again(t *testing.T, e *Environment) *Environment {
	t.Helper()
	if err := e.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	return awsEnvironmentWith(t, e.opts)
}

// resumes lists the clusters of callers of the API that a start takes up.
func (e *Environment) resumes() []string {
	var names []string
	for _, c := range e.resumed {
		names = append(names, c.name)
	}
	return names
}

func TestClusterThatCannotBeStarted(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t) // whose executable there is not
	e.askForCluster(t, "hers")
	failed := func() bool { return e.described(t, "hers").Status == types.ClusterStatusFailed }
	eventually(t, "the cluster fails", failed)
	issues := e.described(t, "hers").Health.Issues
	if len(issues) != 1 || issues[0].Code != "InternalFailure" || !strings.Contains(aws.ToString(issues[0].Message), "/opt/eksemu") || !slices.Equal(issues[0].ResourceIds, []string{"hers"}) {
		t.Errorf("issues %+v", issues)
	}
	eventually(t, "it is not known as running", func() bool { return e.clusters.find("arn:aws:eks:us-west-2:111122223333:cluster/hers") == nil })

	e = again(t, e)
	if !failed() || len(e.resumes()) != 0 {
		t.Errorf("it waits for its deletion: status %s, %v are resumed", e.described(t, "hers").Status, e.resumes())
	}
	e.askToDelete(t, "hers")
	eventually(t, "it is gone", func() bool { return e.described(t, "hers") == nil })
	if _, err := os.Stat(e.files.cluster("hers")); err == nil {
		t.Error("its folder is left")
	}
}

func TestClusterIsDeletedWhileItIsMade(t *testing.T) {
	t.Parallel()
	o, _ := hangingOptions(t)
	e := awsEnvironmentWith(t, o)
	e.askForCluster(t, "hers")
	eventually(t, "its control plane starts", func() bool { return e.startsControlPlane("hers") })
	e.askToDelete(t, "hers")
	eventually(t, "it is gone", func() bool { return e.described(t, "hers") == nil })
	if e.startsControlPlane("hers") {
		t.Error("something of it is left running")
	}
	if _, err := os.Stat(e.files.cluster("hers")); err == nil {
		t.Error("its folder is left")
	}
	if e := again(t, e); len(e.resumes()) != 0 {
		t.Errorf("%v are resumed", e.resumes())
	}
}

// TestStopWhileAClusterIsMade: it has not failed, and the next start makes it.
func TestStopWhileAClusterIsMade(t *testing.T) {
	t.Parallel()
	o, _ := hangingOptions(t)
	e := awsEnvironmentWith(t, o)
	e.askForCluster(t, "hers")
	eventually(t, "its control plane starts", func() bool { return e.startsControlPlane("hers") })
	e = again(t, e)
	if got := e.described(t, "hers").Status; got != types.ClusterStatusCreating || !slices.Equal(e.resumes(), []string{"hers"}) {
		t.Errorf("status %s, %v are resumed", got, e.resumes())
	}
}

// TestKilledWhileAClusterIsDeleted has a state folder as it is after a crash between the answer and the end.
func TestKilledWhileAClusterIsDeleted(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	e.askForCluster(t, "hers")
	eventually(t, "the cluster fails", func() bool { return e.described(t, "hers").Status == types.ClusterStatusFailed })
	e.endBackground() // nothing is done any more
	e.askToDelete(t, "hers")
	if got := e.described(t, "hers").Status; got != types.ClusterStatusDeleting {
		t.Fatalf("status %s", got)
	}
	if e := again(t, e); e.described(t, "hers") != nil {
		t.Error("it is there again")
	}
}

func TestUpdatesEnd(t *testing.T) {
	t.Parallel()
	e := mapped(t, t.TempDir())
	const mode = types.AuthenticationModeApi
	client, name := e.eksClient(t), aws.String("my-cluster")
	out, err := client.UpdateClusterConfig(t.Context(), &awseks.UpdateClusterConfigInput{
		Name: name, AccessConfig: &types.UpdateAccessConfigRequest{AuthenticationMode: mode},
	})
	if err != nil {
		t.Fatal(err)
	}
	update, err := client.DescribeUpdate(t.Context(), &awseks.DescribeUpdateInput{Name: name, UpdateId: out.Update.Id})
	if err != nil || update.Update.Status != types.UpdateStatusSuccessful {
		t.Errorf("%+v, %v", update, err)
	}
	if c := e.described(t, *name); c.Status != types.ClusterStatusActive || c.AccessConfig.AuthenticationMode != mode {
		t.Errorf("cluster %+v", c)
	}
}

func TestNothingBeginsOnceItStops(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	e.endBackground()
	if e.beside(func(context.Context) { t.Error("it began") }) {
		t.Error("beside says that it began something")
	}
	if err := e.wait(t.Context(), func(context.Context) error { return nil }); !errors.Is(err, errStopping) {
		t.Errorf("wait: %v", err)
	}
}
