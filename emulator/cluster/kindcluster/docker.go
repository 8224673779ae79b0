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

// docker runs docker's command line, as kind does.
type docker struct{ env []string }

// patience is how long a command may take that only asks Docker something, or has it do something to containers.
const patience = time.Minute

// output runs a command and returns what it printed to standard output. The error has what it printed to standard
// error. A Docker that hangs is given up.
func (d docker) output(ctx context.Context, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("docker %s: no answer within %s: restart Docker, which seems to hang", args[0], patience))
	defer cancel()
	return d.patient(ctx, args...)
}

// patient is output for what takes as long as it takes.
func (d docker) patient(ctx context.Context, args ...string) ([]byte, error) {
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
