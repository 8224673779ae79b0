package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/kube"
	"github.com/eksemu/eksemu/emulator/trace"
	"github.com/eksemu/eksemu/scenarios"
)

// target is a running environment as scenarios need it.
type target struct {
	client  *emulator.Client
	kube    *kube.Client
	cluster scenarios.Cluster
}

var _ scenarios.Environment = (*target)(nil)

func newTarget(client *emulator.Client) (*target, error) {
	if err := needsCluster(client.Runtime); err != nil {
		return nil, err
	}
	return targetOf(client, client.Runtime.Clusters[0])
}

// targetOf is a running environment with one of its clusters.
func targetOf(client *emulator.Client, cluster emulator.RuntimeCluster) (*target, error) {
	access, err := client.Admin(cluster.Name)
	if err != nil {
		return nil, err
	}
	administrator, err := kube.New(access)
	if err != nil {
		return nil, err
	}
	return &target{client, administrator, scenarios.Cluster{
		Name: cluster.Name, Region: client.Runtime.Region, Endpoint: cluster.Endpoint, CAPEM: access.CAPEM,
	}}, nil
}

// Cluster implements scenarios.Environment.
func (t *target) Cluster() scenarios.Cluster { return t.cluster }

// Identities implements scenarios.Environment.
func (t *target) Identities() []string {
	var names []string
	for _, identity := range t.client.Runtime.Identities {
		names = append(names, identity.Name)
	}
	return names
}

// Environ implements scenarios.Environment.
func (t *target) Environ(identity string) []string {
	environ := []string{"AWS_PROFILE=" + identity}
	for _, v := range emulator.AWSVariables(t.client.Dir, t.client.Runtime) {
		environ = append(environ, v.Name+"="+v.Value)
	}
	return environ
}

// LastEvent implements scenarios.Environment.
func (t *target) LastEvent(ctx context.Context) (uint64, error) {
	status, err := t.client.Status(ctx)
	return status.Events, err
}

// Events implements scenarios.Environment.
func (t *target) Events(ctx context.Context, after uint64) ([]trace.Event, error) {
	for {
		events, err := t.client.Events(ctx, after, followWait)
		if err != nil || len(events) > 0 {
			return events, err
		}
	}
}

// Apply implements scenarios.Environment.
func (t *target) Apply(ctx context.Context, manifest []byte) (func(context.Context) error, error) {
	return t.kube.Apply(ctx, manifest)
}

// Delete implements scenarios.Environment.
func (t *target) Delete(ctx context.Context, manifest []byte) (func(context.Context) error, error) {
	return t.kube.Delete(ctx, manifest)
}

// ServiceAccountToken implements scenarios.Environment.
func (t *target) ServiceAccountToken(ctx context.Context, namespace, name string) (string, error) {
	return t.kube.ServiceAccountToken(ctx, namespace, name)
}

// PutIdentities implements scenarios.Environment.
func (t *target) PutIdentities(ctx context.Context, overlay config.Overlay) (func(context.Context) error, error) {
	return t.client.PutIdentities(ctx, overlay)
}

// PutCluster implements scenarios.Environment.
func (t *target) PutCluster(ctx context.Context, spec config.Cluster) (scenarios.Environment, func(context.Context) error, error) {
	cluster, undo, err := t.client.PutCluster(ctx, spec)
	if err != nil {
		return nil, nil, err
	}
	with, err := targetOf(t.client, cluster)
	if err != nil {
		return nil, nil, errors.Join(err, undo(ctx))
	}
	return with, undo, nil
}

// Mark implements scenarios.Environment.
func (t *target) Mark(ctx context.Context) (func(context.Context) error, error) {
	return t.client.Mark(ctx)
}

// privateEnvironment starts an environment for one run, in a state folder of its own that stop removes.
func (app *App) privateEnvironment(ctx context.Context, options emulator.Options, wait time.Duration, quiet bool) (*emulator.Client, func() error, error) {
	app.removeAbandoned(ctx)
	options.Name = fmt.Sprintf("%s%d", privatePrefix, os.Getpid())
	dir := filepath.Join(app.StateHome, options.Name)
	options.Dir, options.InstanceCredentials = dir, instanceCredentials(dir)
	progress := app.progress(quiet)
	options.Progress = progress.begin
	env, err := start(ctx, options, wait)
	progress.end(err == nil)
	if err != nil {
		_ = removeFailed(context.WithoutCancel(ctx), options) // the reason of the failed start is what counts
		return nil, nil, err
	}
	stop := func() error { return exitWith(ExitStart, env.Remove(context.WithoutCancel(ctx))) }
	client, err := emulator.Attach(ctx, dir)
	if err != nil {
		return nil, nil, exitWith(ExitStart, errors.Join(err, stop()))
	}
	return client, stop, nil
}

// privatePrefix begins the names of environments of one run; a process ID follows. No user's environment has such a
// name: validName refuses the dot. Only `eksemu down` takes it, for what is kept of one that could not start.
const privatePrefix = "run."

// keptFile says in the state folder of a private environment that it is there for the user: with the logs of a kind
// cluster that could not be made, or with its nodes.
const keptFile = "kept"

// logsKept is how long logs are kept for the user.
const logsKept = 24 * time.Hour

// removeFailed removes a private environment that could not start, but for what its error names.
func removeFailed(ctx context.Context, options emulator.Options) error {
	_, logs := os.Stat(filepath.Join(emulator.Layout{Dir: options.Dir}.Logs(), "kind"))
	switch {
	case options.Kind.Retain && emulator.KeptBackend(options.Dir) == emulator.BackendKind:
	case logs == nil:
		if err := emulator.RemoveAllButLogs(ctx, options.Dir, options.ToolEnv); err != nil {
			return err
		}
	default:
		return emulator.RemoveState(ctx, options.Dir, options.ToolEnv)
	}
	return os.WriteFile(filepath.Join(options.Dir, keptFile), nil, 0o600)
}

// removeAbandoned removes the state folders of private environments whose process was killed: it holds their locks no
// more. A young one without a lock stays: another run may have made it a moment ago. So does what the user was told
// about: nodes until `eksemu down`, and logs for a day.
func (app *App) removeAbandoned(ctx context.Context) {
	dirs, err := filepath.Glob(filepath.Join(app.StateHome, privatePrefix+"[0-9]*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err != nil || !info.IsDir() {
			continue
		}
		age := app.Now().Sub(info.ModTime())
		_, unlocked := os.Stat(filepath.Join(dir, "lock"))
		_, kept := os.Stat(filepath.Join(dir, keptFile))
		if kept == nil && (emulator.KeptBackend(dir) != "" || age < logsKept) || unlocked != nil && age <= time.Minute {
			continue
		}
		_ = emulator.RemoveState(ctx, dir, app.toolEnviron()) // one that is in use is refused, and stays
	}
}
