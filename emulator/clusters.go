package emulator

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/eksemu/eksemu/emulator/access"
	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/eks"
	"github.com/eksemu/eksemu/emulator/internal/process"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// clusterSet is the clusters that run, in the order in which they were made known. The zero value has none.
type clusterSet struct {
	mu   sync.Mutex
	list []*runningCluster
}

func (s *clusterSet) add(c *runningCluster) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, c)
}

// drop takes a cluster out, if it is there.
func (s *clusterSet) drop(c *runningCluster) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = without(s.list, func(other *runningCluster) bool { return other == c })
}

func (s *clusterSet) find(arn string) *runningCluster {
	for _, c := range s.all() {
		if c.arn == arn {
			return c
		}
	}
	return nil
}

// all are the clusters, whether they can be used yet or not.
func (s *clusterSet) all() []*runningCluster {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list)
}

// active are the clusters that can be used.
func (s *clusterSet) active() []*runningCluster {
	return slices.DeleteFunc(s.all(), func(c *runningCluster) bool { return !c.active.Load() })
}

// ports are those of the API servers, to which clients that do not know NO_PROXY may tunnel.
func (s *clusterSet) ports() []int {
	var ports []int
	for _, c := range s.active() {
		endpoint, err := url.Parse(c.info.Endpoint)
		if err != nil {
			continue // a backend's endpoint is a URL
		}
		if port, err := strconv.Atoi(endpoint.Port()); err == nil {
			ports = append(ports, port)
		}
	}
	return ports
}

// stop stops all clusters, for good or not.
func (s *clusterSet) stop(ctx context.Context, remove bool) error {
	var group errgroup.Group
	all := s.all()
	errs := make([]error, len(all))
	for i, c := range all {
		group.Go(func() error {
			errs[i] = c.stop(ctx, remove)
			return nil
		})
	}
	_ = group.Wait() // errs has the errors
	return errors.Join(errs...)
}

// newCluster makes a cluster known that is to run.
func (e *Environment) newCluster(spec config.Cluster, arn string) *runningCluster {
	name := e.nameOf(arn)
	c := &runningCluster{spec: spec, name: name, arn: arn, dir: e.files.cluster(name), logs: e.files.Logs()}
	c.ended, c.end = context.WithCancel(e.done)
	if configured := e.opts.Config.Clusters; len(configured) == 0 || configured[0].Name != name {
		c.label, c.logs = name+"/", filepath.Join(e.files.Logs(), name)
	}
	c.authorizer = access.NewAuthorizer(access.Options{Observe: e.observeReview(c)})
	e.clusters.add(c)
	return c
}

// nameOf is what the environment calls a cluster: its name, and where it is if that is not the environment's own region
// or account, in which the name may be another cluster's.
func (e *Environment) nameOf(arn string) string { return nameOf(e.opts.Config, arn) }

func nameOf(cfg *config.Environment, arn string) string {
	parsed, _ := iam.ParseARN(arn) // of a cluster of the registry
	name := strings.TrimPrefix(parsed.Resource, "cluster/")
	switch {
	case parsed.AccountID != cfg.Account:
		return name + "." + parsed.Region + "." + parsed.AccountID
	case parsed.Region != cfg.Region:
		return name + "." + parsed.Region
	}
	return name
}

// part is a part of the start of a cluster.
type part struct {
	what string
	do   func(context.Context, *runningCluster) error
}

// parts are the parts of a cluster's start, each of which needs those before it.
func (e *Environment) parts() []part {
	controlPlane := part{"start etcd and kube-apiserver", e.startControlPlane}
	if e.opts.Backend == BackendKind {
		controlPlane.what = "start a kind cluster"
	}
	parts := []part{controlPlane, {"apply aws-auth and RBAC", e.applyManifests}, {"start aws-iam-authenticator", e.startAuthenticator}}
	if e.opts.Backend == BackendKind {
		parts = append(parts, part{"lead AWS names of nodes and pods here", e.leadNodes})
	}
	return append(parts, part{"wait for the rules of aggregated roles", e.awaitRoles})
}

// bringUpNew is bringUp of a cluster that was not there before: what an earlier one of its name has left, such as one of a
// run that was killed or of an older configuration, is not its own.
func (e *Environment) bringUpNew(ctx context.Context, c *runningCluster) error {
	clean := func(ctx context.Context, c *runningCluster) error { return e.removeTraces(ctx, c.name) }
	if err := c.take(ctx, part{"remove what is left of another cluster of that name", clean}); err != nil {
		return err
	}
	return e.bringUp(ctx, c)
}

// bringUp starts a cluster and makes it usable.
func (e *Environment) bringUp(ctx context.Context, c *runningCluster) error {
	for _, part := range append(e.parts(), part{"make the cluster usable", e.activate}) {
		if err := c.take(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// take takes a part of a cluster's start, unless the cluster ends.
func (c *runningCluster) take(ctx context.Context, part part) error {
	c.life.Lock()
	defer c.life.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.ended, func() { cancel(errDeleted) })() //nolint:contextcheck // the cluster's end is that of its start, too
	if c.ended.Err() != nil {
		return errDeleted
	}
	if err := part.do(ctx, c); c.ended.Err() == nil || err == nil {
		return err
	}
	return errDeleted
}

// unlessDeleted is an error of the start of a cluster, unless somebody has deleted the cluster: then the environment goes on
// without it. A cluster that ends with the environment is another matter.
func (e *Environment) unlessDeleted(err error) error {
	if errors.Is(err, errDeleted) && e.done.Err() == nil {
		return nil
	}
	return err
}

// startOthers starts all clusters but the primary one, side by side. One that is in no configuration does not keep the
// environment from starting.
func (e *Environment) startOthers(ctx context.Context) error {
	group, bounded := errgroup.WithContext(ctx)
	for _, c := range e.others {
		group.Go(func() error {
			if err := e.unlessDeleted(e.bringUp(bounded, c)); err != nil {
				return fmt.Errorf("cluster %s: %w", c.name, err)
			}
			return nil
		})
	}
	for _, c := range e.resumed {
		group.Go(func() error {
			if err := e.unlessDeleted(e.bringUp(bounded, c)); err != nil && bounded.Err() == nil {
				e.note(fmt.Sprintf("cluster %s, which was made with the EKS API, could not be started, and will be tried again at the next start: %v", c.name, err))
				e.fail(bounded, c, err, false)
			}
			return nil
		})
	}
	return group.Wait()
}

// activate lets the EKS API show a cluster as usable.
func (e *Environment) activate(_ context.Context, c *runningCluster) error {
	if err := e.aws.clusters.SetEndpoint(c.arn, c.info.Endpoint, c.info.CAPEM); err != nil {
		return err
	}
	if err := e.aws.clusters.UpdateStatus(c.arn, eks.StatusActive); err != nil {
		return err
	}
	c.active.Store(true)
	return nil
}

// observerOf notes what happens to the processes of a cluster.
func (e *Environment) observerOf(c *runningCluster) func(process.Event) {
	return func(event process.Event) {
		event.Name = c.label + event.Name
		e.observe(event)
	}
}
