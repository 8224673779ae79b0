package kindcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// clusterLabel is the label of every container of a kind cluster; its value is the cluster's name
// (sigs.k8s.io/kind pkg/cluster/internal/providers/docker/constants.go).
const clusterLabel = "io.x-k8s.kind.cluster"

// roleLabel is the label that says what a container of a kind cluster is (in the same file).
const roleLabel = "io.x-k8s.kind.role"

// docker runs docker's command line, as kind does.
type docker struct{ env []string }

// output runs a command and returns what it printed to standard output. The error has what it printed to standard
// error.
func (d docker) output(ctx context.Context, args ...string) ([]byte, error) {
	program, err := d.program()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = d.env
	cmd.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	switch {
	case err == nil:
		return stdout.Bytes(), nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	if text := strings.TrimSpace(stderr.String()); text != "" {
		err = fmt.Errorf("%s (%w)", text, err)
	}
	return nil, fmt.Errorf("docker %s: %w", args[0], err)
}

// program finds docker as kind does: on the PATH of the environment that it runs in.
func (d docker) program() (string, error) {
	path := ""
	for _, variable := range d.env {
		name, value, _ := strings.Cut(variable, "=")
		if name == "PATH" || runtime.GOOS == "windows" && strings.EqualFold(name, "PATH") {
			path = value // the last one counts
		}
	}
	for _, dir := range filepath.SplitList(path) {
		if program, err := exec.LookPath(filepath.Join(dir, "docker")); err == nil {
			return program, nil
		}
	}
	return "", errors.New("docker is not on PATH: install Docker (https://docs.docker.com/get-docker/), or use the embedded backend, which needs none")
}

// line is output as one line of text.
func (d docker) line(ctx context.Context, args ...string) (string, error) {
	out, err := d.output(ctx, args...)
	return strings.TrimSpace(string(out)), err
}

// containers are the names of a kind cluster's containers, running or not.
func (d docker) containers(ctx context.Context, cluster string) ([]string, error) {
	out, err := d.line(ctx, "ps", "--all", "--filter", "label="+clusterLabel+"="+cluster, "--format", "{{.Names}}")
	return strings.Fields(out), err
}

// source is the folder of this machine that is mounted at a place in a container, "" for none.
func (d docker) source(ctx context.Context, container, destination string) (string, error) {
	return d.line(ctx, "container", "inspect", container, "--format",
		fmt.Sprintf(`{{range .Mounts}}{{if eq .Destination %q}}{{.Source}}{{end}}{{end}}`, destination))
}

// running tells whether a container runs; one that does not exist does not.
func (d docker) running(ctx context.Context, container string) bool {
	state, err := d.line(ctx, "container", "inspect", container, "--format", "{{.State.Running}}")
	return err == nil && state == "true"
}

// remove deletes a kind cluster, as kind does, but only if the folder is mounted into it or nothing is left of it that
// could have a mount.
func (d docker) remove(ctx context.Context, cluster, folder string) error {
	names, err := d.containers(ctx, cluster)
	if err != nil || len(names) == 0 {
		return err
	}
	for _, name := range names {
		source, err := d.source(ctx, name, mountPoint)
		if err != nil {
			return err
		}
		if source != "" && !sameFolder(source, folder) {
			return nil // somebody else's by now
		}
	}
	if _, err := d.output(ctx, append([]string{"rm", "--force", "--volumes"}, names...)...); err != nil {
		return err
	}
	return nil
}

// sameFolder tells whether a mount's source is a folder of this machine. Docker Desktop writes the path of its virtual
// machine before that of this one.
func sameFolder(source, folder string) bool {
	return source == folder || strings.HasPrefix(source, "/host_mnt/") && strings.HasSuffix(source, folder)
}
