package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/eksemu/eksemu/emulator/eks"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// mark is what the IAM and EKS APIs held at a moment. It is one run's, which holds a request open as long as it lives.
type mark struct {
	id       string
	users    iam.Snapshot
	clusters eks.Snapshot
	ended    chan struct{} // closed when it has been put back
}

// errMarkEnded is why something cannot be put back again.
var errMarkEnded = errors.New("what the AWS APIs held has been put back already, as it is when the connection to whoever remembers it breaks")

// Mark remembers what the IAM and EKS APIs hold. undo puts it back: what was made since goes, clusters included, and what
// was changed or deleted is as it was. What cannot be put back, such as a cluster that has been deleted, is an error; the
// rest is put back all the same. The same happens when the client ends without undo. There is one mark at a time: another
// call waits for its end. ctx bounds the call, not the mark.
func (c *Client) Mark(ctx context.Context) (undo func(context.Context) error, err error) {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer context.AfterFunc(ctx, end)()
	resp, err := c.do(life, http.MethodPost, "marks", nil, nil) //nolint:bodyclose // undo closes it
	if err != nil {
		end()
		if ctx.Err() != nil {
			err = fmt.Errorf("wait for the end of another run that calls the AWS APIs (let it end, or use an environment of your own with --name): %w", context.Cause(ctx))
		}
		return nil, err
	}
	var made struct{ ID string }
	if err := json.NewDecoder(resp.Body).Decode(&made); err != nil { // the answer goes on: it ends with the mark
		end()
		return nil, errors.Join(fmt.Errorf("environment %s: decode the answer of POST marks: %w", c.Runtime.Name, err), resp.Body.Close())
	}
	return func(ctx context.Context) error {
		defer end()
		return errors.Join(c.call(ctx, http.MethodDelete, "marks/"+made.ID, nil, nil, nil), resp.Body.Close())
	}, nil
}

// mark answers at once, and ends with the mark. A client that goes away before that was killed.
func (a *admin) mark(w http.ResponseWriter, r *http.Request) {
	m, err := a.env.setMark(r.Context())
	if err != nil {
		writeJSON(w, http.StatusConflict, adminError{err.Error()})
		return
	}
	writeJSON(w, http.StatusCreated, struct{ ID string }{m.id})
	_ = http.NewResponseController(w).Flush() // a client that went away is noticed below
	select {
	case <-m.ended:
	case <-a.env.Done(): // the next start puts it back
	case <-r.Context().Done():
		if err := a.env.reset(m.id); !errors.Is(err, errMarkEnded) {
			a.env.warn("put back what the AWS APIs held before a run that was killed", err)
		}
	}
}

func (a *admin) resetToMark(w http.ResponseWriter, r *http.Request) {
	if err := a.env.reset(mux.Vars(r)["id"]); err != nil {
		writeJSON(w, http.StatusConflict, adminError{err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, struct{}{})
}

// setMark remembers what there is, also for a start after a crash, as soon as nothing else is remembered.
func (e *Environment) setMark(ctx context.Context) (*mark, error) {
	for {
		m, other, err := e.tryMark()
		if other == nil {
			return m, err
		}
		select {
		case <-other.ended:
		case <-e.Done():
			return nil, errStopping
		case <-ctx.Done():
			return nil, context.Cause(ctx) // whoever waited says what for
		}
	}
}

// tryMark is setMark, or the mark that is in the way.
func (e *Environment) tryMark() (made, other *mark, err error) {
	e.marking.Lock()
	defer e.marking.Unlock()
	if e.marked != nil {
		return nil, e.marked, nil
	}
	e.marks++
	m := &mark{strconv.Itoa(e.marks), e.aws.store.Snapshot(), e.aws.clusters.Snapshot(), make(chan struct{})}
	if err := e.kept.mark(m.users, m.clusters); err != nil {
		return nil, nil, fmt.Errorf("remember what there is: %w", err)
	}
	e.marked = m
	return m, nil, nil
}

// reset puts back what a mark remembers, as far as that can be done, and forgets it.
func (e *Environment) reset(id string) error {
	e.marking.Lock()
	defer e.marking.Unlock()
	m := e.marked
	if m == nil || m.id != id {
		return errMarkEnded
	}
	err := e.putBack(m)
	if e.done.Err() != nil {
		return errors.Join(err, errStopping) // the next start puts it back
	}
	e.marked = nil
	close(m.ended)
	return errors.Join(err, e.kept.unmark())
}

func (e *Environment) putBack(m *mark) error {
	errs := []error{e.aws.store.Restore(m.users)}
	for _, arn := range e.notIn(m.clusters) {
		errs = append(errs, e.wait(e.done, func(life context.Context) error { return e.discardCluster(life, arn) }))
	}
	for _, saved := range m.clusters.Clusters {
		errs = append(errs, e.resetCluster(saved))
	}
	return errors.Join(errs...)
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

// resetCluster puts back what the EKS API had about a cluster. An update that was in progress ends with that.
func (e *Environment) resetCluster(saved *eks.SavedCluster) error {
	if err := e.aws.clusters.Restore(saved); err != nil {
		return fmt.Errorf("put back cluster %s: %w", saved.Cluster.Name, err)
	}
	return e.applyChange(saved.Cluster.ARN)
}
