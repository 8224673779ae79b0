// Package kindcluster is the cluster backend with nodes: a cluster of kind (https://kind.sigs.k8s.io) in Docker
// containers, whose API server is configured exactly like that of the embedded backend.
//
// kind makes the cluster, through its library, in a process of its own ([Programs]): that can be interrupted, and
// has an environment of its own. The files that package cluster generates are mounted into the control-plane nodes, and a kubeadm
// patch points the API server at them. The webhooks stay on the host: nodes reach it at the gateway of kind's Docker
// network, or as host.docker.internal where Docker runs in a virtual machine.
//
// A cluster outlives the process that made it. What identifies it as this environment's is a random ID, which is in the
// marker in the backend's folder and in the path of a mount that every node has: [Backend.Start] adopts a cluster with
// that ID, and neither it nor [Remove] touches any other of the same name. After a crash they find the cluster by the
// marker.
//
// Only Docker is supported, not Podman or nerdctl, which kind can use as well.
package kindcluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"

	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/internal/pki"
	"github.com/eksemu/eksemu/emulator/internal/process"
)

// Config is what the backend needs besides the cluster's own specification.
type Config struct {
	Executable string                                       // the eksemu binary
	Command    func(program string, args []string) []string // hidden command line that runs one of [Programs] of it
	Env        []string                                     // of docker and kind: PATH, HOME, DOCKER_HOST and the like
	Dir        string                                       // folder for the cluster's files, made with mode 0700
	LogDir     string                                       // for kind.log, and the logs of a cluster that could not be made
	Name       string                                       // of the kind cluster, if nobody asked for another; see [Name]
	Asked      string                                       // name that the user asked for; "" is that of the cluster of an earlier run, or else Name
	Down       string                                       // command line that deletes the cluster, for errors: eksemu down --name NAME
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
	files  folder
	name   string // of the kind cluster
	site   site
	mark   marker   // as it was found, or is by now
	there  []node   // what was found of the cluster
	notes  []string // for the user
	ca     *pki.CA
	mine   bool                   // there are nodes of the environment's to stop
	keeper *keeper                // nil while the nodes are not watched
	hosts  atomic.Pointer[string] // the nodes' line of /etc/hosts, nil before there is one
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
	return &Backend{cfg: cfg, docker: docker{env: cfg.Env}, files: folder{cfg.Dir}, name: cmp.Or(cfg.Asked, cfg.Name)}
}

// Prepare implements [cluster.Backend]. It makes kind's Docker network if there is none, because the webhooks have to
// listen at its gateway before kind makes the cluster.
func (b *Backend) Prepare(ctx context.Context) (cluster.Site, error) {
	var err error
	if b.site, err = b.docker.site(ctx); err != nil {
		return cluster.Site{}, fmt.Errorf("prepare Docker for the kind cluster %s: %w", b.name, err)
	}
	if err := b.find(ctx); err != nil {
		return cluster.Site{}, err
	}
	config := b.cfg.Options.Config
	if b.usable() {
		if config, err = b.files.madeWith(); err != nil {
			return cluster.Site{}, err
		}
	}
	return cluster.Site{
		Listen: b.site.listen, Dial: b.site.dial,
		Users: machinery(b.name, config), Nodes: true, New: !b.usable(),
	}, nil
}

// Start implements [cluster.Backend]. When the cluster cannot be made, its logs are below LogDir before it is deleted.
func (b *Backend) Start(ctx context.Context, spec cluster.Spec) (cluster.Info, error) {
	begin := b.create
	if b.usable() {
		begin = b.adopt
	}
	if err := begin(ctx, spec); err != nil {
		return cluster.Info{}, err
	}
	info, err := b.info(ctx, spec)
	if err != nil {
		return cluster.Info{}, fmt.Errorf("kind cluster %s: %w", b.name, err)
	}
	info.Notes = b.notes
	b.keeper = b.keep(ctx)
	return info, nil
}

// info reads how to reach the cluster: its address from kind's kubeconfig, and its certificate authority's key from
// the node, with which it makes the administrator's certificate.
func (b *Backend) info(ctx context.Context, spec cluster.Spec) (cluster.Info, error) {
	endpoint, certificate, err := b.files.access()
	if err != nil {
		return cluster.Info{}, err
	}
	key, err := b.docker.output(ctx, "exec", b.first(b.there), "cat", "/etc/kubernetes/pki/ca.key")
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
	nodes, err := b.docker.nodes(ctx, b.name, b.mark.ID)
	running := slices.DeleteFunc(own(nodes), func(n node) bool { return !n.running })
	if err == nil && len(running) > 0 {
		_, err = b.docker.output(ctx, append([]string{"stop", "--time", stopSeconds}, namesOf(running)...)...)
	}
	if err != nil {
		return &cluster.LeftError{What: "the kind cluster " + b.name, Err: fmt.Errorf("stop its nodes: %w", err)}
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
