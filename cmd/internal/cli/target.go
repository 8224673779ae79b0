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
	cluster := client.Runtime.Clusters[0]
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
		if !options.Kind.Retain {
			_ = emulator.RemoveState(context.WithoutCancel(ctx), dir, options.ToolEnv) // the reason of the failed start is what counts
		}
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
// name: validName refuses the dot.
const privatePrefix = "run."

// removeAbandoned removes the state folders of private environments whose process was killed: it holds their locks no
// more. A young one without a lock stays: another run may have made it a moment ago.
func (app *App) removeAbandoned(ctx context.Context) {
	dirs, err := filepath.Glob(filepath.Join(app.StateHome, privatePrefix+"[0-9]*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		_, unlocked := os.Stat(filepath.Join(dir, "lock"))
		info, err := os.Stat(dir)
		if err == nil && info.IsDir() && (unlocked == nil || app.Now().Sub(info.ModTime()) > time.Minute) {
			_ = emulator.RemoveState(ctx, dir, app.toolEnviron()) // one that is in use is refused, and stays
		}
	}
}
