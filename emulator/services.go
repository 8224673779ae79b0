package emulator

import (
	"context"
	"fmt"
	"net/http"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/ec2"
	"github.com/eksemu/eksemu/emulator/eks"
	"github.com/eksemu/eksemu/emulator/iamapi"
	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// makeAWS makes the services over what is kept of the last start and what the configuration says.
func (e *Environment) makeAWS(ctx context.Context) error {
	e.clock = &awsClock{real: e.opts.Now}
	if err := e.clock.advance(e.opts.ClockOffset); err != nil {
		return err
	}
	users, clusters, err := e.kept.load()
	if err != nil {
		return err
	}
	store, err := e.openIAM(users)
	if err != nil {
		return err
	}
	if err := e.makeServices(store); err != nil {
		return err
	}
	return e.openClusters(ctx, clusters)
}

// openIAM makes the IAM store.
func (e *Environment) openIAM(saved iam.Snapshot) (*iam.Store, error) {
	cfg := e.opts.Config
	wanted, err := cfg.Snapshot()
	if err != nil {
		return nil, err
	}
	store, err := iam.NewStore(iam.Options{
		Partition: cfg.Partition(), SealingKey: e.state.read().SealingKey, Now: e.clock.now, Save: e.kept.saveIAM,
	})
	if err != nil {
		return nil, err
	}
	content, now := reconcile(cfg.Partition(), saved, e.state.read().Seeded, wanted)
	if err := store.Load(content); err != nil {
		return nil, fmt.Errorf("put the identities of the configuration into IAM: %w", err)
	}
	return store, e.state.update(func(s *state) {
		for key, digest := range s.Seeded {
			if isClusterKey(key) {
				now[key] = digest
			}
		}
		s.Seeded = now
	})
}

// makeServices makes the services over an IAM store.
func (e *Environment) makeServices(store *iam.Store) error {
	cfg := e.opts.Config
	gate := &stsfake.Gate{Store: store, Now: e.clock.now, Observe: e.observeCall}
	compute, err := ec2.New(ec2.Options{Gate: gate, Instances: instances(cfg)})
	if err != nil {
		return err
	}
	clusters := eks.NewRegistry(eks.RegistryOptions{Save: e.kept.saveClusters, Changed: e.changed})
	users, err := iamapi.New(iamapi.Options{Gate: gate, Enforce: cfg.EnforceIAM})
	if err != nil {
		return err
	}
	options := eks.Options{Gate: gate, Clusters: clusters, Version: e.opts.Kubernetes}
	if cfg.EnforceIAM {
		options.Authorize = store.Authorize
	}
	e.aws = &awsSide{
		store: store, clusters: clusters,
		issuer:    &eks.Issuers{Clusters: clusters, Now: e.clock.now},
		services:  map[string]http.Handler{"eks": eks.New(options), "ec2": compute, "iam": users},
		files:     e.files,
		processes: append([]string{e.opts.Executable}, e.opts.InstanceCredentials...),
		config:    cfg,
		overlays:  map[string]config.Overlay{},
		state:     e.state,
	}
	issuers, err := e.issuers()
	if err != nil {
		return err
	}
	e.aws.services["sts"] = stsfake.New(stsfake.Options{
		Gate: gate, Faults: &e.faults, Issuers: issuers, InactiveRegion: e.aws.inactiveRegion,
	})
	for name, service := range e.aws.services {
		e.aws.services[name] = &unhurried{service}
	}
	return nil
}
