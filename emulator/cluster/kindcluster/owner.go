package kindcluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/eksemu/eksemu/emulator/internal/process"
)

// Labels of the containers of a kind cluster (sigs.k8s.io/kind pkg/cluster/internal/providers/docker/constants.go).
const (
	clusterLabel = "io.x-k8s.kind.cluster" // its value is the cluster's name
	roleLabel    = "io.x-k8s.kind.role"    // as in kind's configuration, or loadBalancer
)

// loadBalancer is the role of the container that kind puts before several control planes
// (sigs.k8s.io/kind pkg/cluster/constants).
const loadBalancer = "external-load-balancer"

// ownerMount is where every node has a mount that no other container has: an empty folder, mounted at a path that ends
// with the cluster's random ID. kind sets no labels of ours, and Docker Desktop rewrites the paths of this machine that are
// mounted, but not those that they are mounted at.
func ownerMount(id string) string { return ownerFolder + "/" + id }

const ownerFolder = "/etc/eksemu"

// node is a container of a kind cluster.
type node struct {
	name, role string
	running    bool
	ours       bool // it has the mount of the environment's cluster
}

// nodes are the containers of a kind cluster, running or not. id is that of the environment's cluster.
func (d docker) nodes(ctx context.Context, cluster, id string) ([]node, error) {
	names, err := d.containers(ctx, cluster)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	format := fmt.Sprintf(`{{.Name}},{{.State.Running}},{{range .Mounts}}{{if eq .Destination %q}}ours{{end}}{{end}},{{index .Config.Labels %q}}`, ownerMount(id), roleLabel)
	out, err := d.line(ctx, append([]string{"container", "inspect", "--format", format}, names...)...)
	if err != nil {
		return nil, err
	}
	var nodes []node
	for line := range strings.Lines(out) {
		fields := strings.SplitN(strings.TrimSpace(line), ",", 4)
		if len(fields) == 4 {
			nodes = append(nodes, node{name: strings.TrimPrefix(fields[0], "/"), running: fields[1] == "true", ours: fields[2] != "" && id != "", role: fields[3]})
		}
	}
	return nodes, nil
}

func isOurs(n node) bool { return n.ours }

func namesOf(nodes []node) []string {
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = n.name
	}
	return names
}

// strangers are the containers that are not the environment's. A load balancer, to which kind mounts nothing, counts as
// what the nodes beside it are.
func strangers(nodes []node) []node {
	ours := slices.ContainsFunc(nodes, isOurs)
	return slices.DeleteFunc(slices.Clone(nodes), func(n node) bool { return n.ours || ours && n.role == loadBalancer })
}

// own are the containers that are the environment's.
func own(nodes []node) []node {
	others := strangers(nodes)
	return slices.DeleteFunc(slices.Clone(nodes), func(n node) bool { return slices.Contains(others, n) })
}

// ForeignError says that a kind cluster is not the environment's, and was left alone.
type ForeignError struct {
	Cluster    string
	Containers []string // of the cluster
}

func (e *ForeignError) Error() string {
	return fmt.Sprintf("the kind cluster %[1]s is not, or not any more, the one that this environment made (%[2]s), and was left alone: delete it with `kind delete cluster --name %[1]s` if nobody needs it",
		e.Cluster, strings.Join(e.Containers, ", "))
}

// Bounds of deleting a cluster.
const (
	removePatience = time.Minute     // for all of it
	settlePause    = time.Second     // between two listings that find nothing
	retryPause     = settlePause / 4 // after something went wrong
	removeTries    = 3
)

// remove deletes the environment's cluster, as kind does, and a [ForeignError] says that there is another one instead. A
// cluster that was not made to its end may still have a `docker run` under way, whose container appears after its
// client was killed: it is gone when two listings in a row find nothing.
func (d docker) remove(ctx context.Context, mark marker) error {
	ctx, cancel := context.WithTimeout(ctx, removePatience)
	defer cancel()
	ours, failures, empty := false, 0, 0
	for {
		nodes, err := d.nodes(ctx, mark.Cluster, mark.ID)
		pause := settlePause
		switch {
		case err != nil:
		case len(nodes) == 0:
			if empty++; empty == 2 || mark.Made {
				return nil
			}
		default:
			empty = 0
			ours = ours || slices.ContainsFunc(nodes, isOurs)
			if left := strangers(nodes); len(left) > 0 && !(ours && onlyLoadBalancer(left)) {
				return &ForeignError{mark.Cluster, namesOf(left)}
			}
			pause = 0
			_, err = d.output(ctx, append([]string{"rm", "--force", "--volumes"}, namesOf(nodes)...)...)
		}
		if err != nil { // somebody else may be deleting it, too
			if failures++; failures == removeTries || ctx.Err() != nil {
				return err
			}
			pause = retryPause
		}
		if !process.Sleep(ctx, pause) {
			return context.Cause(ctx)
		}
	}
}

// onlyLoadBalancer knows what appears when the nodes beside it have been deleted.
func onlyLoadBalancer(nodes []node) bool {
	return !slices.ContainsFunc(nodes, func(n node) bool { return n.role != loadBalancer })
}

// find looks for the environment's cluster, and refuses to take another one of its name.
func (b *Backend) find(ctx context.Context) error {
	var err error
	if b.mark, err = b.files.marker(); err != nil {
		return err
	}
	before, err := b.docker.lookUp(ctx, b.mark, b.site.daemon)
	if err != nil {
		return err
	}
	b.name = cmp.Or(b.cfg.Asked, b.mark.Cluster, b.cfg.Name)
	if b.mark.Cluster != "" && b.mark.Cluster != b.name {
		if slices.ContainsFunc(before, isOurs) {
			return fmt.Errorf("the environment's kind cluster is called %s: leave out --kind-cluster %s, or begin anew with `eksemu down`", b.mark.Cluster, b.name)
		}
		b.mark = marker{}
	}
	if b.there, err = b.docker.nodes(ctx, b.name, b.mark.ID); err != nil {
		return err
	}
	if left := strangers(b.there); len(left) > 0 {
		return fmt.Errorf("there is a kind cluster %[1]s that this environment did not make: choose another name with --kind-cluster, or delete it with `kind delete cluster --name %[1]s`", b.name)
	}
	return nil
}

// lookUp lists the containers of the marker's cluster. That it is not in a Docker daemon does not mean that it is gone, if it
// was made in another one.
func (d docker) lookUp(ctx context.Context, mark marker, daemon string) ([]node, error) {
	if mark.Cluster == "" {
		return nil, nil
	}
	nodes, err := d.nodes(ctx, mark.Cluster, mark.ID)
	if err != nil || mark.Daemon == daemon || slices.ContainsFunc(nodes, isOurs) {
		return nodes, err
	}
	return nil, fmt.Errorf("the kind cluster %s is in another Docker daemon, %s, and not in that of now, %s: set DOCKER_HOST and DOCKER_CONTEXT as when it was made", mark.Cluster, mark.Daemon, daemon)
}

// usable tells whether what was found can be adopted: it was made to its end, and has an API server.
func (b *Backend) usable() bool {
	return b.mark.Made && slices.ContainsFunc(b.there, isControlPlane)
}

func isControlPlane(n node) bool { return n.role == controlPlaneRole }

// Exists tells whether the files in a folder are those of a kind cluster, of one that was not made to its end, too.
func Exists(dir string) bool {
	mark, err := folder{dir}.marker()
	return err != nil || mark.Cluster != ""
}

// Remove deletes the kind cluster whose files are in a folder, if there is one: also after a crash, and while it was
// being made. A cluster of that name that is somebody else's is left alone, and a [ForeignError] says so. env is as
// Config.Env. The folder itself stays.
func Remove(ctx context.Context, dir string, env []string) error {
	files := folder{dir}
	mark, err := files.marker()
	if err != nil || mark.Cluster == "" {
		return err
	}
	d := docker{env: env}
	info, err := d.info(ctx)
	if err == nil {
		_, err = d.lookUp(ctx, mark, info.ID)
	}
	if err != nil {
		return fmt.Errorf("delete the kind cluster %s (if its Docker is gone for good, remove %s): %w", mark.Cluster, files.markerPath(), err)
	}
	err = d.remove(ctx, mark)
	var foreign *ForeignError
	switch {
	case errors.As(err, &foreign):
		return err
	case err != nil:
		return fmt.Errorf("delete the kind cluster %s: %w", mark.Cluster, err)
	}
	return files.forget()
}
