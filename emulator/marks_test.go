package emulator

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

const malloryARN = "arn:aws:iam::111122223333:user/mallory"

// disturb changes one of everything: a user goes and one comes, an access entry and a cluster come, a mode is another.
func (e *Environment) disturb(t *testing.T) {
	t.Helper()
	client, name := e.eksClient(t), aws.String("my-cluster")
	if _, err := client.CreateAccessEntry(t.Context(), &awseks.CreateAccessEntryInput{ClusterName: name, PrincipalArn: aws.String(malloryARN)}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.UpdateClusterConfig(t.Context(), &awseks.UpdateClusterConfigInput{
		Name: name, AccessConfig: &types.UpdateAccessConfigRequest{AuthenticationMode: types.AuthenticationModeApi},
	}); err != nil {
		t.Fatal(err)
	}
	e.askForCluster(t, "hers")
	if err := e.aws.store.DeleteUser(arnOf("bob")); err != nil {
		t.Fatal(err)
	}
	if _, err := e.aws.store.CreateUser(iam.User{AccountID: "111122223333", Name: "eve", Path: "/"}); err != nil {
		t.Fatal(err)
	}
}

func arnOf(user string) string { return "arn:aws:iam::111122223333:user/" + user }

// holds is what disturb changes, in words.
func (e *Environment) holds(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, name := range []string{"bob", "eve"} {
		if user, err := e.aws.store.User(arnOf(name)); err == nil {
			all = append(all, name+" "+user.UniqueID)
		}
	}
	entries, err := e.eksClient(t).ListAccessEntries(t.Context(), &awseks.ListAccessEntriesInput{ClusterName: aws.String("my-cluster")})
	if err != nil {
		t.Fatal(err)
	}
	all = append(all, entries.AccessEntries...)
	all = append(all, string(e.described(t, "my-cluster").AccessConfig.AuthenticationMode))
	if e.described(t, "hers") != nil {
		all = append(all, "hers")
	}
	return all
}

func expectMarkFiles(t *testing.T, e *Environment, want bool) {
	t.Helper()
	for _, name := range []string{iamFile + beforeSuffix, clustersFile + beforeSuffix} {
		if _, err := os.Stat(e.kept.path(name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMarkAndUndo(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	before := e.holds(t)
	undo, err := attached(t, e).Mark(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	expectMarkFiles(t, e, true)
	e.disturb(t)
	if now := e.holds(t); slices.Equal(now, before) {
		t.Fatalf("nothing has changed: %q", now)
	}
	if err := undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := e.holds(t); !slices.Equal(now, before) {
		t.Errorf("it is %q, and was %q", now, before)
	}
	expectMarkFiles(t, e, false)
	if err := undo(t.Context()); err == nil || !strings.Contains(err.Error(), "has been put back already") {
		t.Errorf("once more: %v", err)
	}
}

// TestStartAfterACrashWithAMark puts back what the mark remembers.
func TestStartAfterACrashWithAMark(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	before := e.holds(t)
	if _, err := attached(t, e).Mark(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.disturb(t)
	e = again(t, e)
	if now := e.holds(t); !slices.Equal(now, before) {
		t.Errorf("it is %q, and was %q", now, before)
	}
	expectMarkFiles(t, e, false)
	if len(e.resumes()) != 0 {
		t.Errorf("%v are resumed", e.resumes())
	}
}

// TestClusterThatWasThereCannotBePutBack: whoever undoes is told, and the mark does not stay in the way.
func TestClusterThatWasThereCannotBePutBack(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	undo, err := attached(t, e).Mark(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e.askToDelete(t, "my-cluster")
	eventually(t, "it is gone", func() bool { return e.described(t, "my-cluster") == nil })
	if err := undo(t.Context()); err == nil || !strings.Contains(err.Error(), "put back cluster my-cluster: ") {
		t.Errorf("error %v", err)
	}
	expectMarkFiles(t, e, false)
}

// TestMarkThatCannotBeWritten leaves nothing half-done.
func TestMarkThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	if err := os.Mkdir(e.kept.path(clustersFile+beforeSuffix), 0o700); err != nil { // in the way
		t.Fatal(err)
	}
	_, err := attached(t, e).Mark(context.WithoutCancel(t.Context()))
	if err == nil || !strings.Contains(err.Error(), "remember what there is: ") {
		t.Errorf("error %v", err)
	}
	if e.marked != nil {
		t.Error("it is marked")
	}
}
