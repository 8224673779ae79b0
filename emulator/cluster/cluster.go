// Package cluster says what eksemu wants of a Kubernetes control plane, whoever runs it: the webhooks it must
// ask, how it must authorize, what it must audit. A [Backend] turns that [Spec] into a running API server.
// The embedded backend runs the servers as child processes (package embedded); a kind cluster is another.
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
	Dir                  string        // folder for the cluster's files, 0700, owned by the backend
	ServiceAccountIssuer string        // the cluster's OIDC issuer, identity.oidc.issuer of DescribeCluster
	TokenWebhook         Webhook       // where TokenReviews go: the recorder in front of aws-iam-authenticator
	TokenWebhookCacheTTL time.Duration // --authentication-token-webhook-cache-ttl
	AuditWebhook         Webhook       // where audit events go
	AuditPolicy          []byte        // audit.k8s.io/v1 Policy
	Administrator        string        // user name of Info.Admin
}

// Webhook is a webhook that the API server calls.
type Webhook struct {
	URL   string // https://…
	CAPEM []byte // what its certificate is verified against
	Token string // bearer token with which the API server proves itself to the webhook; a secret
}

// Info is how to reach a running control plane.
type Info struct {
	Endpoint string // https://HOST:PORT, as clients use it
	CAPEM    []byte // the cluster's certificate authority, certificateAuthority.data of DescribeCluster
	Admin    Client // a member of system:masters by client certificate, for eksemu's own work and break-glass
}

// Client is a client certificate of the cluster.
type Client struct{ CertPEM, KeyPEM []byte }

// Backend runs one control plane.
type Backend interface {
	// Start brings the control plane up, or adopts the state that an earlier run left in Spec.Dir, and
	// returns when the API server is ready.
	Start(ctx context.Context, spec Spec) (Info, error)
	// ClientCertificate issues a client certificate for a Kubernetes user, for components that talk to the
	// API server (the authenticator's watch of aws-auth). Only after Start.
	ClientCertificate(username string, groups ...string) (Client, error)
	// Stop ends the control plane and leaves its state in place. It takes at most about two seconds.
	Stop(ctx context.Context) error
}
