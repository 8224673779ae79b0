package kindcluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/internal/process"
)

// joinPath is what kubeadm join reads before it is anybody, as anonymous
// (k8s.io/kubernetes cmd/kubeadm/app/discovery/token). EKS lets nobody; here it is open while nodes join.
const joinPath = "/api/v1/namespaces/kube-public/configmaps/cluster-info"

// create makes the cluster, after what is left of one that was not made to its end has gone.
func (b *Backend) create(ctx context.Context, spec cluster.Spec) error {
	if b.mark.Cluster != "" {
		if len(b.there) > 0 {
			b.cfg.Progress("delete what is left of the kind cluster " + b.name)
		}
		if err := b.docker.remove(ctx, b.mark); err != nil {
			return fmt.Errorf("delete what is left of the kind cluster %s: %w", b.name, err)
		}
	}
	if err := b.pull(ctx); err != nil {
		return err
	}
	making := spec
	joins := len(nodes(b.cfg.Options.Config)) > 1
	if joins {
		making.AnonymousPaths = append(making.AnonymousPaths, joinPath)
	}
	mark := marker{Cluster: b.name, ID: rand.Text(), Daemon: b.site.daemon, Settings: settings(b.cfg.Options, spec)}
	config, err := render(b.cfg.Options.Config, mark, making, b.files, b.site.cgroup1)
	if err != nil {
		return err
	}
	if err := b.files.prepare(making); err != nil {
		return err
	}
	if err := b.files.write(b.files.kindConfig(), config); err != nil {
		return err
	}
	if err := b.setMark(mark); err != nil {
		return err
	}
	if err := b.finish(ctx, spec, joins); err != nil {
		return b.failed(ctx, err)
	}
	return nil
}

// finish lets kind make the cluster, and takes back what that needed.
func (b *Backend) finish(ctx context.Context, spec cluster.Spec, joins bool) error {
	if err := b.run(ctx, spec); err != nil {
		return err
	}
	var err error
	if b.there, err = b.docker.nodes(ctx, b.name, b.mark.ID); err != nil {
		return err
	}
	if joins { // an API server takes another rule for anonymous requests only when it starts
		if err := b.files.prepare(spec); err != nil {
			return err
		}
		b.cfg.Progress("close what nodes needed to join")
		if err := b.restartAPIServers(ctx, b.there); err != nil {
			return err
		}
		if err := b.awaitReady(ctx, b.there); err != nil {
			return err
		}
	}
	mark := b.mark
	mark.Made, mark.Files = true, digest(spec)
	if err := b.setMark(mark); err != nil {
		return err
	}
	b.mine = true
	return nil
}

// setMark changes the marker.
func (b *Backend) setMark(mark marker) error {
	if err := b.files.mark(mark); err != nil {
		return err
	}
	b.mark = mark
	return nil
}

// image is what the nodes are made of, unless the user's configuration says it for one.
func (b *Backend) image() string {
	if b.cfg.Options.Image != "" {
		return b.cfg.Options.Image
	}
	return DefaultImage
}

// pull gets the images that nodes need and that are not there yet: kind would, too, but nobody could interrupt it.
func (b *Backend) pull(ctx context.Context) error {
	images := map[string]bool{}
	for _, node := range nodes(b.cfg.Options.Config) {
		if b.cfg.Options.Image == "" && node.Image != "" {
			images[node.Image] = true
		} else {
			images[b.image()] = true
		}
	}
	for image := range images {
		if _, err := b.docker.output(ctx, "image", "inspect", "--format", "{{.Id}}", image); err == nil {
			continue
		}
		b.cfg.Progress("pull " + image)
		if _, err := b.docker.patient(ctx, "pull", "--quiet", image); err != nil {
			return fmt.Errorf("pull the node image %s (name another with --kind-image; e2e/kind/nodeimage in eksemu's repository builds one without a registry): %w", image, err)
		}
	}
	return nil
}

// run lets kind make the cluster, and finds out meanwhile whether the node reaches this machine.
func (b *Backend) run(ctx context.Context, spec cluster.Spec) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	reached := make(chan error, 1)
	go func() {
		err := b.reach(ctx, controlPlane(b.name), spec)
		if errors.As(err, new(*unreachable)) {
			cancel(err)
		}
		reached <- err
	}()
	if err := b.kind(ctx); err != nil {
		return err
	}
	defer time.AfterFunc(reachPatience, func() { cancel(errNotTried) }).Stop()
	return <-reached
}

// kind runs kind.
func (b *Backend) kind(ctx context.Context) error {
	args := []string{"--name", b.name, "--config", b.files.kindConfig(), "--kubeconfig", b.files.kubeconfig()}
	if b.cfg.Options.Image != "" {
		args = append(args, "--image", b.cfg.Options.Image)
	}
	return process.Run(ctx, process.Spec{
		Name: "kind", Path: b.cfg.Executable, Args: b.cfg.Command(CreateProgram, args), Env: b.cfg.Env,
		LogFile: filepath.Join(b.cfg.LogDir, "kind.log"),
		OnLine: func(line string) {
			if step, ok := parseStep(line); ok {
				b.cfg.Progress(step)
			}
		},
		StopTimeout: time.Second,
	})
}

// parseStep reads a line with which kind begins a step, " • Preparing nodes 📦  ...", without its picture.
func parseStep(line string) (string, bool) {
	text, ok := strings.CutPrefix(line, " • ")
	if !ok {
		return "", false
	}
	text = strings.TrimSuffix(strings.TrimSpace(text), "...")
	text = strings.TrimRightFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != ')' })
	if text == "" {
		return "", false
	}
	first, size := utf8.DecodeRuneInString(text)
	return "kind: " + string(unicode.ToLower(first)) + text[size:], true
}

// failed saves the logs of a cluster that could not be made, and deletes it, unless it shall be retained. An interruption,
// which is not the end of the time that a start has, only deletes it.
func (b *Backend) failed(ctx context.Context, reason error) error {
	interrupted := errors.Is(ctx.Err(), context.Canceled)
	ctx = context.WithoutCancel(ctx)
	reason = fmt.Errorf("make the kind cluster %s: %w", b.name, reason)
	if !interrupted && !errors.As(reason, new(*unreachable)) {
		reason = b.withLogs(ctx, reason)
	}
	if b.cfg.Options.Retain && !interrupted {
		return fmt.Errorf("%w\nits nodes are kept for you to look at (docker exec -it %s bash), until the environment's next start or `%s` deletes them", reason, controlPlane(b.name), b.cfg.Down)
	}
	err := b.docker.remove(ctx, b.mark)
	if err != nil && !errors.As(err, new(*ForeignError)) {
		return errors.Join(reason, &cluster.LeftError{What: "the kind cluster " + b.name, Err: err})
	}
	return errors.Join(reason, err, b.files.forget())
}
