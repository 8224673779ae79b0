package emulator

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/eksemu/eksemu/emulator/authn"
)

// mapped is a published environment whose authenticator is taken for started, in a folder.
func mapped(t *testing.T, dir string) *Environment {
	t.Helper()
	e := publishedEnvironment(t)
	c := e.primary
	c.accessMu.Lock()
	defer c.accessMu.Unlock()
	c.server = &authn.Server{Dir: dir, Now: e.opts.Now}
	c.recorder = authn.NewRecorder(authn.RecorderConfig{Cluster: c.name, Trace: e.trace, Now: e.opts.Now, Mode: c.currentMode})
	c.mapped = true
	_, now, err := e.accessOf(c)
	if err == nil {
		_, err = c.server.Update(now) // fails where the folder is missing
	}
	if _, missing := os.Stat(dir); err != nil && missing == nil {
		t.Fatal(err)
	}
	return e
}

// mayGetPods asks the access policies about a user of the environment.
func (e *Environment) mayGetPods(t *testing.T, user string) bool {
	t.Helper()
	found, err := e.aws.store.User(arnOf(user))
	if err != nil {
		t.Fatal(err)
	}
	return e.primary.authorizer.Authorize(authorizationv1.SubjectAccessReviewSpec{
		User: arnOf(user), Extra: map[string]authorizationv1.ExtraValue{"sigs.k8s.io/aws-iam-authenticator/principalId": {found.UniqueID}},
		ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "get", Resource: "pods", Namespace: "default"},
	}).Allowed
}

// TestAccessCountsWhenItsMakerHasTheAnswer: the file of the entries is written, read and, with the policies, in force.
func TestAccessCountsWhenItsMakerHasTheAnswer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := mapped(t, dir)
	entries := filepath.Join(dir, "access-entries.json")
	read := make(chan struct{})
	go func() { // the authenticator's part
		defer close(read)
		if err := wait.PollUntilContextTimeout(t.Context(), 5*time.Millisecond, 30*time.Second, true, func(context.Context) (bool, error) {
			raw, err := os.ReadFile(entries)
			return err == nil && strings.Contains(string(raw), "user/mallory"), nil
		}); err != nil {
			t.Errorf("the entry is not written: %v", err)
		}
		e.primary.recorder.Line(`time="2026-11-27T09:00:00Z" level=info msg="LoadDynamicFile: ` + entries + ` is available. content is {}"`)
	}()
	client, cluster, mallory := e.eksClient(t), aws.String("my-cluster"), aws.String(malloryARN)
	if _, err := client.CreateAccessEntry(t.Context(), &awseks.CreateAccessEntryInput{ClusterName: cluster, PrincipalArn: mallory}); err != nil {
		t.Fatal(err)
	}
	<-read
	if e.mayGetPods(t, "mallory") {
		t.Error("she has no policy, and may get pods")
	}
	policy := aws.String("arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy")
	if _, err := client.AssociateAccessPolicy(t.Context(), &awseks.AssociateAccessPolicyInput{
		ClusterName: cluster, PrincipalArn: mallory, PolicyArn: policy, AccessScope: &types.AccessScope{Type: types.AccessScopeTypeCluster},
	}); err != nil {
		t.Fatal(err)
	}
	if !e.mayGetPods(t, "mallory") {
		t.Error("she has the policy, and may not get pods")
	}
	if _, err := client.DisassociateAccessPolicy(t.Context(), &awseks.DisassociateAccessPolicyInput{ClusterName: cluster, PrincipalArn: mallory, PolicyArn: policy}); err != nil {
		t.Fatal(err)
	}
	if e.mayGetPods(t, "mallory") {
		t.Error("she had the policy, and still may get pods")
	}
}

// TestModeThatCannotBeApplied: the update has failed, says why, and the mode is what it was.
func TestModeThatCannotBeApplied(t *testing.T) {
	t.Parallel()
	e := mapped(t, filepath.Join(t.TempDir(), "missing"))
	client, name := e.eksClient(t), aws.String("my-cluster")
	out, err := client.UpdateClusterConfig(t.Context(), &awseks.UpdateClusterConfigInput{
		Name: name, AccessConfig: &types.UpdateAccessConfigRequest{AuthenticationMode: types.AuthenticationModeApi},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.DescribeUpdate(t.Context(), &awseks.DescribeUpdateInput{Name: name, UpdateId: out.Update.Id})
	if err != nil {
		t.Fatal(err)
	}
	if u := got.Update; u.Status != types.UpdateStatusFailed || len(u.Errors) != 1 || !strings.Contains(aws.ToString(u.Errors[0].ErrorMessage), "update the authenticator's ") {
		t.Errorf("update %+v", u)
	}
	if c := e.described(t, "my-cluster"); c.Status != types.ClusterStatusActive || c.AccessConfig.AuthenticationMode != types.AuthenticationModeApiAndConfigMap {
		t.Errorf("cluster %+v", c.AccessConfig)
	}
	if mode := e.primary.currentMode(); mode == authn.API {
		t.Error("TokenReviews are labelled with the mode that does not count")
	}
	if log := read(t, filepath.Join(e.files.Logs(), "gateway.log")); !strings.Contains(log, "apply who may use cluster my-cluster") {
		t.Errorf("the log says nothing of it: %s", log)
	}
}

// TestAccessOfNoCluster: a change about one that does not run, or is gone, is nobody's trouble.
func TestAccessOfNoCluster(t *testing.T) {
	t.Parallel()
	e := mapped(t, t.TempDir())
	if _, err := e.applyAccess(t.Context(), "arn:aws:eks:us-west-2:111122223333:cluster/nope"); err != nil {
		t.Errorf("one that there is not: %v", err)
	}
	e.primary.arn = "arn:aws:eks:us-west-2:111122223333:cluster/gone" // from the API, and still here
	if _, err := e.applyAccess(t.Context(), e.primary.arn); err != nil {
		t.Errorf("one that is gone: %v", err)
	}
}
