package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/eksemu/eksemu/emulator/cluster"
)

// Bounds of waiting for an API server.
const (
	readyTimeout = 2 * time.Minute
	readyPoll    = 250 * time.Millisecond
)

// restartAPIServers restarts the API servers of nodes, which read their files when they start, and returns when each has
// another one that is ready.
func (b *Backend) restartAPIServers(ctx context.Context, nodes []node) error {
	for _, node := range nodes {
		if !isControlPlane(node) {
			continue
		}
		if err := b.restartAPIServer(ctx, node.name); err != nil {
			return fmt.Errorf("restart the API server of %s (`eksemu down` deletes the cluster): %w", node.name, err)
		}
	}
	return nil
}

// errNoServer is why an API server cannot be stopped, or is not ready.
var errNoServer = errors.New("there runs none")

// restartAPIServer ends a node's API server, which kubelet then starts again, and returns when the new one is ready. One
// that is ready is not a new one as long as it is the same container.
func (b *Backend) restartAPIServer(ctx context.Context, node string) error {
	var before []string
	return eventually(ctx, func(ctx context.Context) error {
		ids, err := b.apiServers(ctx, node)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return errNoServer
		}
		if before == nil || slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(before, id) }) {
			before = ids
			if _, err := b.docker.output(ctx, append([]string{"exec", node, "crictl", "stop", "--timeout", "1"}, ids...)...); err != nil {
				return err
			}
			return errNoServer
		}
		return b.serving(ctx, node)
	})
}

// apiServers are the IDs of the containers of a node's API server that run.
func (b *Backend) apiServers(ctx context.Context, node string) ([]string, error) {
	out, err := b.docker.line(ctx, "exec", node, "crictl", "ps", "--quiet", "--name", "^kube-apiserver$")
	return strings.Fields(out), err
}

// serving returns nil if a node's own API server is ready. kubectl is in every node image, and kind itself uses it there with
// that file, for without credentials kubectl asks for a user. The port is kind's
// (sigs.k8s.io/kind pkg/cluster/internal/providers/common), and 127.0.0.1 is in the certificate, as kind publishes it there.
func (b *Backend) serving(ctx context.Context, node string) error {
	_, err := b.docker.output(ctx, "exec", node, "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "--server=https://127.0.0.1:6443",
		"--request-timeout=2s", "get", "--raw=/readyz")
	return err
}

// awaitReady returns when the API server of every control-plane node is ready, and can be reached from here.
func (b *Backend) awaitReady(ctx context.Context, nodes []node) error {
	endpoint, caPEM, err := b.files.access()
	if err != nil {
		return err
	}
	ready, err := cluster.Readyz(cluster.Info{Endpoint: endpoint, CAPEM: caPEM})
	if err != nil {
		return err
	}
	for _, node := range nodes {
		if isControlPlane(node) && err == nil {
			err = eventually(ctx, func(ctx context.Context) error { return b.serving(ctx, node.name) })
		}
	}
	if err == nil {
		err = eventually(ctx, ready)
	}
	if err != nil {
		return fmt.Errorf("the API server of the kind cluster %s is not ready again (`eksemu down` deletes it): %w", b.name, err)
	}
	return nil
}

// eventually does something until it succeeds, for as long as an API server may take.
func eventually(ctx context.Context, do func(context.Context) error) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, readyPoll, readyTimeout, true, func(ctx context.Context) (bool, error) {
		last = do(ctx)
		return last == nil, nil
	})
	if err != nil {
		return errors.Join(last, err)
	}
	return nil
}
