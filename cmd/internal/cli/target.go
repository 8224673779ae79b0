package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/kube"
	"github.com/eksemu/eksemu/emulator/trace"
	"github.com/eksemu/eksemu/scenarios"
	stsfake "github.com/eksemu/eksemu/sts-fake"
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

// FailNext implements scenarios.Environment.
func (t *target) FailNext(ctx context.Context, id string, fault scenarios.Fault) error {
	wait, err := fault.Wait()
	if err != nil {
		return err
	}
	return t.client.FailNext(ctx, stsfake.Fault{
		Operation: fault.Operation, Times: fault.Times, Status: fault.Status, Code: fault.Code, Message: fault.Message, Delay: wait, Drop: fault.Drop, ID: id,
	})
}

// PendingFault implements scenarios.Environment.
func (t *target) PendingFault(ctx context.Context, id string) (calls int, err error) {
	pending, err := t.client.Faults(ctx)
	for _, fault := range pending {
		if fault.ID == id {
			calls += max(fault.Times, 1)
		}
	}
	return calls, err
}

// ForgetFault implements scenarios.Environment.
func (t *target) ForgetFault(ctx context.Context, id string) (int, error) {
	return t.client.ForgetFault(ctx, id)
}

// SetAuthenticator implements scenarios.Environment.
func (t *target) SetAuthenticator(ctx context.Context, running bool) error {
	return t.client.SetAuthenticator(ctx, t.cluster.Name, running)
}

// ExpiredSession implements scenarios.Environment.
func (t *target) ExpiredSession(ctx context.Context, identity string) (scenarios.Session, error) {
	raw, err := t.client.ExpiredSession(ctx, identity)
	if err != nil {
		return scenarios.Session{}, err
	}
	var session struct{ AccessKeyID, SecretAccessKey, SessionToken string }
	if err := json.Unmarshal(raw, &session); err != nil {
		return scenarios.Session{}, fmt.Errorf("read the expired session of %s: %w", identity, err)
	}
	return scenarios.Session{
		AccessKeyID: session.AccessKeyID, SecretAccessKey: config.Secret(session.SecretAccessKey), SessionToken: config.Secret(session.SessionToken),
	}, nil
}

// AccessKey implements scenarios.Environment.
func (t *target) AccessKey(ctx context.Context, identity string) (id string, secret config.Secret, err error) {
	files := emulator.Layout{Dir: t.client.Dir}
	profile, err := awsconfig.LoadSharedConfigProfile(ctx, identity, func(o *awsconfig.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = []string{files.AWSConfig()}, []string{files.AWSCredentials()}
	})
	if err == nil && !profile.Credentials.HasKeys() {
		err = fmt.Errorf("%q has no access key of its own: take a user", identity)
	}
	return profile.Credentials.AccessKeyID, config.Secret(profile.Credentials.SecretAccessKey), err
}

// Gateway implements scenarios.Environment.
func (t *target) Gateway() string { return t.client.Runtime.Gateway }
