package eks

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const clusterRole = "arn:aws:iam::111122223333:role/cluster"

// in is a cluster ARN of the tests' account and region.
func clusterARN(name string) string { return ClusterARN("aws", oregon, name) }

// trurl is a client of the user trurl in us-west-2.
func (e *environment) trurl() *awseks.Client { return e.client("us-west-2", e.keys["trurl"]) }

// creation asks for a cluster with no more than it needs.
func creation(name string, mode types.AuthenticationMode) *awseks.CreateClusterInput {
	return &awseks.CreateClusterInput{
		Name: &name, RoleArn: aws.String(clusterRole),
		ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: []string{"subnet-1", "subnet-2"}},
		AccessConfig:       &types.CreateAccessConfigRequest{AuthenticationMode: mode},
	}
}

// create makes a cluster through the API and moves it to ACTIVE, as an emulator would.
func (e *environment) create(t testing.TB, name string, mode types.AuthenticationMode) string {
	t.Helper()
	if _, err := e.trurl().CreateCluster(t.Context(), creation(name, mode)); err != nil {
		t.Fatal(err)
	}
	e.activate(t, name)
	return clusterARN(name)
}

func (e *environment) activate(t testing.TB, name string) {
	t.Helper()
	if err := e.clusters.SetEndpoint(clusterARN(name), "https://127.0.0.1:6443", []byte(testCA)); err != nil {
		t.Fatal(err)
	}
	if err := e.clusters.UpdateStatus(clusterARN(name), StatusActive); err != nil {
		t.Fatal(err)
	}
}

// entry makes an access entry of a role, which it makes too, and returns the role's ARN.
func (e *environment) entry(t testing.TB, cluster, role string) string {
	t.Helper()
	arn := e.role(t, "111122223333", "/", role, "ec2.amazonaws.com")
	if _, err := e.trurl().CreateAccessEntry(t.Context(), &awseks.CreateAccessEntryInput{ClusterName: &cluster, PrincipalArn: &arn}); err != nil {
		t.Fatal(err)
	}
	return arn
}

// finish ends the update of a cluster that is in progress.
func (e *environment) finish(t testing.TB, problem string) {
	t.Helper()
	for _, update := range e.clusters.RunningUpdates() {
		if err := e.clusters.FinishUpdate(update.ClusterARN, update.ID, problem); err != nil {
			t.Fatal(err)
		}
	}
}

// refusal is an error of the SDK in one line: status, code and text, and the name of the cluster where the answer has one.
func refusal(err error) string {
	var answer smithy.APIError
	var response *http.ResponseError
	if !errors.As(err, &answer) || !errors.As(err, &response) {
		return fmt.Sprint("no refusal: ", err)
	}
	text := fmt.Sprintf("%d %s: %s", response.HTTPStatusCode(), answer.ErrorCode(), answer.ErrorMessage())
	var name *string
	var missing *types.ResourceNotFoundException
	var parameter *types.InvalidParameterException
	var request *types.InvalidRequestException
	var inUse *types.ResourceInUseException
	switch {
	case errors.As(err, &missing):
		name = missing.ClusterName
	case errors.As(err, &parameter):
		name = parameter.ClusterName
	case errors.As(err, &request):
		name = request.ClusterName
	case errors.As(err, &inUse):
		name = inUse.ClusterName
	}
	if name != nil {
		text += " [" + *name + "]"
	}
	return text
}

// wantRefusal checks an error of the SDK against status, code and text.
func wantRefusal(t testing.TB, what string, err error, want string) {
	t.Helper()
	if diff := cmp.Diff(want, refusal(err)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// sdkTypes lets answers of the SDK be compared.
func sdkTypes() cmp.Option {
	return cmp.Options{
		cmpopts.IgnoreUnexported(types.Cluster{}, types.AccessEntry{}, types.AccessScope{}, types.AssociatedAccessPolicy{}, types.Update{}, types.UpdateParam{}),
		cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }),
	}
}
