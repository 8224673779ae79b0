package emulator

import (
	"context"
	"encoding/json"
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

// KeptBackend is what runs the clusters of a state folder, "" if there are none yet: nothing is kept of a first start that
// made none.
func KeptBackend(dir string) Backend {
	s := &state{}
	if raw, err := os.ReadFile(filepath.Join(dir, stateFileName)); err == nil {
		_ = json.Unmarshal(raw, &s.stateFile) // a damaged file is refused by who starts the environment
	}
	return s.backend(Layout{dir})
}

// backend is what runs the clusters of the state.
func (s *state) backend(files Layout) Backend {
	if s.Backend != "" {
		return s.Backend
	}
	if len(s.Bootstrap) > 0 {
		return BackendEmbedded // the state is older than the choice
	}
	clusters, _ := os.ReadDir(files.clusters()) // there may be none
	for _, entry := range clusters {
		if kindcluster.Exists(filepath.Join(files.cluster(entry.Name()), controlPlaneDir)) {
			return BackendKind // its first start was killed, or retained what it could not make
		}
	}
	return ""
}

// chooseBackend takes the backend that was asked for, or that of the kept state. Clusters cannot move from one to the
// other.
func (e *Environment) chooseBackend() error {
	kept := e.state.backend(e.files)
	switch {
	case e.opts.Backend == "" && kept == "":
		e.opts.Backend = BackendEmbedded
	case e.opts.Backend == "":
		e.opts.Backend = kept
	case kept != "" && kept != e.opts.Backend:
		return fmt.Errorf("the environment's clusters were made with --backend %s: %s, or begin anew with `eksemu down`", kept, e.opts.withoutBackend())
	}
	return nil
}

// withoutBackend is how to ask for no backend.
func (o *Options) withoutBackend() string {
	if o.BackendVariable != "" {
		return fmt.Sprintf("unset %s, which says %s", o.BackendVariable, o.Backend)
	}
	return "leave out --backend " + string(o.Backend)
}

// keepBackend writes down what runs the clusters, once there is one.
func (e *Environment) keepBackend() error {
	if e.state.read().Backend == e.opts.Backend {
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
	asked, progress := e.opts.KindCluster, e.opts.Progress
	if c.label != "" { // which is made beside other things
		asked, progress = "", nil
	}
	return kindcluster.New(kindcluster.Config{
		Executable: e.opts.Executable, Command: e.opts.Command, Env: e.opts.ToolEnv,
		Dir: dir, LogDir: c.logs, Name: kindcluster.Name(e.opts.Name, c.name), Asked: asked, Options: e.opts.Kind,
		Down: "eksemu down --name " + e.opts.Name,
		Now:  e.opts.Now, Progress: progress, Observe: e.observerOf(c),
	})
}

// removeClusters removes what the clusters of a stopped environment have outside of its state folder. A cluster that is
// somebody else's by now is no failure, but is told.
func removeClusters(ctx context.Context, dir string, toolEnv []string) (foreign *kindcluster.ForeignError, err error) {
	clusters, err := os.ReadDir(Layout{dir}.clusters())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	errs := []error{err}
	for _, entry := range clusters {
		err := removeControlPlane(ctx, Layout{dir}.cluster(entry.Name()), toolEnv)
		if !errors.As(err, &foreign) {
			errs = append(errs, err)
		}
	}
	return foreign, errors.Join(errs...)
}

// removeControlPlane removes what a stopped cluster has outside of its folder.
func removeControlPlane(ctx context.Context, clusterDir string, toolEnv []string) error {
	return kindcluster.Remove(ctx, filepath.Join(clusterDir, controlPlaneDir), toolEnv)
}
