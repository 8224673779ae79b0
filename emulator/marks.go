package emulator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/eksemu/eksemu/emulator/eks"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// mark is what the IAM and EKS APIs held at a moment.
type mark struct {
	users    iam.Snapshot
	clusters eks.Snapshot
}

// Mark remembers what the IAM and EKS APIs hold. undo puts it back: what was made since goes, clusters included, and what
// was changed or deleted is as it was. A cluster that was there and has been deleted cannot be put back, which is an error.
// There is one mark at a time: another call puts back first what an earlier one, of a run that was killed, remembers.
func (c *Client) Mark(ctx context.Context) (undo func(context.Context) error, err error) {
	if err := c.call(ctx, http.MethodPost, "marks", nil, nil, nil); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return c.call(ctx, http.MethodDelete, "marks", nil, nil, nil) }, nil
}

func (a *admin) mark(w http.ResponseWriter, _ *http.Request) {
	err := a.env.reset()
	if err == nil {
		err = a.env.setMark()
	}
	if err != nil {
		writeJSON(w, http.StatusConflict, adminError{err.Error()})
		return
	}
	writeJSON(w, http.StatusCreated, struct{}{})
}

func (a *admin) resetToMark(w http.ResponseWriter, _ *http.Request) {
	if err := a.env.reset(); err != nil {
		writeJSON(w, http.StatusConflict, adminError{err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, struct{}{})
}

// setMark remembers what there is, also for a start after a crash.
func (e *Environment) setMark() error {
	e.marking.Lock()
	defer e.marking.Unlock()
	now := mark{e.aws.store.Snapshot(), e.aws.clusters.Snapshot()}
	if err := e.kept.mark(now.users, now.clusters); err != nil {
		return fmt.Errorf("remember what there is: %w", err)
	}
	e.marked = &now
	return nil
}

// reset puts back what setMark remembers, if it does.
func (e *Environment) reset() error {
	e.marking.Lock()
	defer e.marking.Unlock()
	if e.marked == nil {
		return nil
	}
	before := *e.marked
	errs := []error{e.aws.store.Restore(before.users)}
	for _, arn := range e.notIn(before.clusters) {
		errs = append(errs, e.wait(e.done, func(life context.Context) error {
			e.deleteCluster(life, arn)
			return nil
		}))
	}
	for _, saved := range before.clusters.Clusters {
		errs = append(errs, e.resetCluster(saved))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	e.marked = nil
	return e.kept.unmark()
}

// notIn lists the clusters that are not in a snapshot.
func (e *Environment) notIn(before eks.Snapshot) []string {
	var arns []string
	for _, c := range e.aws.clusters.Clusters() {
		if !slices.ContainsFunc(before.Clusters, func(s *eks.SavedCluster) bool { return s.Cluster.ARN == c.ARN }) {
			arns = append(arns, c.ARN)
		}
	}
	return arns
}

// resetCluster puts back what the EKS API had about a cluster.
func (e *Environment) resetCluster(saved *eks.SavedCluster) error {
	if err := e.aws.clusters.Restore(saved); err != nil {
		return fmt.Errorf("put back cluster %s: %w", saved.Cluster.Name, err)
	}
	return e.applyAccess(e.done, saved.Cluster.ARN)
}
