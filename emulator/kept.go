package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/eksemu/eksemu/emulator/eks"
	"github.com/eksemu/eksemu/emulator/internal/atomicfile"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// kept is the part of the state folder with what callers of the IAM and EKS APIs have made: every change is in it before
// its caller has an answer.
type kept struct{ dir string }

// Names of its files, and what follows the name of one that holds what was before a scenario.
const (
	iamFile      = "iam.json"
	clustersFile = "eks.json"
	beforeSuffix = ".before"
)

func (k kept) saveIAM(s iam.Snapshot) error      { return k.save(iamFile, s) }
func (k kept) saveClusters(s eks.Snapshot) error { return k.save(clustersFile, s) }

func (k kept) path(name string) string { return filepath.Join(k.dir, name) }

func (k kept) save(name string, content any) error {
	raw, err := json.MarshalIndent(content, "", " ")
	if err != nil {
		return err
	}
	return atomicfile.Write(k.path(name), append(raw, '\n'), 0o600)
}

// load reads what the last start left; zero values on the first start. If that ended while something was to be put back,
// this is done first.
func (k kept) load() (users iam.Snapshot, clusters eks.Snapshot, err error) {
	if k.marked() {
		if err := k.putBack(); err != nil {
			return iam.Snapshot{}, eks.Snapshot{}, err
		}
	}
	return users, clusters, errors.Join(k.read(iamFile, &users), k.read(clustersFile, &clusters))
}

// putBack makes what mark remembers what there is. Clusters that were made since are to be deleted, with all that they
// have; so are those whose deletion had begun.
func (k kept) putBack() error {
	var users iam.Snapshot
	var before, now eks.Snapshot
	err := errors.Join(k.read(iamFile+beforeSuffix, &users), k.read(clustersFile+beforeSuffix, &before), k.read(clustersFile, &now))
	if err != nil {
		return err
	}
	for _, c := range now.Clusters {
		if c == nil {
			return damagedKept(k.path(clustersFile), errors.New("a cluster is missing"))
		}
		i := slices.IndexFunc(before.Clusters, func(b *eks.SavedCluster) bool { return b != nil && b.Cluster.ARN == c.Cluster.ARN })
		switch {
		case i < 0:
			c.Cluster.Status = eks.StatusDeleting
			before.Clusters = append(before.Clusters, c)
		case c.Cluster.Status == eks.StatusDeleting:
			before.Clusters[i].Cluster.Status = eks.StatusDeleting
		}
	}
	if err := errors.Join(k.saveIAM(users), k.saveClusters(before)); err != nil {
		return err
	}
	return k.unmark()
}

// marked tells whether mark has been called, and unmark has not.
func (k kept) marked() bool {
	_, err := os.Stat(k.path(clustersFile + beforeSuffix)) // written last and removed first
	return err == nil
}

// read reads a file, if there is one. A damaged one is refused and left as it is.
func (k kept) read(name string, into any) error {
	path := k.path(name)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		return damagedKept(path, err)
	}
	return nil
}

func damagedKept(path string, err error) error {
	return fmt.Errorf("state file %s is damaged and was left as it is: remove the environment with `eksemu down`, or put a good copy back: %w", path, err)
}

// mark remembers what there is, for a later reset or for a start after this process was killed in between.
func (k kept) mark(users iam.Snapshot, clusters eks.Snapshot) error {
	if err := k.save(iamFile+beforeSuffix, users); err != nil {
		return err
	}
	return k.save(clustersFile+beforeSuffix, clusters)
}

// unmark forgets it.
func (k kept) unmark() error {
	return errors.Join(remove(k.dir, clustersFile+beforeSuffix), remove(k.dir, iamFile+beforeSuffix))
}
