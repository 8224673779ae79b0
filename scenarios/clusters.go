package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// findClusters chooses the cluster that the scenario talks to, and adds those that it brings and that are not there yet.
func (s *session) findClusters(ctx context.Context) error {
	if s.scenario.Environment != nil {
		for i, spec := range slices.Backward(s.scenario.Environment.Clusters) {
			raw, err := json.Marshal(spec)
			if err != nil {
				return err
			}
			with, there := s.clusters[string(raw)]
			if !there {
				var do func(context.Context) error
				if with, do, err = s.run.Environment.PutCluster(ctx, spec); err != nil {
					return fmt.Errorf("add the scenario's cluster %s: %w", spec.Name, err)
				}
				s.clusters[string(raw)] = with
				s.run.undo = append(s.run.undo, undo{"cluster " + spec.Name, do})
				s.run.changed = s.Now() // its controllers are still about to aggregate ClusterRoles such as view
			}
			if i == 0 {
				s.Environment = with
			}
		}
	}
	s.cluster = s.Environment.Cluster().Name
	return nil
}

// removeClusters removes the clusters that scenarios brought, also when ctx has ended.
func (r *run) removeClusters(ctx context.Context) error {
	if len(r.undo) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	var errs []error
	for _, u := range slices.Backward(r.undo) {
		if err := u.do(ctx); err != nil {
			errs = append(errs, fmt.Errorf("remove %s: %w", u.what, err))
		}
	}
	return errors.Join(errs...)
}

// callsAWS tells whether a step of the scenario may change what the IAM and EKS APIs hold. Options may come before the
// service's name, so that each argument is looked at: one that only looks like a name costs a mark.
func (s *Scenario) callsAWS() bool {
	return slices.ContainsFunc(s.AllSteps(), func(step Step) bool {
		return slices.Contains(step.AWS, "eks") || slices.Contains(step.AWS, "iam")
	})
}
