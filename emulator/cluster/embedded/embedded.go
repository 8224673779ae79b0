// Package embedded is the cluster backend that needs nothing installed: etcd, kube-apiserver and
// kube-controller-manager, unmodified, linked into the eksemu binary and run as child processes of it.
//
// There is no scheduler and no node: pods can be created, and stay Pending. Authentication, authorization,
// admission, discovery, RBAC aggregation and garbage collection are those of a real cluster.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/internal/pki"
	"github.com/eksemu/eksemu/emulator/internal/process"
)

// Config is what the backend needs besides the cluster's own specification.
type Config struct {
	Executable string                                       // the eksemu binary
	Command    func(program string, args []string) []string // hidden command line that runs a program of it
	Env        []string                                     // environment of the children
	Dir        string                                       // folder for the cluster's files, made with mode 0700
	LogDir     string                                       // one log file per child
	Port       int                                          // of the API server; 0 takes the port of the last run, or a free one
	Now        func() time.Time
	Observe    func(process.Event)
}

// Backend runs one control plane. It implements [cluster.Backend].
type Backend struct {
	cfg  Config
	spec cluster.Spec

	mu      sync.Mutex
	ca      *pki.CA
	servers []*process.Child // of the API
	store   *process.Child   // etcd
}

var _ cluster.Backend = (*Backend)(nil)

// New makes a backend. Start brings its control plane up.
func New(cfg Config) *Backend { return &Backend{cfg: cfg} }

// Prepare implements [cluster.Backend]: the control plane is on this machine alone.
func (b *Backend) Prepare(context.Context) (cluster.Site, error) {
	return cluster.Site{Listen: loopback, Dial: loopback, New: (&files{dir: b.cfg.Dir}).isNew()}, nil
}

// Start implements [cluster.Backend]. etcd and the API server start side by side; the controller manager starts
// when the API server is ready and is not waited for. On error nothing is left running.
func (b *Backend) Start(ctx context.Context, spec cluster.Spec) (cluster.Info, error) {
	b.spec = spec
	files, err := b.prepare(ctx)
	if err != nil {
		return cluster.Info{}, fmt.Errorf("prepare the control plane of cluster %s in %s: %w", spec.Name, b.cfg.Dir, err)
	}
	defer files.release()
	info, err := b.start(ctx, files)
	if err != nil {
		return cluster.Info{}, errors.Join(err, b.Stop(context.WithoutCancel(ctx)))
	}
	return info, nil
}

func (b *Backend) start(ctx context.Context, f *files) (cluster.Info, error) {
	admin, err := b.ClientCertificate(b.spec.Administrator, "system:masters")
	if err != nil {
		return cluster.Info{}, err
	}
	info := cluster.Info{Endpoint: fmt.Sprintf("https://127.0.0.1:%d", f.port), CAPEM: f.ca.CertPEM(), Admin: admin}
	ready, err := cluster.Readyz(info)
	if err != nil {
		return cluster.Info{}, err
	}
	if err := b.startPair(ctx, f, ready); err != nil {
		return cluster.Info{}, err
	}
	if err := b.startControllerManager(ctx, f, info); err != nil {
		return cluster.Info{}, err
	}
	return info, nil
}

// startPair starts etcd and kube-apiserver side by side: the API server retries until its store answers. When etcd does
// not stay up, what it said counts: the API server would only say, much later, that nobody answers.
func (b *Backend) startPair(ctx context.Context, f *files, ready func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- b.child(ctx, "kube-apiserver", f.apiServerArgs(b.spec), ready) }()
	err := b.child(ctx, "etcd", f.etcdArgs(), nil)
	if err != nil {
		cancel()
		<-served //nolint:errcheck // it was interrupted
		return err
	}
	b.mu.Lock()
	store := b.store
	b.mu.Unlock()
	select {
	case err := <-served:
		if died := store.Err(); died != nil {
			return fmt.Errorf("start etcd: %w", died)
		}
		return err
	case <-store.Done():
		cancel()
		<-served //nolint:errcheck // it was interrupted
		return fmt.Errorf("start etcd: %w", store.Err())
	}
}

func (b *Backend) startControllerManager(ctx context.Context, f *files, info cluster.Info) error {
	client, err := b.ClientCertificate("system:kube-controller-manager")
	if err != nil {
		return err
	}
	kubeconfig := cluster.Kubeconfig(info, b.spec.Name, "system:kube-controller-manager", client)
	if err := os.WriteFile(f.controllerManagerKubeconfig(), kubeconfig, 0o600); err != nil {
		return fmt.Errorf("write the controller manager's kubeconfig: %w", err)
	}
	return b.child(ctx, "kube-controller-manager", f.controllerManagerArgs(), nil)
}

func (b *Backend) child(ctx context.Context, name string, args []string, ready func(context.Context) error) error {
	child, err := process.Start(ctx, process.Spec{
		Name:         name,
		Path:         b.cfg.Executable,
		Args:         b.cfg.Command(name, args),
		Env:          b.cfg.Env,
		LogFile:      filepath.Join(b.cfg.LogDir, name+".log"),
		Ready:        ready,
		ReadyTimeout: 2 * time.Minute,
		StopTimeout:  stopTimeout(name),
		Observe:      b.cfg.Observe,
	})
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if name == "etcd" {
		b.store = child
	} else {
		b.servers = append(b.servers, child)
	}
	return nil
}

// stopTimeout is how long a child may take to end by itself. kube-apiserver waits for its watches for longer
// than anyone wants to wait here, and has nothing to lose: its state is in etcd.
func stopTimeout(name string) time.Duration {
	if name == "etcd" {
		return time.Second
	}
	return 100 * time.Millisecond
}

// Stop implements [cluster.Backend]: the servers first, then their store.
func (b *Backend) Stop(ctx context.Context) error {
	b.mu.Lock()
	servers, store := b.servers, b.store
	b.servers, b.store = nil, nil
	b.mu.Unlock()
	var wg sync.WaitGroup
	stopped := make([]error, len(servers))
	for i, server := range servers {
		wg.Go(func() { stopped[i] = server.Stop(ctx) })
	}
	wg.Wait()
	err := errors.Join(stopped...)
	if store != nil {
		err = errors.Join(err, store.Stop(ctx))
	}
	return err
}

// Remove implements [cluster.Backend]. Everything is in the backend's folder.
func (b *Backend) Remove(ctx context.Context) error { return b.Stop(ctx) }

// ClientCertificate implements [cluster.Backend].
func (b *Backend) ClientCertificate(username string, groups ...string) (cluster.Client, error) {
	cert, key, err := b.ca.Issue(pki.Leaf{CommonName: username, Organization: groups, Client: true})
	if err != nil {
		return cluster.Client{}, fmt.Errorf("issue a client certificate for %s: %w", username, err)
	}
	return cluster.Client{CertPEM: cert, KeyPEM: key}, nil
}
