package kindcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/eksemu/eksemu/emulator/cluster"
)

// found is what there is of the cluster already.
type found struct {
	names []string // of its containers
	made  bool     // it was made to its end
}

// usable tells whether the cluster can be adopted.
func (f found) usable() bool { return len(f.names) > 0 && f.made }

// find looks for the cluster and refuses one of that name that is not the environment's.
func (b *Backend) find(ctx context.Context, files folder) (found, error) {
	mark, err := files.marker()
	if err != nil {
		return found{}, err
	}
	if mark.Cluster != "" && mark.Cluster != b.cfg.Name {
		return found{}, fmt.Errorf("the environment's kind cluster is called %s: leave out --kind-cluster %s, or begin anew with `eksemu down`", mark.Cluster, b.cfg.Name)
	}
	names, err := b.docker.containers(ctx, b.cfg.Name)
	if err != nil || len(names) == 0 {
		return found{}, err
	}
	source, err := b.docker.source(ctx, controlPlane(b.cfg.Name), mountPoint)
	ours := err == nil && sameFolder(source, files.config())
	if !ours && (err == nil || mark.Cluster == "") {
		return found{}, fmt.Errorf("there is a kind cluster %s that this environment did not make: choose another name with --kind-cluster, or delete it with `kind delete cluster --name %s`",
			b.cfg.Name, b.cfg.Name)
	}
	return found{names: names, made: mark.Made && ours}, nil
}

// marker reads the marker; there is none before a cluster is made.
func (f folder) marker() (marker, error) {
	var mark marker
	raw, err := os.ReadFile(f.markerPath())
	if errors.Is(err, fs.ErrNotExist) {
		return mark, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &mark)
	}
	if err != nil {
		return mark, fmt.Errorf("read which kind cluster is the environment's, from %s (delete it with kind, and then that file): %w", f.markerPath(), err)
	}
	return mark, nil
}

func (f folder) mark(mark marker) error {
	raw, err := json.Marshal(mark)
	if err != nil {
		return err
	}
	return f.write(f.markerPath(), append(raw, '\n'))
}

// access reads the address and the certificate authority of the API server from kind's kubeconfig.
func (f folder) access() (endpoint string, caPEM []byte, err error) {
	config, err := clientcmd.LoadFromFile(f.kubeconfig())
	if err != nil {
		return "", nil, fmt.Errorf("read kind's kubeconfig: %w", err)
	}
	for _, target := range config.Clusters {
		return target.Server, target.CertificateAuthorityData, nil
	}
	return "", nil, fmt.Errorf("kind's kubeconfig %s has no cluster", f.kubeconfig())
}

// readyTimeout is how long an API server may take to be ready again.
const readyTimeout = 2 * time.Minute

// adopt takes over the cluster of an earlier run: nodes that stand still are started, and an API server that runs with
// other files than there are now is restarted.
func (b *Backend) adopt(ctx context.Context, spec cluster.Spec, there found, changed bool) error {
	b.cfg.Progress("adopt the kind cluster " + b.cfg.Name)
	node := controlPlane(b.cfg.Name)
	ran := b.docker.running(ctx, node)
	if _, err := b.docker.output(ctx, append([]string{"start"}, there.names...)...); err != nil {
		return fmt.Errorf("start the nodes of the kind cluster %s: %w", b.cfg.Name, err)
	}
	stale, err := b.stale(ctx, spec)
	if err != nil {
		return err
	}
	switch {
	case stale:
		if _, err := b.docker.output(ctx, append([]string{"restart", "--time", stopSeconds}, there.names...)...); err != nil {
			return fmt.Errorf("restart the nodes of the kind cluster %s: %w", b.cfg.Name, err)
		}
	case ran && changed:
		return b.restartAPIServers(ctx)
	}
	return b.awaitReady(ctx)
}

// isControlPlane knows the names of the nodes that have an API server.
var isControlPlane = regexp.MustCompile(`-control-plane\d*$`)

// restartAPIServers restarts the API servers, which read their files when they start, and returns when they are ready
// again.
func (b *Backend) restartAPIServers(ctx context.Context) error {
	names, err := b.docker.containers(ctx, b.cfg.Name)
	if err != nil {
		return err
	}
	for _, node := range names {
		if !isControlPlane.MatchString(node) {
			continue
		}
		const stop = "crictl ps --quiet --name kube-apiserver | xargs -r crictl stop --timeout 1"
		if _, err := b.docker.output(ctx, "exec", node, "sh", "-c", stop); err != nil {
			return fmt.Errorf("restart the API server of %s: %w", node, err)
		}
	}
	return b.awaitReady(ctx)
}

// stale tells whether the node still sees a folder that was removed, and not the one that is there now.
func (b *Backend) stale(ctx context.Context, spec cluster.Spec) (bool, error) {
	for name, content := range cluster.Files(spec, mountPoint) {
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
	endpoint, caPEM, err := folder{b.cfg.Dir}.access()
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
