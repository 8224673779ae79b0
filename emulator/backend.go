package emulator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/cluster/embedded"
	"github.com/eksemu/eksemu/emulator/cluster/kindcluster"
)

// Backend names what runs an environment's clusters.
type Backend string

// The backends.
const (
	BackendEmbedded Backend = "embedded" // the servers as child processes; no nodes
	BackendKind     Backend = "kind"     // kind clusters in Docker
)

// Backends are the names that a user may choose from, the default first.
func Backends() []string { return []string{string(BackendEmbedded), string(BackendKind)} }

// chooseBackend takes the backend that was asked for, or that of the kept state. Clusters cannot move from one to the
// other.
func (e *Environment) chooseBackend() error {
	kept := e.state.Backend
	if kept == "" && len(e.state.Bootstrap) > 0 {
		kept = BackendEmbedded // the state is older than the choice
	}
	switch {
	case e.opts.Backend == "" && kept == "":
		e.opts.Backend = BackendEmbedded
	case e.opts.Backend == "":
		e.opts.Backend = kept
	case kept != "" && kept != e.opts.Backend:
		return fmt.Errorf("the environment's clusters were made with --backend %s: leave out --backend %s, or begin anew with `eksemu down`", kept, e.opts.Backend)
	}
	if e.state.Backend == e.opts.Backend {
		return nil
	}
	return e.state.update(func(s *state) { s.Backend = e.opts.Backend })
}

// controlPlaneDir is the folder of a cluster's backend in the cluster's folder.
const controlPlaneDir = "control-plane"

// backend makes what will run a cluster.
func (e *Environment) backend(c *runningCluster) cluster.Backend {
	dir := filepath.Join(c.dir, controlPlaneDir)
	if e.opts.Backend != BackendKind {
		return embedded.New(embedded.Config{
			Executable: e.opts.Executable, Command: e.opts.Command, Env: []string{"PATH=" + e.opts.Path},
			Dir: dir, LogDir: c.logs, Now: e.opts.Now, Observe: e.observerOf(c),
		})
	}
	name, progress := e.opts.KindCluster, e.opts.Progress
	if name == "" || c.label != "" {
		name = kindcluster.Name(e.opts.Name, c.name)
	}
	if c.label != "" { // which is made beside other things
		progress = nil
	}
	return kindcluster.New(kindcluster.Config{
		Executable: e.opts.Executable, Command: e.opts.Command, Env: e.opts.ToolEnv,
		Dir: dir, LogDir: c.logs, Name: name, Options: e.opts.Kind,
		Now: e.opts.Now, Progress: progress, Observe: e.observerOf(c),
	})
}

// removeClusters removes what the clusters of a stopped environment have outside of its state folder.
func removeClusters(ctx context.Context, dir string, toolEnv []string) error {
	clusters, err := os.ReadDir(Layout{dir}.clusters())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	errs := []error{err}
	for _, entry := range clusters {
		errs = append(errs, removeControlPlane(ctx, Layout{dir}.cluster(entry.Name()), toolEnv))
	}
	return errors.Join(errs...)
}

// removeControlPlane removes what a stopped cluster has outside of its folder.
func removeControlPlane(ctx context.Context, clusterDir string, toolEnv []string) error {
	return kindcluster.Remove(ctx, filepath.Join(clusterDir, controlPlaneDir), toolEnv)
}
