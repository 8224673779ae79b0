package kindcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path"
	"slices"

	"github.com/eksemu/eksemu/emulator/cluster"
)

// adopt takes over the cluster of an earlier run: nodes that stand still are started, and API servers that run with
// other files than there are now are restarted. The marker knows with which files they were last ready; it forgets
// them before there are others, so that a start that ends in between is no reason to leave the old ones in place.
func (b *Backend) adopt(ctx context.Context, spec cluster.Spec) error {
	b.cfg.Progress("adopt the kind cluster " + b.name)
	b.mine = true
	b.notes = append(b.notes, b.mark.differs(settings(b.cfg.Options, spec))...)
	fresh := b.mark.Files == digest(spec)
	if !fresh {
		if err := b.setFiles(""); err != nil {
			return err
		}
	}
	if err := b.files.prepare(spec); err != nil {
		return err
	}
	if _, err := b.docker.output(ctx, append([]string{"start"}, namesOf(b.there)...)...); err != nil {
		return fmt.Errorf("start the nodes of the kind cluster %s: %w", b.name, err)
	}
	stale, err := b.stale(ctx, spec)
	if err != nil {
		return err
	}
	switch {
	case stale:
		if _, err := b.docker.output(ctx, append([]string{"restart", "--time", stopSeconds}, namesOf(b.there)...)...); err != nil {
			return fmt.Errorf("restart the nodes of the kind cluster %s: %w", b.name, err)
		}
	case !fresh: // those that were started just now have read the new files
		if err := b.restartAPIServers(ctx, slices.DeleteFunc(slices.Clone(b.there), func(n node) bool { return !n.running })); err != nil {
			return err
		}
	}
	if err := b.awaitReady(ctx, b.there); err != nil {
		return err
	}
	if err := b.setFiles(digest(spec)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, reachPatience, errNotTried)
	defer cancel()
	return b.reach(ctx, b.first(b.there), spec)
}

// setFiles writes down with which files the API servers were last ready.
func (b *Backend) setFiles(digest string) error {
	mark := b.mark
	mark.Files = digest
	return b.setMark(mark)
}

// stale tells whether the first control-plane node still sees a folder that was removed, and not the one that is there
// now.
func (b *Backend) stale(ctx context.Context, spec cluster.Spec) (bool, error) {
	var want []byte
	cat := []string{"exec", b.first(b.there), "cat"}
	files := cluster.Files(spec, mountPoint)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		want = append(want, files[name]...)
		cat = append(cat, path.Join(mountPoint, name))
	}
	seen, err := b.docker.output(ctx, cat...)
	var failed *exec.ExitError
	if errors.As(err, &failed) && failed.ExitCode() == 1 { // a file that cat does not find
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the files of the API server in %s: %w", b.first(b.there), err)
	}
	return !bytes.Equal(seen, want), nil
}

// first is the control-plane node that is asked where one is as good as another.
func (b *Backend) first(nodes []node) string {
	names := namesOf(slices.DeleteFunc(slices.Clone(nodes), func(n node) bool { return !isControlPlane(n) }))
	if len(names) == 0 || slices.Contains(names, controlPlane(b.name)) {
		return controlPlane(b.name)
	}
	return slices.Min(names)
}
