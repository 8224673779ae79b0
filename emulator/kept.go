package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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

// load reads what the last start left; zero values on the first start. If that was killed while something was to be put
// back, it is what was before.
func (k kept) load() (users iam.Snapshot, clusters eks.Snapshot, err error) {
	suffix := ""
	if k.marked() {
		suffix = beforeSuffix
	}
	return users, clusters, errors.Join(k.read(iamFile+suffix, &users), k.read(clustersFile+suffix, &clusters))
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
