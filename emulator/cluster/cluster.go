// Package cluster says what eksemu wants of a Kubernetes control plane, whoever runs it: the webhooks it must
// ask, how it must authorize, what it must audit. A [Backend] turns that [Spec] into a running API server.
// The embedded backend runs the servers as child processes (package embedded); kindcluster makes a kind cluster.
//
// Everything that decides an outcome is generated here, once, so that two backends cannot differ in it.
package cluster

import (
	"context"
	"time"
)

// Spec is the control plane that a backend has to bring up.
type Spec struct {
	Name                 string        // EKS cluster name
	ServiceAccountIssuer string        // the cluster's OIDC issuer, identity.oidc.issuer of DescribeCluster
	TokenWebhook         Webhook       // where TokenReviews go: the recorder in front of aws-iam-authenticator
	TokenWebhookCacheTTL time.Duration // --authentication-token-webhook-cache-ttl
	AccessWebhook        Webhook       // where SubjectAccessReviews go that neither Node nor RBAC allows
	AuditWebhook         Webhook       // where audit events go
	AuditPolicy          []byte        // audit.k8s.io/v1 Policy
	Administrator        string        // user name of Info.Admin
	AWS                  string        // HOST:PORT at Site.Dial where nodes and pods find AWS, "" for nowhere

	// AnonymousPaths are further paths that anonymous requests reach, for a backend that needs some while it makes a
	// cluster.
	AnonymousPaths []string
}

// Webhook is a webhook that the API server calls.
type Webhook struct {
	URL    string // https://…
	CAPEM  []byte // what its certificate is verified against
	Client Client // certificate with which the API server proves itself to the webhook
}

// Site is where a control plane stands, as seen from this machine and to it.
type Site struct {
	// Listen is the IP address of this machine at which the control plane's calls arrive; webhooks listen there.
	Listen string
	// Dial is the address or name by which the control plane calls it.
	Dial string
	// Users are the Kubernetes users of the machinery that this backend brings beside the control plane's own: nodes
	// and what runs on them.
	Users []string
	// Nodes says that there are nodes, so that pods run.
	Nodes bool
	// New says that there is no control plane of an earlier run: Start makes one, which has nothing in it yet.
	New bool
}

// Namer is a [Backend] with nodes, whose names of AWS hosts can be led elsewhere.
type Namer interface {
	// Address is the IP address that Site.Dial is to the nodes.
	Address(ctx context.Context) (string, error)
	// SetHosts lets names lead every node to an address, instead of those that it was given before.
	SetHosts(ctx context.Context, address string, names []string) error
}

// Info is how to reach a running control plane.
type Info struct {
	Endpoint string   // https://HOST:PORT, as clients use it
	CAPEM    []byte   // the cluster's certificate authority, certificateAuthority.data of DescribeCluster
	Admin    Client   // a member of system:masters by client certificate, for eksemu's own work and break-glass
	Notes    []string // what the user should know, though it runs
}

// Client is a client certificate and its key, in PEM. The key is a secret.
type Client struct{ CertPEM, KeyPEM []byte }

// Backend runs one control plane, whose files are in a folder that is the backend's own.
type Backend interface {
	// Prepare finds out where the control plane stands, before anything of it runs.
	Prepare(ctx context.Context) (Site, error)

	// Start brings the control plane up, or adopts what an earlier run left of it, and returns when the API server
	// is ready. On error nothing is left running, unless the backend was told to retain it.
	Start(ctx context.Context, spec Spec) (Info, error)

	// ClientCertificate issues a client certificate for a Kubernetes user, for components that talk to the
	// API server (the authenticator's watch of aws-auth). Only after Start.
	ClientCertificate(username string, groups ...string) (Client, error)

	// Stop ends the control plane and leaves its state in place for the next Start.
	Stop(ctx context.Context) error

	// Remove ends the control plane for good, with everything of it that is not in the backend's folder.
	Remove(ctx context.Context) error
}
