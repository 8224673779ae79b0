package scenarios

import (
	"context"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/trace"
)

// Environment is a running emulator as scenarios need it. All methods are safe for concurrent use.
type Environment interface {
	// Cluster is the cluster that scenarios talk to.
	Cluster() Cluster

	// Identities names the users, roles and instances that can act: one AWS profile each.
	Identities() []string

	// Environ holds the variables, as "NAME=value", with which the aws CLI and the exec plugin of kubectl act
	// as an identity: AWS_PROFILE, AWS_CONFIG_FILE, HTTPS_PROXY, AWS_CA_BUNDLE and so on.
	Environ(identity string) []string

	// LastEvent is the sequence number of the newest event of the trace, 0 before the first.
	LastEvent(ctx context.Context) (uint64, error)

	// Events returns the events after a sequence number, oldest first. It waits until there is one, or returns
	// the error of ctx.
	Events(ctx context.Context, after uint64) ([]trace.Event, error)

	// Apply applies manifests (YAML, several documents) server-side as the cluster's administrator. Delete
	// deletes the objects that manifests name. Both return what puts the earlier state back.
	Apply(ctx context.Context, manifest []byte) (undo func(context.Context) error, err error)
	Delete(ctx context.Context, manifest []byte) (undo func(context.Context) error, err error)

	// ServiceAccountToken asks the cluster for a token of a service account (a TokenRequest).
	ServiceAccountToken(ctx context.Context, namespace, name string) (string, error)

	// PutIdentities adds the identities of a scenario's own, and returns what takes them away again.
	PutIdentities(ctx context.Context, overlay config.Overlay) (undo func(context.Context) error, err error)

	// PutCluster adds a cluster, waits until it can be used, and returns the environment with that cluster as the one that
	// scenarios talk to, and what deletes it again.
	PutCluster(ctx context.Context, spec config.Cluster) (with Environment, undo func(context.Context) error, err error)

	// FailNext lets the next calls to STS fail, under an ID of the caller's. PendingFault says how many calls of those that
	// were to fail have not come; ForgetFault does, too, and ends it. Neither sees the faults of others.
	FailNext(ctx context.Context, id string, fault Fault) error
	PendingFault(ctx context.Context, id string) (calls int, err error)
	ForgetFault(ctx context.Context, id string) (calls int, err error)

	// SetAuthenticator stops aws-iam-authenticator of the cluster, or starts it and waits until it answers.
	SetAuthenticator(ctx context.Context, running bool) error

	// ExpiredSession makes a session of a role or an instance that ended an hour ago.
	ExpiredSession(ctx context.Context, identity string) (Session, error)

	// AccessKey is the long-term access key of a user.
	AccessKey(ctx context.Context, identity string) (id string, secret config.Secret, err error)

	// Gateway is the URL of the emulated AWS, such as "http://127.0.0.1:4566".
	Gateway() string

	// Mark remembers what the IAM and EKS APIs hold, and returns what puts it back.
	Mark(ctx context.Context) (undo func(context.Context) error, err error)
}

// Session is temporary AWS credentials.
type Session struct {
	AccessKeyID     string
	SecretAccessKey config.Secret
	SessionToken    config.Secret
}

// Cluster is what a client needs to know of a cluster.
type Cluster struct {
	Name     string // the EKS cluster name that tokens are signed for
	Region   string // AWS region, such as "us-west-2"
	Endpoint string // base URL of the API server
	CAPEM    []byte // certificate authority of the API server
}
