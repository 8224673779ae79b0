package emulator

import (
	"context"
	"fmt"
	"os"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/eks"
)

// openClusters fills the EKS API and makes known which clusters are to run: those of the configuration, and those that
// callers of the API made in an earlier start.
func (e *Environment) openClusters(ctx context.Context, saved eks.Snapshot) error {
	var specs []eks.Cluster
	wanted, before := seeded{}, e.state.read().Seeded
	for _, spec := range e.opts.Config.Clusters {
		described, err := e.describeCluster(e.opts.Config, spec)
		if err != nil {
			return err
		}
		specs = append(specs, described)
		wanted[clusterKey(described.ARN)] = clusterDigest(spec)
	}
	if err := e.aws.clusters.Load(e.asStopped(saved, before, wanted)); err != nil {
		return damagedKept(e.kept.path(clustersFile), err)
	}
	for i, spec := range e.opts.Config.Clusters {
		runs, err := e.addCluster(spec, specs[i], before[clusterKey(specs[i].ARN)])
		if err != nil {
			return err
		}
		if !runs {
			continue
		}
		c := e.newCluster(spec, specs[i].ARN)
		if i == 0 {
			e.primary = c
		} else {
			e.others = append(e.others, c)
		}
	}
	if err := e.kept.saveClusters(e.aws.clusters.Snapshot()); err != nil { // before it is forgotten that some are to be removed
		return err
	}
	if err := e.state.update(func(s *state) { s.Seeded.replaceClusters(wanted) }); err != nil {
		return err
	}
	e.resumeClusters(ctx)
	return nil
}

// replaceClusters puts clusters in the place of those that a record has. One that it had already keeps its digest: that
// of when it was made.
func (s seeded) replaceClusters(wanted seeded) {
	for key, digest := range wanted {
		if s[key] == "" {
			s[key] = digest
		}
	}
	for key := range s {
		if _, still := wanted[key]; isClusterKey(key) && !still {
			delete(s, key)
		}
	}
}

// hasTraces tells whether a cluster has a folder. Of one that is FAILED this says that it was usable once: what there is of
// a new one that fails is removed.
func (e *Environment) hasTraces(arn string) bool {
	_, err := os.Stat(e.files.cluster(e.nameOf(arn)))
	return err == nil
}

// asStopped is what is saved of clusters of which none runs: those that did, or have failed to do so again, are CREATING
// again, with the Kubernetes version of this build. A cluster that was in the configuration and is no longer is forgotten; its folder stays.
func (e *Environment) asStopped(saved eks.Snapshot, before, wanted seeded) eks.Snapshot {
	var kept []*eks.SavedCluster
	for _, c := range saved.Clusters {
		key := clusterKey(c.Cluster.ARN)
		if before[key] == ofOverlay {
			c.Cluster.Status = eks.StatusDeleting // of a run that was killed
		} else if before[key] != "" && wanted[key] == "" {
			continue
		}
		if c.Cluster.Status == eks.StatusFailed && e.hasTraces(c.Cluster.ARN) {
			c.Cluster.Status, c.Cluster.Health.Issues = eks.StatusCreating, []eks.ClusterIssue{}
		}
		switch c.Cluster.Status {
		case eks.StatusActive, eks.StatusUpdating, eks.StatusCreating:
			c.Cluster.Status, c.Cluster.Version = eks.StatusCreating, e.opts.Kubernetes
			c.Cluster.Endpoint, c.Cluster.CertificateAuthority.Data = "", ""
		default:
		}
		kept = append(kept, c)
	}
	return eks.Snapshot{Clusters: kept}
}

// describeCluster is a cluster of a configuration as the EKS API has it at first.
func (e *Environment) describeCluster(cfg *config.Environment, spec config.Cluster) (eks.Cluster, error) {
	role, _ := cfg.Identity(spec.Role)
	issuer, _ := cfg.Issuer(spec.Name)
	return eks.NewCluster(eks.ClusterSpec{
		Partition:          cfg.Partition(),
		Scope:              eks.Scope{AccountID: cfg.Account, Region: cfg.Region},
		Name:               spec.Name,
		Version:            e.opts.Kubernetes,
		AuthenticationMode: eks.AuthenticationMode(spec.AuthenticationMode),
		NoCreatorAdmin:     !spec.CreatorIsAdmin(),
		RoleARN:            role.ARN,
		Issuer:             issuer,
		CreatedAt:          e.opts.Now(),
	})
}

// addCluster makes a cluster of the configuration known to the EKS API, unless it is from an earlier start, and tells
// whether it runs: one that a caller of the API has deleted stays deleted until the configuration changes. before is the
// digest of what the configuration said when the cluster was made, "" if it was not.
func (e *Environment) addCluster(spec config.Cluster, described eks.Cluster, before string) (bool, error) {
	same := before == clusterDigest(spec)
	if kept, ok := e.aws.clusters.ClusterByARN(described.ARN); ok {
		if before != "" && !same {
			e.note(fmt.Sprintf("what the configuration says about who may use cluster %s has changed since it was made, and was not applied. "+
				"Use `aws eks create-access-entry` and the like, or begin anew with `eksemu down` and `eksemu up`", spec.Name))
		}
		return kept.Status != eks.StatusDeleting, nil
	}
	if same {
		e.note(fmt.Sprintf("cluster %s was deleted with the EKS API, and stays deleted. To have it back, begin anew with `eksemu down` and `eksemu up`", spec.Name))
		return false, nil
	}
	if err := e.noteMoved(spec.Name, described.ARN); err != nil {
		return false, err
	}
	return true, e.aws.makeCluster(e.opts.Config, spec, described)
}

// makeCluster makes a cluster of a configuration in the EKS API, with its first access entries.
func (a *awsSide) makeCluster(cfg *config.Environment, spec config.Cluster, described eks.Cluster) error {
	creator, _ := cfg.Identity(spec.Creator)
	entries := cfg.InitialEntries(spec)
	for i, entry := range entries {
		entries[i].PrincipalID = a.principalID(entry.PrincipalARN)
	}
	return a.clusters.AddCluster(described, eks.Principal{ARN: creator.ARN, ID: a.principalID(creator.ARN)}, entries...)
}

// noteMoved remembers the ARN of a new cluster, and tells the user if that of a kept one is another by now.
func (e *Environment) noteMoved(name, arn string) error {
	kept := e.state.read()
	before := kept.ARNs[name]
	if kept.Bootstrap[name] && before != "" && before != arn {
		e.note(fmt.Sprintf("cluster %s was made as %s and is %s now: it keeps its objects, aws-auth with the ARNs of before among them. "+
			"Change them with kubectl, or begin anew with `eksemu down` and `eksemu up`", name, before, arn))
		return nil
	}
	return e.state.update(func(s *state) { s.ARNs[name] = arn })
}

// principalID is the unique ID of a user or role, "" if there is none with the ARN.
func (a *awsSide) principalID(arn string) string {
	if user, err := a.store.User(arn); err == nil {
		return user.UniqueID
	}
	role, err := a.store.Role(arn)
	if err != nil {
		return ""
	}
	return role.UniqueID
}
