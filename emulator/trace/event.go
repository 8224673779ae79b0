// Package trace records what every hop of an authentication did: the AWS calls that the gateway answered,
// the TokenReviews that the webhook saw, the lines that the real authenticator logged, and the audit events
// of the API server. explain turns these events into a verdict; scenarios wait for them; people read them.
//
// Events never carry a secret key, a signature, a session token or a whole bearer token. What links two
// events of one authentication is a fingerprint of the presigned request's signature (see [Fingerprint]),
// which the STS call, the TokenReview and the authenticator's log lines share.
package trace

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Kind says which hop an event comes from, and with that which of the event's pointers is set.
type Kind string

// The kinds of events, by hop.
const (
	KindAWS         Kind = "aws"         // an AWS API call that the gateway answered (STS, EKS, EC2, IAM)
	KindTokenReview Kind = "tokenreview" // a TokenReview between the API server and the authenticator
	KindLog         Kind = "log"         // a line that the authenticator logged
	KindRequest     Kind = "request"     // an API request, from the API server's audit log
	KindProcess     Kind = "process"     // a child process that started, became ready or ended

	// KindPolicyReview is a question about an IAM principal that has access policies, and what they said.
	KindPolicyReview Kind = "policyreview"
)

// Event is one thing that one hop did. Exactly the pointer that belongs to Kind is set.
type Event struct {
	Seq     uint64    `json:"seq"`               // position in the trace, from 1, without gaps
	Time    time.Time `json:"time"`              // when the hop finished it
	Kind    Kind      `json:"kind"`              //
	Cluster string    `json:"cluster,omitempty"` // EKS cluster name, where one is concerned
	Token   string    `json:"token,omitempty"`   // fingerprint of the bearer token's signature

	AWS         *AWSCall     `json:"aws,omitempty"`
	TokenReview *TokenReview `json:"tokenReview,omitempty"`
	Log         *LogLine     `json:"log,omitempty"`
	Request     *Request     `json:"request,omitempty"`
	Process     *Process     `json:"process,omitempty"`

	PolicyReview *PolicyReview `json:"policyReview,omitempty"`
}

// AWSCall is a call to an AWS API that the gateway answered.
type AWSCall struct {
	Client      string `json:"client,omitempty"` // user name that the client gave to the proxy; scenarios put a step's id there
	Service     string `json:"service"`          // "sts", "eks", "ec2"
	Operation   string `json:"operation"`        // "GetCallerIdentity"
	Host        string `json:"host"`             // host name that the client believed in
	Region      string `json:"region,omitempty"` // region that the host stands for
	Method      string `json:"method"`
	AccessKeyID string `json:"accessKeyId,omitempty"`
	Principal   string `json:"principal,omitempty"` // caller's ARN, once authenticated
	UserAgent   string `json:"userAgent,omitempty"`
	RequestID   string `json:"requestId"`
	Status      int    `json:"status"`            // HTTP status
	Code        string `json:"code,omitempty"`    // AWS error code of a refusal
	Message     string `json:"message,omitempty"` // AWS's words for the refusal
	Reason      string `json:"reason,omitempty"`  // what decided a refusal that AWS leaves unexplained, or what to know about an answer
	// CanonicalRequest and StringToSign are what the verifier computed for a request whose signature did not
	// match, with the session token taken out.
	CanonicalRequest string        `json:"canonicalRequest,omitempty"`
	StringToSign     string        `json:"stringToSign,omitempty"`
	Duration         time.Duration `json:"duration"` // nanoseconds
}

// TokenReview is one call of the API server to the authenticator's webhook and its answer.
type TokenReview struct {
	// What the token says of itself, read without verifying anything. Empty where it could not be read.
	Host        string    `json:"host,omitempty"`        // STS host that the token is presigned for
	AccessKeyID string    `json:"accessKeyId,omitempty"` // from X-Amz-Credential
	SignedAt    time.Time `json:"signedAt,omitzero"`     // X-Amz-Date
	TokenError  string    `json:"tokenError,omitempty"`  // why the token could not be read

	Status        int                 `json:"status"`                  // HTTP status of the authenticator; 0 if it did not answer
	Error         string              `json:"error,omitempty"`         // why it did not answer
	Authenticated bool                `json:"authenticated"`           //
	Username      string              `json:"username,omitempty"`      // user.username of the answer
	UID           string              `json:"uid,omitempty"`           //
	Groups        []string            `json:"groups,omitempty"`        //
	Extra         map[string][]string `json:"extra,omitempty"`         // arn, canonicalArn, sessionName, accessKeyId, principalId, …
	Mode          string              `json:"mode,omitempty"`          // authentication mode of the cluster, "API"
	Authenticator string              `json:"authenticator,omitempty"` // the refusal in the authenticator's own words: the error of its "access denied" line
	Started       time.Time           `json:"started"`                 //
	Duration      time.Duration       `json:"duration"`                // nanoseconds
}

// LogLine is a line that the authenticator logged, with its structured fields.
type LogLine struct {
	Component string            `json:"component"` // "aws-iam-authenticator"
	Level     string            `json:"level"`     // "info", "warning", "error"
	Message   string            `json:"message"`   // "access denied"
	Fields    map[string]string `json:"fields,omitempty"`
}

// Request is an API request as the API server audited it, at its last stage.
type Request struct {
	AuditID     string              `json:"auditId"`
	Verb        string              `json:"verb"`
	URI         string              `json:"uri"`
	UserAgent   string              `json:"userAgent,omitempty"`
	Username    string              `json:"username,omitempty"` // empty when authentication failed
	UID         string              `json:"uid,omitempty"`
	Groups      []string            `json:"groups,omitempty"`
	Extra       map[string][]string `json:"extra,omitempty"`
	Impersonate string              `json:"impersonate,omitempty"` // user name that was impersonated
	// ImpersonateGroups are the groups of the impersonated user; those of the caller count for nothing then.
	ImpersonateGroups []string      `json:"impersonateGroups,omitempty"`
	Resource          string        `json:"resource,omitempty"` // "pods", "pods/log", "deployments.apps"
	Namespace         string        `json:"namespace,omitempty"`
	Name              string        `json:"name,omitempty"`
	Code              int           `json:"code"`               // HTTP status of the answer
	Message           string        `json:"message,omitempty"`  // status message of a refusal
	Decision          string        `json:"decision,omitempty"` // authorization.k8s.io/decision: "allow" or "forbid"
	Reason            string        `json:"reason,omitempty"`   // authorization.k8s.io/reason
	Review            *AccessReview `json:"review,omitempty"`   // set for a SelfSubjectAccessReview or SubjectAccessReview
	Received          time.Time     `json:"received"`
	Completed         time.Time     `json:"completed"`
}

// AccessReview is the question and the answer of a SelfSubjectAccessReview: what `kubectl auth can-i` asks.
type AccessReview struct {
	Verb      string `json:"verb,omitempty"`
	Group     string `json:"group,omitempty"`
	Resource  string `json:"resource,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
	Path      string `json:"path,omitempty"` // non-resource path
	Allowed   bool   `json:"allowed"`
	Denied    bool   `json:"denied,omitempty"`
	Reason    string `json:"reason,omitempty"` // the authorizer's own words
	Error     string `json:"error,omitempty"`  // evaluationError
}

// PolicyReview is a question of the API server's to the EKS access policies, which it asks after RBAC, about a principal
// that has some.
type PolicyReview struct {
	PrincipalID string `json:"principalId"` // unique ID of the IAM user or role
	Username    string `json:"username"`    // what the principal is called in the cluster

	Verb      string `json:"verb,omitempty"`
	Group     string `json:"group,omitempty"`
	Resource  string `json:"resource,omitempty"` // "pods", "pods/log"
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
	Path      string `json:"path,omitempty"` // non-resource path

	Allowed  bool     `json:"allowed"`
	Reason   string   `json:"reason,omitempty"`   // of a yes, in EKS's words
	Policies []string `json:"policies,omitempty"` // the principal's, with their scopes: "AmazonEKSViewPolicy in default"
	Unknown  []string `json:"unknown,omitempty"`  // those of them whose rules AWS does not publish, which allow nothing here
}

// Process is a change in the life of a child process.
type Process struct {
	Name  string `json:"name"`
	State string `json:"state"` // "started", "ready", "exited", "restarted"
	PID   int    `json:"pid,omitempty"`
	Error string `json:"error,omitempty"`
}

// Fingerprint names a bearer token without giving it away: the first 16 hex digits of the SHA-256 of its
// presigned request's signature (the X-Amz-Signature value). An empty signature has an empty fingerprint. AWS calls
// carry that of package sigv4, which floors keep apart from this one: the tests of both hold them to the same value.
func Fingerprint(signature string) string {
	if signature == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(signature))
	return hex.EncodeToString(sum[:8])
}
