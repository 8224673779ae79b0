package scenarios

import (
	"slices"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/explain"
)

// The version and kind of a scenario file. Another version of the format gets another APIVersion.
const (
	APIVersion = "eksemu/v1alpha1"
	Kind       = "Scenario"
)

// Scenario is one scripted situation.
type Scenario struct {
	APIVersion string   `yaml:"apiVersion" json:"apiVersion"`
	Kind       string   `yaml:"kind" json:"kind"`
	Metadata   Metadata `yaml:"metadata" json:"metadata"`

	// Lesson is Markdown for the person who runs the scenario: the cause, how it looks on a real cluster, the
	// fix.
	Lesson string `yaml:"lesson" json:"lesson,omitempty"`

	// Environment holds identities of the scenario's own, which exist while it runs, and clusters. A scenario with clusters
	// talks to the first of them and not to the environment's. They exist until the run ends: scenarios that bring the same
	// one share it, and put back what they change in it.
	Environment *config.Overlay `yaml:"environment" json:"environment,omitempty"`

	// Steps happen in order. The first one that does not meet its expectation ends the scenario.
	Steps []Step `yaml:"steps" json:"steps"`

	// Fixed are steps after those, which cure what they show: the last one that acts is allowed.
	Fixed []Step `yaml:"fixed" json:"fixed,omitempty"`

	// File is where the scenario comes from: a path, or "catalogue/NAME.yaml" for a shipped one.
	File string `yaml:"-" json:"-"`
	// Shipped tells that File is in eksemu, and nowhere on the user's disk.
	Shipped bool `yaml:"-" json:"-"`
}

// Metadata names a scenario and says how it ends.
type Metadata struct {
	Name  string `yaml:"name" json:"name"`   // lower-case letters, digits and hyphens; unique in a directory
	Title string `yaml:"title" json:"title"` // one line

	// Outcome is that of the last step that acts, before what is fixed. The catalogue is listed and grouped by it.
	Outcome explain.Outcome `yaml:"outcome" json:"outcome"`

	// DocumentationOnly says why the situation cannot be made here. Such a scenario has a lesson and no steps, and is skipped.
	DocumentationOnly string `yaml:"documentationOnly" json:"documentationOnly,omitempty"`

	Tags    []string `yaml:"tags" json:"tags,omitempty"`
	Sources []string `yaml:"sources" json:"sources,omitempty"` // links to where the situation was seen
}

// Step is one thing that happens. Exactly one of its actions is set: Apply, Delete, Clock, Cluster, Credentials, Token,
// Fault and Authenticator change state, Kubectl, AWS and HTTP act as an identity and have an expectation.
type Step struct {
	Name string `yaml:"name" json:"name,omitempty"` // optional; what the step's action says otherwise

	// Apply holds manifests to apply server-side as the cluster's administrator, who is in nobody's aws-auth:
	// a break-glass client certificate. What it changed is put back after the scenario.
	Apply string `yaml:"apply" json:"apply,omitempty"`

	// Delete holds manifests, of which apiVersion, kind and metadata are enough, of objects to delete. They are
	// made again after the scenario.
	Delete string `yaml:"delete" json:"delete,omitempty"`

	// Clock shifts the clock that tokens are signed with, from here on: an offset from the real time in Go's
	// notation, such as "-16m". "0s" sets it right again.
	Clock string `yaml:"clock" json:"clock,omitempty"`

	// Cluster is the cluster name that tokens are signed for, from here on (the x-k8s-aws-id header).
	Cluster string `yaml:"cluster" json:"cluster,omitempty"`

	// Credentials replace those of an identity, from here on.
	Credentials *Credentials `yaml:"credentials" json:"credentials,omitempty"`

	// Token changes how tokens are made, from here on; an empty one sets it right again.
	Token *Token `yaml:"token" json:"token,omitempty"`

	// Fault lets the next calls to STS fail; an empty one ends that. The scenario fails if no call has met the fault by
	// then, by the next fault or by its end.
	Fault *Fault `yaml:"fault" json:"fault,omitempty"`

	// Authenticator stops aws-iam-authenticator ("stopped"), or starts it again ("running"). After the scenario it runs.
	Authenticator AuthenticatorState `yaml:"authenticator" json:"authenticator,omitempty"`

	// As is the identity that acts: the name of a user, a role or an instance of the environment.
	As string `yaml:"as" json:"as,omitempty"`

	// ServiceAccount is who acts instead of an IAM identity, as "namespace/name": with a token that the
	// cluster itself issued (a TokenRequest).
	ServiceAccount string `yaml:"serviceAccount" json:"serviceAccount,omitempty"`

	Kubectl Command  `yaml:"kubectl" json:"kubectl,omitempty"` // arguments of kubectl
	AWS     Command  `yaml:"aws" json:"aws,omitempty"`         // arguments of the aws CLI
	HTTP    *Request `yaml:"http" json:"http,omitempty"`       // request to the API server

	// Env are environment variables of the client of a kubectl or aws step, kubectl's exec plugin included; stdin is what
	// the client reads. In both, in arguments and in http, ${gateway}, ${endpoint}, ${cluster}, ${region}, ${accessKeyID:USER}
	// and ${secretAccessKey:USER} are filled in ([Variables]); $${cluster} stays as ${cluster}.
	Env   map[string]string `yaml:"env" json:"env,omitempty"`
	Stdin string            `yaml:"stdin" json:"stdin,omitempty"`

	Kubeconfig *Kubeconfig `yaml:"kubeconfig" json:"kubeconfig,omitempty"` // what is unusual about that of a kubectl step

	// AtOnce has `eksemu run --step` not wait before the step, because what it shows depends on time.
	AtOnce bool `yaml:"atOnce" json:"atOnce,omitempty"`

	Expect *Expectation `yaml:"expect" json:"expect,omitempty"`

	// Line is where the step is in the scenario's File.
	Line int `yaml:"-" json:"-"`
}

// Credentials are AWS credentials that an identity uses instead of its own: long-lived ones, or a session.
type Credentials struct {
	As              string        `yaml:"as" json:"as"`
	AccessKeyID     string        `yaml:"accessKeyID" json:"accessKeyID,omitempty"` // the identity's own when empty
	SecretAccessKey config.Secret `yaml:"secretAccessKey" json:"-"`
	Session         SessionState  `yaml:"session" json:"session,omitempty"` // of a role or an instance, instead of the others

	Own bool `yaml:"own" json:"own,omitempty"` // the identity's own again, instead of the others

	sessionToken config.Secret // of a session
}

// Request is an HTTPS request to the cluster's API server, with the identity's bearer token.
type Request struct {
	Method string `yaml:"method" json:"method,omitempty"` // GET when empty
	Path   string `yaml:"path" json:"path"`               // with the query, if any
	Body   any    `yaml:"body" json:"body,omitempty"`     // sent as JSON
}

// Expectation is what a step that acts must lead to. Empty fields accept anything.
type Expectation struct {
	Outcome   explain.Outcome `yaml:"outcome" json:"outcome"`
	DecidedBy explain.Hop     `yaml:"decidedBy" json:"decidedBy,omitempty"`
	Cause     string          `yaml:"cause" json:"cause,omitempty"` // ID of a cause that `eksemu explain` knows
	Text      string          `yaml:"text" json:"text,omitempty"`   // part of what the client printed, or of the HTTP answer's body
	Why       string          `yaml:"why" json:"why,omitempty"`     // part of the evidence: the deciding component's own words
	Status    int             `yaml:"status" json:"status,omitempty"`

	// Within is how long after a change of state another outcome may still come: at least 5s, which it is when it is empty.
	Within string `yaml:"within" json:"within,omitempty"`
}

// Action names what a step does.
type Action string

// The actions of a step, named like their fields in the file.
const (
	ActionApply       Action = "apply"
	ActionDelete      Action = "delete"
	ActionClock       Action = "clock"
	ActionCluster     Action = "cluster"
	ActionCredentials Action = "credentials"
	ActionToken       Action = "token"
	ActionFault       Action = "fault"
	ActionKubectl     Action = "kubectl"
	ActionAWS         Action = "aws"
	ActionHTTP        Action = "http"

	ActionAuthenticator Action = "authenticator"
)

// Acts reports whether the action is that of an identity, which has an outcome, and not a change of state.
func (a Action) Acts() bool { return a == ActionKubectl || a == ActionAWS || a == ActionHTTP }

// Action returns the step's action, "" for a step without one. Of a step that passed validation it is the only
// one.
func (s Step) Action() Action {
	if all := s.actions(); len(all) > 0 {
		return all[0]
	}
	return ""
}

func (s Step) actions() []Action {
	var all []Action
	for _, a := range []struct {
		action Action
		set    bool
	}{
		{ActionApply, s.Apply != ""},
		{ActionDelete, s.Delete != ""},
		{ActionClock, s.Clock != ""},
		{ActionCluster, s.Cluster != ""},
		{ActionCredentials, s.Credentials != nil},
		{ActionToken, s.Token != nil},
		{ActionFault, s.Fault != nil},
		{ActionAuthenticator, s.Authenticator != ""},
		{ActionKubectl, len(s.Kubectl) > 0},
		{ActionAWS, len(s.AWS) > 0},
		{ActionHTTP, s.HTTP != nil},
	} {
		if a.set {
			all = append(all, a.action)
		}
	}
	return all
}

// Deciding returns the index of the step whose outcome is the scenario's: the last one that acts. It is -1 if
// none does.
func (s *Scenario) Deciding() int { return lastActing(s.Steps) }

// lastActing is the index of the last step that acts, -1 if none does.
func lastActing(steps []Step) int {
	for i := len(steps) - 1; i >= 0; i-- {
		if steps[i].Action().Acts() {
			return i
		}
	}
	return -1
}

// AllSteps are the steps and, after them, those that fix what they show.
func (s *Scenario) AllSteps() []Step { return slices.Concat(s.Steps, s.Fixed) }
