package emulator

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/eks"
	"github.com/eksemu/eksemu/emulator/internal/process"
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

// take takes a cluster out, nil if it is not there.
func (s *clusterSet) take(arn string) *runningCluster {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.list, func(c *runningCluster) bool { return c.arn == arn })
	if i < 0 {
		return nil
	}
	c := s.list[i]
	s.list = slices.Delete(slices.Clone(s.list), i, i+1)
	return c
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

// first is the cluster that people mean when they name none.
func (s *clusterSet) first() *runningCluster { return s.all()[0] }

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
	c := &runningCluster{spec: spec, arn: arn, dir: e.files.cluster(spec.Name), logs: e.files.Logs()}
	if len(e.clusters.all()) > 0 {
		c.label, c.logs = spec.Name+"/", filepath.Join(e.files.Logs(), spec.Name)
	}
	e.clusters.add(c)
	return c
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
	return parts
}

// bringUp starts a cluster and makes it usable.
func (e *Environment) bringUp(ctx context.Context, c *runningCluster) error {
	for _, part := range e.parts() {
		if err := part.do(ctx, c); err != nil {
			return err
		}
	}
	return e.activate(c)
}

// startOthers starts all clusters but the first, side by side.
func (e *Environment) startOthers(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, c := range e.clusters.all()[1:] {
		group.Go(func() error { return e.bringUp(ctx, c) })
	}
	return group.Wait()
}

// activate lets the EKS API show a cluster as usable.
func (e *Environment) activate(c *runningCluster) error {
	if err := e.aws.clusters.SetEndpoint(c.arn, c.info.Endpoint, c.info.CAPEM); err != nil {
		return err
	}
	c.active.Store(true)
	return e.aws.clusters.UpdateStatus(c.arn, eks.StatusActive)
}

// observerOf notes what happens to the processes of a cluster.
func (e *Environment) observerOf(c *runningCluster) func(process.Event) {
	return func(event process.Event) {
		event.Name = c.label + event.Name
		e.observe(event)
	}
}
