package kindcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/eksemu/eksemu/emulator/cluster"
)

// readyTimeout is how long an API server may take to be ready again.
const readyTimeout = 2 * time.Minute

// adopt takes over the cluster of an earlier run: nodes that stand still are started, and an API server that runs with
// other files than there are now is restarted.
func (b *Backend) adopt(ctx context.Context, spec cluster.Spec, changed bool) error {
	b.cfg.Progress("adopt the kind cluster " + b.cfg.Name)
	node := controlPlane(b.cfg.Name)
	ran := b.docker.running(ctx, node)
	if _, err := b.docker.output(ctx, append([]string{"start"}, namesOf(b.there)...)...); err != nil {
		return fmt.Errorf("start the nodes of the kind cluster %s: %w", b.cfg.Name, err)
	}
	stale, err := b.stale(ctx, spec)
	if err != nil {
		return err
	}
	switch {
	case stale:
		if _, err := b.docker.output(ctx, append([]string{"restart", "--time", stopSeconds}, namesOf(b.there)...)...); err != nil {
			return fmt.Errorf("restart the nodes of the kind cluster %s: %w", b.cfg.Name, err)
		}
	case ran && changed:
		return b.restartAPIServers(ctx)
	}
	return b.awaitReady(ctx)
}

// restartAPIServers restarts the API servers, which read their files when they start, and returns when they are ready
// again.
func (b *Backend) restartAPIServers(ctx context.Context) error {
	nodes, err := b.docker.nodes(ctx, b.cfg.Name, b.mark.ID)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		if !isControlPlane(node) {
			continue
		}
		const stop = "crictl ps --quiet --name kube-apiserver | xargs -r crictl stop --timeout 1"
		if _, err := b.docker.output(ctx, "exec", node.name, "sh", "-c", stop); err != nil {
			return fmt.Errorf("restart the API server of %s: %w", node.name, err)
		}
	}
	return b.awaitReady(ctx)
}

// stale tells whether the node still sees a folder that was removed, and not the one that is there now.
func (b *Backend) stale(ctx context.Context, spec cluster.Spec) (bool, error) {
	for name, content := range cluster.Files(spec) {
		seen, err := b.docker.output(ctx, "exec", controlPlane(b.cfg.Name), "cat", path.Join(mountPoint, name))
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		if err != nil || !bytes.Equal(seen, content) {
			return true, nil //nolint:nilerr // a file that cannot be read is not there
		}
	}
	return false, nil
}

func (b *Backend) awaitReady(ctx context.Context) error {
	endpoint, caPEM, err := b.files.access()
	if err != nil {
		return err
	}
	ready, err := cluster.Readyz(cluster.Info{Endpoint: endpoint, CAPEM: caPEM})
	if err != nil {
		return err
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, 250*time.Millisecond, readyTimeout, true, func(ctx context.Context) (bool, error) {
		last = ready(ctx)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("the API server of the kind cluster %s is not ready again (`eksemu down` deletes it): %w", b.cfg.Name, errors.Join(last, err))
	}
	return nil
}
