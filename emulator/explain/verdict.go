package explain

import "time"

// Outcome is what became of a request.
type Outcome string

// The three answers that a user of EKS can get.
const (
	Unauthorized Outcome = "unauthorized" // nobody could tell who is asking: HTTP 401, or a refused AWS signature
	Denied       Outcome = "denied"       // known, and not permitted: HTTP 403, or "no" from kubectl auth can-i
	Allowed      Outcome = "allowed"      // permitted, whatever the API then made of the request
)

// Hop is a component that can decide a request. For a call to an AWS API, the service that was called is the
// hop: "sts", "eks", "ec2".
type Hop string

// The hops, in the order in which a request meets them.
const (
	HopClient       Hop = "client"         // whoever sent the request
	HopToken        Hop = "token"          // aws-iam-authenticator, reading the token
	HopSTS          Hop = "sts"            // AWS STS, asked by aws-iam-authenticator
	HopMapper       Hop = "mapper"         // aws-iam-authenticator, looking for a mapping of the ARN
	HopAPIServer    Hop = "apiserver"      // kube-apiserver, with or without the authenticator's answer
	HopMasters      Hop = "system:masters" // the API server's authorizer for the group system:masters
	HopNode         Hop = "node"           // the Node authorizer
	HopRBAC         Hop = "rbac"           // the RBAC authorizer
	HopAccessPolicy Hop = "access-policy"  // EKS's authorizer for access policies
	HopAdmission    Hop = "admission"      // admission control, after an authorizer allowed the request
)

// State is what a hop did with a request.
type State string

// The states of a step.
const (
	StatePassed     State = "passed"      // let the request through
	StateRefused    State = "refused"     // ended it
	StateDecided    State = "decided"     // allowed it
	StateNoOpinion  State = "no-opinion"  // an authorizer that did not allow it, and left it to the next
	StateNotReached State = "not-reached" // was not asked
)

// Step is one hop's part in a verdict.
type Step struct {
	Hop    Hop    `json:"hop"`
	State  State  `json:"state"`
	Detail string `json:"detail,omitempty"`
}

// Evidence is what the deciding component itself said: a log line, an annotation, an error document.
type Evidence struct {
	Component string `json:"component,omitempty"` // "aws-iam-authenticator", "kube-apiserver", "sts"
	Text      string `json:"text,omitempty"`      // verbatim, but for line breaks and secrets
}

// Kind says how an identity proved itself.
type Kind string

// The kinds of identities that an EKS API server meets.
const (
	KindIAM               Kind = "iam"                // an IAM principal, through aws-iam-authenticator
	KindServiceAccount    Kind = "service-account"    // a Kubernetes service account
	KindClientCertificate Kind = "client-certificate" // a certificate of the cluster's own CA
	KindAnonymous         Kind = "anonymous"          // nobody
	KindOther             Kind = "other"              // another authenticator of the API server, such as OIDC
	KindUnknown           Kind = ""                   // authentication failed
)

// Identity is who asked, as far as the events tell.
type Identity struct {
	Kind         Kind     `json:"kind,omitempty"`
	ARN          string   `json:"arn,omitempty"`          // as STS reports it: of a role, the session's
	CanonicalARN string   `json:"canonicalArn,omitempty"` // as mappings must name it: of a role, the role's, without path
	PrincipalID  string   `json:"principalId,omitempty"`  // AIDA… or AROA…
	SessionName  string   `json:"sessionName,omitempty"`
	AccessKeyID  string   `json:"accessKeyId,omitempty"`
	Username     string   `json:"username,omitempty"` // in Kubernetes
	UID          string   `json:"uid,omitempty"`
	Groups       []string `json:"groups,omitempty"`
	Impersonates string   `json:"impersonates,omitempty"` // user name given with kubectl --as
	// ImpersonatesGroups are the groups of the impersonated user: those given with kubectl --as-group, and those that
	// the API server adds.
	ImpersonatesGroups []string `json:"impersonatesGroups,omitempty"`
}

// Verdict is the explanation of one request.
type Verdict struct {
	Outcome   Outcome  `json:"outcome"`
	DecidedBy Hop      `json:"decidedBy"`
	Cause     string   `json:"cause"`    // ID of a [Cause]; stable
	Summary   string   `json:"summary"`  // the cause in one sentence, on one line
	Evidence  Evidence `json:"evidence"` //
	Fix       string   `json:"fix,omitempty"`
	Identity  Identity `json:"identity"`
	Question  string   `json:"question"`         // "get pods in default", "sts:AssumeRole"
	Cached    bool     `json:"cached,omitempty"` // the API server knew the token already
	// Closest is the mapping that was probably meant for a principal that none maps: see [Verdict.WithMappings].
	Closest *NearMiss `json:"closest,omitempty"`
	Steps   []Step    `json:"steps"`

	Cluster   string `json:"cluster,omitempty"`
	Client    string `json:"client,omitempty"` // AWS calls: the label that the client gave to the gateway
	AuditID   string `json:"auditId,omitempty"`
	RequestID string `json:"requestId,omitempty"` // AWS calls
	UserAgent string `json:"userAgent,omitempty"`
	Token     string `json:"token,omitempty"` // fingerprint of the bearer token, if it is known
	// OtherTokens are the fingerprints of tokens that were refused at the same time, if nothing tells which of them
	// the request had.
	OtherTokens []string  `json:"otherTokens,omitempty"`
	Status      int       `json:"status"` // HTTP status of the answer
	Time        time.Time `json:"time"`
}
