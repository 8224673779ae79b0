package emulator

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/eks"
)

// setStatus sets the status of a cluster in the EKS API.
func setStatus(t *testing.T, e *Environment, arn string, status eks.ClusterStatus) {
	t.Helper()
	if err := e.aws.clusters.UpdateStatus(arn, status); err != nil {
		t.Fatal(err)
	}
}

// fakeControlPlane is a control plane that can only be stopped and removed. It is asked for each.
type fakeControlPlane struct {
	cluster.Backend

	stop, remove func() error
}

func (f *fakeControlPlane) Stop(context.Context) error   { return f.stop() }
func (f *fakeControlPlane) Remove(context.Context) error { return f.remove() }

// runs makes a cluster known whose control plane can be removed as remove says.
func runs(t *testing.T, e *Environment, name string, remove func() error) *runningCluster {
	t.Helper()
	made := createdCluster(t, e, name)
	c := e.created(made.ARN)
	if c == nil {
		t.Fatalf("cluster %s is known already", name)
	}
	c.backend = &fakeControlPlane{stop: func() error { return nil }, remove: remove}
	return c
}

// TestDeleteClusterTwice: the second one waits for the first, and does nothing to the next cluster of that name.
func TestDeleteClusterTwice(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	removing, proceed := make(chan struct{}), make(chan struct{})
	c := runs(t, e, "mine", func() error {
		close(removing) // panics if it is called twice
		<-proceed
		return nil
	})
	setStatus(t, e, c.arn, eks.StatusDeleting)
	ended := make(chan error, 2)
	for range 2 {
		go func() { ended <- e.deleteCluster(t.Context(), c.arn) }()
	}
	<-removing
	if other := e.created(c.arn); other != nil || len(ended) > 0 {
		t.Errorf("while it is deleted, another one is made, or %d have ended", len(ended))
	}
	close(proceed)
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if statusOf(e, c.arn) != "" || hasFolder(e, "mine") || e.clusters.find(c.arn) != nil {
		t.Errorf("it is %q, folder %t", statusOf(e, c.arn), hasFolder(e, "mine"))
	}
	next := runs(t, e, "mine", func() error { return errors.New("it was removed") })
	if err := e.deleteCluster(t.Context(), c.arn); err != nil || statusOf(e, c.arn) != eks.StatusCreating || !hasFolder(e, "mine") || next.ended.Err() != nil {
		t.Errorf("the next one is %q, folder %t, %v", statusOf(e, c.arn), hasFolder(e, "mine"), err)
	}
}

// TestDeletedBeforeItBegan: a cluster is not started that is being deleted, or is deleted.
func TestDeletedBeforeItBegan(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	made := createdCluster(t, e, "mine")
	setStatus(t, e, made.ARN, eks.StatusDeleting)
	e.createCluster(t.Context(), made.ARN)
	if err := e.deleteCluster(t.Context(), made.ARN); err != nil {
		t.Error(err)
	}
	e.createCluster(t.Context(), made.ARN)
	if e.clusters.find(made.ARN) != nil || statusOf(e, made.ARN) != "" {
		t.Errorf("it runs, or is %q", statusOf(e, made.ARN))
	}
}

// TestDeleteClusterThatFails waits until it has been given up, so that the failure is not that of the next one.
func TestDeleteClusterThatFails(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	removing, proceed, removals := make(chan struct{}, 2), make(chan struct{}), 0
	c := runs(t, e, "mine", func() error {
		removals++
		removing <- struct{}{}
		<-proceed
		return nil
	})
	failed, deleted := make(chan struct{}), make(chan error)
	go func() {
		defer close(failed)
		e.fail(t.Context(), c, errors.New("no luck"), true)
	}()
	<-removing
	setStatus(t, e, c.arn, eks.StatusDeleting)
	go func() { deleted <- e.deleteCluster(t.Context(), c.arn) }()
	<-c.ended.Done()
	if removals != 1 || statusOf(e, c.arn) != eks.StatusDeleting {
		t.Errorf("%d removals at the same time, status %q", removals, statusOf(e, c.arn))
	}
	close(proceed)
	<-failed
	if err := <-deleted; err != nil || statusOf(e, c.arn) != "" {
		t.Errorf("it is %q, %v", statusOf(e, c.arn), err)
	}
	next := createdCluster(t, e, "mine")
	e.fail(t.Context(), c, errors.New("no luck"), true)
	if statusOf(e, next.ARN) != eks.StatusCreating {
		t.Errorf("the next one is %q", statusOf(e, next.ARN))
	}
}

// TestNewClusterBeginsEmpty: what an earlier cluster of that name has left is not the new one's.
func TestNewClusterBeginsEmpty(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(e *Environment){
		"made by a caller of the EKS API": func(e *Environment) { e.createCluster(t.Context(), createdCluster(t, e, "scenarios").ARN) },
		"made by a scenario": func(e *Environment) {
			makeFolder(t, e, "scenarios")
			_, _ = e.addOverlayCluster(t.Context(), overlayOf("scenarios"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := awsEnvironment(t) // whose executable there is not, so that no cluster starts
			var had, bootstrap bool
			if err := e.state.update(func(s *state) { s.Bootstrap["scenarios"], s.ARNs["scenarios"] = true, "arn:before" }); err != nil {
				t.Fatal(err)
			}
			var once sync.Once
			e.opts.Command = func(string, []string) []string { // asked when the control plane starts
				once.Do(func() { had, bootstrap = hasFolder(e, "scenarios"), e.state.read().Bootstrap["scenarios"] })
				return nil
			}
			had = true
			start(e)
			if had || bootstrap {
				t.Errorf("when it started there was a folder %t, the manifests had been applied %t", had, bootstrap)
			}
		})
	}
}

// TestResumedClusterThatFails keeps what it has, and is tried again at the next start.
func TestResumedClusterThatFails(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	made := createdCluster(t, e, "mine")
	e = mustRestart(t, e)
	if err := e.startOthers(t.Context()); err != nil { // whose executable there is not
		t.Fatal(err)
	}
	now, _ := e.aws.clusters.ClusterByARN(made.ARN)
	if now.Status != eks.StatusFailed || len(now.Health.Issues) != 1 || !hasFolder(e, "mine") || len(e.Notes()) != 1 {
		t.Errorf("it is %s, health %+v, folder %t, notes %q", now.Status, now.Health, hasFolder(e, "mine"), e.Notes())
	}
	e = mustRestart(t, e)
	now, _ = e.aws.clusters.ClusterByARN(made.ARN)
	if now.Status != eks.StatusCreating || len(now.Health.Issues) != 0 || len(e.resumed) != 1 {
		t.Errorf("after a restart it is %s, health %+v", now.Status, now.Health)
	}
}

// TestNewClusterThatFails has nothing that could be tried again.
func TestNewClusterThatFails(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	made := createdCluster(t, e, "mine")
	e.createCluster(t.Context(), made.ARN)
	if _, err := os.Stat(e.files.cluster("mine")); err == nil || statusOf(e, made.ARN) != eks.StatusFailed || e.clusters.find(made.ARN) != nil {
		t.Errorf("it is %s, folder %v", statusOf(e, made.ARN), err)
	}
	e = mustRestart(t, e)
	if statusOf(e, made.ARN) != eks.StatusFailed || len(e.resumed) > 0 {
		t.Errorf("after a restart it is %s", statusOf(e, made.ARN))
	}
}

// TestDeletionThatFailed is tried again when a caller of the EKS API asks for it, and a start goes on without.
func TestDeletionThatFailed(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	made := createdCluster(t, e, "mine")
	setStatus(t, e, made.ARN, eks.StatusDeleting)
	mend := irremovable(t, e, "mine")
	if err := e.deleteCluster(t.Context(), made.ARN); err == nil {
		t.Error("its removal was no trouble")
	}
	e = mustRestart(t, e)
	if notes := e.Notes(); len(notes) != 1 || !strings.Contains(notes[0], "cluster mine") || statusOf(e, made.ARN) != eks.StatusDeleting {
		t.Errorf("it is %q, notes %q", statusOf(e, made.ARN), notes)
	}
	mend()
	client := awseks.New(awseks.Options{
		BaseEndpoint: aws.String(e.runtime.Gateway), Region: "us-west-2", RetryMaxAttempts: 1,
		Credentials: credentials.StaticCredentialsProvider{Value: keys(t, e.opts.Config, "trurl")},
	})
	answer, err := client.DeleteCluster(t.Context(), &awseks.DeleteClusterInput{Name: aws.String("mine")})
	if err != nil || answer.Cluster.Status != types.ClusterStatusDeleting {
		t.Fatalf("answer %+v, %v", answer, err)
	}
	e.endBackground()
	if statusOf(e, made.ARN) != "" || hasFolder(e, "mine") {
		t.Errorf("it is %q, folder %t", statusOf(e, made.ARN), hasFolder(e, "mine"))
	}
}

// TestDeletedWhileStarting: an environment goes on without a cluster that is deleted before it is ready, whichever it is.
func TestDeletedWhileStarting(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	made := createdCluster(t, e, "mine")
	e = mustRestart(t, e)
	other := e.newCluster(e.primary.spec, "arn:aws:eks:us-west-2:111122223333:cluster/other")
	e.others = append(e.others, other)
	for _, c := range e.clusters.all() {
		c.end()
	}
	for _, step := range e.clusterSteps() {
		if err := e.take(t.Context(), step); err != nil {
			t.Error(err)
		}
	}
	if !e.published || len(e.Notes()) > 0 || statusOf(e, made.ARN) != eks.StatusCreating {
		t.Errorf("published %t, notes %q, status %q", e.published, e.Notes(), statusOf(e, made.ARN))
	}
}

// TestStoppedWhileStarting is no deletion.
func TestStoppedWhileStarting(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	e.opts.Progress = func(string) {}
	e.others = append(e.others, e.newCluster(e.primary.spec, "arn:aws:eks:us-west-2:111122223333:cluster/other"))
	e.finish(ErrStopped)
	for _, step := range e.clusterSteps() {
		if err := e.take(t.Context(), step); !errors.Is(err, ErrStopped) {
			t.Errorf("%s: %v", step.what, err)
		}
	}
	if e.published {
		t.Error("it is published")
	}
}
