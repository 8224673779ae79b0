// Package kindcluster is the cluster backend with nodes: a cluster of kind (https://kind.sigs.k8s.io) in Docker
// containers, whose API server is configured exactly like that of the embedded backend.
//
// kind makes the cluster, through its library, in a process of its own ([CreateProgram]): that can be interrupted, and
// has an environment of its own. The files that package cluster generates are mounted into the control-plane nodes, and a kubeadm
// patch points the API server at them. The webhooks stay on the host: nodes reach it at the gateway of kind's Docker
// network, or as host.docker.internal where Docker runs in a virtual machine.
//
// A cluster outlives the process that made it. What identifies it as this environment's is the mounted folder, which is
// in the environment's state folder and nowhere else: [Backend.Start] adopts a cluster with that mount and refuses any
// other of the same name. After a crash, the next Start or [Remove] finds the cluster by the marker in the folder.
//
// Only Docker is supported, not Podman or nerdctl, which kind can use as well.
package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"

	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/internal/atomicfile"
	"github.com/eksemu/eksemu/emulator/internal/pki"
	"github.com/eksemu/eksemu/emulator/internal/process"
)

// Config is what the backend needs besides the cluster's own specification.
type Config struct {
	Executable string                                       // the eksemu binary
	Command    func(program string, args []string) []string // hidden command line that runs [CreateProgram] of it
	Env        []string                                     // of docker and kind: PATH, HOME, DOCKER_HOST and the like
	Dir        string                                       // folder for the cluster's files, made with mode 0700
	LogDir     string                                       // for kind.log, and the logs of a cluster that could not be made
	Name       string                                       // of the kind cluster; see [ValidName]
	Options    Options
	Now        func() time.Time
	Progress   func(step string)   // told kind's steps; may be nil
	Observe    func(process.Event) // told when nodes stop and are started again; may be nil
}

// Options are what a user may want of a kind cluster. The zero value is kind's default.
type Options struct {
	Image  string            // of the nodes; "" is that of Config, or [DefaultImage]
	Config *v1alpha4.Cluster // the user's own kind configuration, see [ParseConfig]
	Retain bool              // keep a cluster that could not be made
}

// Backend runs one kind cluster. It implements [cluster.Backend].
type Backend struct {
	cfg    Config
	docker docker
	site   site
	ca     *pki.CA
	mine   bool    // the cluster of that name is the environment's
	keeper *keeper // nil while the nodes are not watched
}

var _ cluster.Backend = (*Backend)(nil)

// New makes a backend. Start brings its cluster up.
func New(cfg Config) *Backend {
	if cfg.Progress == nil {
		cfg.Progress = func(string) {}
	}
	if cfg.Observe == nil {
		cfg.Observe = func(process.Event) {}
	}
	return &Backend{cfg: cfg, docker: docker{env: cfg.Env}}
}

// Prepare implements [cluster.Backend]. It makes kind's Docker network if there is none, because the webhooks have to
// listen at its gateway before kind makes the cluster.
func (b *Backend) Prepare(ctx context.Context) (cluster.Site, error) {
	var err error
	if b.site, err = b.docker.site(ctx); err != nil {
		return cluster.Site{}, fmt.Errorf("prepare Docker for the kind cluster %s: %w", b.cfg.Name, err)
	}
	return cluster.Site{
		Listen: b.site.listen, Dial: b.site.dial,
		Users: machinery(b.cfg.Name, b.cfg.Options.Config), Nodes: true,
	}, nil
}

// Start implements [cluster.Backend]. When the cluster cannot be made, its logs are below LogDir before it is deleted.
func (b *Backend) Start(ctx context.Context, spec cluster.Spec) (cluster.Info, error) {
	files := folder{b.cfg.Dir}
	changed, err := files.prepare(spec)
	if err != nil {
		return cluster.Info{}, fmt.Errorf("prepare the kind cluster %s in %s: %w", b.cfg.Name, b.cfg.Dir, err)
	}
	found, err := b.find(ctx, files)
	if err != nil {
		return cluster.Info{}, err
	}
	if found.usable() {
		err = b.adopt(ctx, spec, found, changed)
	} else {
		err = b.create(ctx, spec, files, found)
	}
	if err != nil {
		return cluster.Info{}, err
	}
	b.mine = true
	info, err := b.info(ctx, spec, files)
	if err != nil {
		return cluster.Info{}, fmt.Errorf("kind cluster %s: %w", b.cfg.Name, err)
	}
	info.New = !found.usable()
	b.keeper = keep(ctx, b.docker, b.cfg.Name, b.cfg.Observe)
	return info, nil
}

// info reads how to reach the cluster: its address from kind's kubeconfig, and its certificate authority's key from
// the node, with which it makes the administrator's certificate.
func (b *Backend) info(ctx context.Context, spec cluster.Spec, files folder) (cluster.Info, error) {
	endpoint, certificate, err := files.access()
	if err != nil {
		return cluster.Info{}, err
	}
	key, err := b.docker.output(ctx, "exec", controlPlane(b.cfg.Name), "cat", "/etc/kubernetes/pki/ca.key")
	if err != nil {
		return cluster.Info{}, fmt.Errorf("read the key of its certificate authority: %w", err)
	}
	if b.ca, err = pki.ParseCA(certificate, key, b.cfg.Now); err != nil {
		return cluster.Info{}, err
	}
	admin, err := b.ClientCertificate(spec.Administrator, "system:masters")
	if err != nil {
		return cluster.Info{}, err
	}
	return cluster.Info{Endpoint: endpoint, CAPEM: certificate, Admin: admin}, nil
}

// ClientCertificate implements [cluster.Backend].
func (b *Backend) ClientCertificate(username string, groups ...string) (cluster.Client, error) {
	cert, key, err := b.ca.Issue(pki.Leaf{CommonName: username, Organization: groups, Client: true})
	if err != nil {
		return cluster.Client{}, fmt.Errorf("issue a client certificate for %s: %w", username, err)
	}
	return cluster.Client{CertPEM: cert, KeyPEM: key}, nil
}

// Stop implements [cluster.Backend]: it stops the nodes, which keep their disks.
func (b *Backend) Stop(ctx context.Context) error {
	b.keeper.stop()
	if !b.mine {
		return nil
	}
	names, err := b.docker.containers(ctx, b.cfg.Name)
	if err != nil || len(names) == 0 {
		return err
	}
	if _, err := b.docker.output(ctx, append([]string{"stop", "--time", stopSeconds}, names...)...); err != nil {
		return fmt.Errorf("stop the nodes of the kind cluster %s: %w", b.cfg.Name, err)
	}
	return nil
}

// stopSeconds is how long a node may take to end by itself. etcd has synced what it acknowledged.
const stopSeconds = "2"

// Remove implements [cluster.Backend].
func (b *Backend) Remove(ctx context.Context) error {
	b.keeper.stop()
	return Remove(ctx, b.cfg.Dir, b.cfg.Env)
}

// Remove deletes the kind cluster whose files are in a folder, if there is one: also after a crash, and while it was
// being made. Other clusters of that name are left alone. env is as Config.Env. The folder itself stays.
func Remove(ctx context.Context, dir string, env []string) error {
	files := folder{dir}
	mark, err := files.marker()
	if err != nil || mark.Cluster == "" {
		return err
	}
	if err := (docker{env: env}).remove(ctx, mark.Cluster, files.config()); err != nil {
		return fmt.Errorf("delete the kind cluster %s: %w", mark.Cluster, err)
	}
	return files.forget()
}

// marker says in the folder which kind cluster is the environment's.
type marker struct {
	Cluster string // name of the kind cluster
	Made    bool   // it was made to its end; one that was not is made anew
}

// folder is where a cluster's files are.
//
//	kind.json         the marker
//	config/           what the API server reads, mounted into its node
//	kind.yaml         the configuration that kind made the cluster with
//	kind.kubeconfig   what kind wrote: the address of the API server
type folder struct{ dir string }

func (f folder) config() string                       { return filepath.Join(f.dir, "config") }
func (f folder) kubeconfig() string                   { return filepath.Join(f.dir, "kind.kubeconfig") }
func (f folder) file(name string) string              { return filepath.Join(f.config(), name) }
func (f folder) kindConfig() string                   { return filepath.Join(f.dir, "kind.yaml") }
func (f folder) markerPath() string                   { return filepath.Join(f.dir, "kind.json") }
func (f folder) forget() error                        { return errors.Join(removed(f.markerPath()), removed(f.kubeconfig())) }
func (f folder) write(path string, data []byte) error { return atomicfile.Write(path, data, 0o600) }

// prepare writes what the API server reads, and tells whether anything of it was otherwise before. Files are written in
// place of themselves in a folder that is mounted as a whole, so that the node sees the new ones.
func (f folder) prepare(spec cluster.Spec) (changed bool, err error) {
	if err := os.MkdirAll(f.config(), 0o700); err != nil {
		return false, err
	}
	for name, content := range cluster.Files(spec, mountPoint) {
		before, err := os.ReadFile(f.file(name))
		if err == nil && string(before) == string(content) {
			continue
		}
		changed = true
		if err := f.write(f.file(name), content); err != nil {
			return false, err
		}
	}
	return changed, nil
}

func removed(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
