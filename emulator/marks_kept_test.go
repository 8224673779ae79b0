package emulator

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/eksemu/eksemu/emulator/eks"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// withUser makes a user as a caller of the IAM API does.
func withUser(t *testing.T, e *Environment, name string) {
	t.Helper()
	if _, err := e.aws.store.CreateUser(iam.User{AccountID: "111122223333", Name: name}); err != nil {
		t.Fatal(err)
	}
}

func hasUser(e *Environment, name string) bool {
	_, err := e.aws.store.UserNamed("111122223333", name)
	return err == nil
}

// TestMark puts back what was there, through the admin API.
func TestMark(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	client := attached(t, e)
	withUser(t, e, "before")
	for range 2 { // one after the other
		undo, err := client.Mark(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		withUser(t, e, "since")
		if err := undo(t.Context()); err != nil {
			t.Error(err)
		}
		if !hasUser(e, "before") || hasUser(e, "since") || e.kept.marked() {
			t.Errorf("before %t, since %t, marked %t", hasUser(e, "before"), hasUser(e, "since"), e.kept.marked())
		}
		if err := undo(t.Context()); err == nil || err.Error() != errMarkEnded.Error() {
			t.Errorf("a second time: %v", err)
		}
	}
}

// TestMarkOfOneThatIsInterrupted: who undoes what was done when its own context has ended finds the mark there.
func TestMarkOfOneThatIsInterrupted(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	ctx, cancel := context.WithCancel(t.Context())
	undo, err := attached(t, e).Mark(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := undo(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestMarkOfOneThatIsKilled is put back when its connection breaks; another one waits for that.
func TestMarkOfOneThatIsKilled(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	client := attached(t, e)
	life, kill := context.WithCancel(t.Context())
	resp, err := client.do(life, http.MethodPost, "marks", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	withUser(t, e, "since")
	kill()
	undo, err := client.Mark(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if hasUser(e, "since") {
		t.Error("what it did is still there")
	}
	if err := undo(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestMarkWaits as long as its caller does.
func TestMarkWaits(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	if _, err := e.setMark(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.setMark(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	e.finish(ErrStopped)
	if _, err := e.setMark(t.Context()); !errors.Is(err, errStopping) {
		t.Errorf("error %v", err)
	}
}

// TestMarkWithSomethingDeleted: what cannot be put back keeps nothing else from it, and nobody from what comes later.
func TestMarkWithSomethingDeleted(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	mine := createdCluster(t, e, "mine")
	m, err := e.setMark(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	withUser(t, e, "since")
	if err := e.aws.clusters.RemoveCluster(mine.ARN); err != nil {
		t.Fatal(err)
	}
	if err := e.reset(m.id); !errors.Is(err, eks.ErrClusterNotFound) || !strings.Contains(err.Error(), "put back cluster mine") {
		t.Errorf("error %v", err)
	}
	if hasUser(e, "since") || e.kept.marked() {
		t.Errorf("since %t, marked %t", hasUser(e, "since"), e.kept.marked())
	}
	later := createdCluster(t, e, "later")
	n := mustRestart(t, e)
	if statusOf(n, later.ARN) != eks.StatusCreating || !hasFolder(n, "later") || statusOf(n, mine.ARN) != "" {
		t.Errorf("after a restart the later one is %q, the one that was deleted %q", statusOf(n, later.ARN), statusOf(n, mine.ARN))
	}
}

// TestMarkWhenTheEnvironmentEnds is put back by the next start.
func TestMarkWhenTheEnvironmentEnds(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	m, err := e.setMark(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	withUser(t, e, "since")
	e.finish(ErrStopped)
	if err := e.reset(m.id); !errors.Is(err, errStopping) {
		t.Errorf("error %v", err)
	}
	if n := mustRestart(t, e); hasUser(n, "since") || n.kept.marked() {
		t.Errorf("since %t, marked %t", hasUser(n, "since"), n.kept.marked())
	}
}

// TestMarkWithSomethingThatStays: a cluster that cannot be removed is told of, and goes later.
func TestMarkWithSomethingThatStays(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	m, err := e.setMark(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	made := createdCluster(t, e, "scenarios")
	mend := irremovable(t, e, "scenarios")
	if err := e.reset(m.id); err == nil || !strings.Contains(err.Error(), "remove cluster scenarios") {
		t.Errorf("error %v", err)
	}
	if statusOf(e, made.ARN) != eks.StatusDeleting || e.kept.marked() {
		t.Errorf("it is %q, marked %t", statusOf(e, made.ARN), e.kept.marked())
	}
	mend()
	if n := mustRestart(t, e); statusOf(n, made.ARN) != "" || hasFolder(n, "scenarios") {
		t.Errorf("after a restart it is %q", statusOf(n, made.ARN))
	}
}
